import { expect, test } from "vitest";
import { type Random, seeded } from "../../support/random.ts";
import { conversation, cut, mutated } from "./conversation.ts";
import { join } from "./frames.ts";
import { type Call, type Harness, harness } from "./harness.ts";

// H2_FUZZ: how many streams of bytes; H2_FUZZ_SEED: the first of them.
const rounds = Number(process.env["H2_FUZZ"] ?? 10_000);
const firstSeed = Number(process.env["H2_FUZZ_SEED"] ?? 0);

/** Calls of all kinds, and what their callers do while the peer speaks. */
function callers(random: Random, { call, connection, socket, clock }: Harness) {
  const bodies = [undefined, new Uint8Array(0), new Uint8Array(10), new Uint8Array(3_000), new Uint8Array(150_000)];
  const calls = Array.from({ length: 1 + random.below(5) }, () => {
    const more = random.below(3) === 0;
    return { ...{ more, cancelled: false }, it: call(random.pick(bodies), { more, consume: random.below(3) > 0 }) };
  });
  return {
    calls,
    act(): void {
      const one = random.pick(calls);
      random.pick([
        () => connection.write(one.it.stream, new Uint8Array(random.below(3_000)), random.below(3) === 0),
        () => connection.write(one.it.stream, undefined, true),
        () => connection.consume(one.it.stream, 100),
        () => connection.ping(),
        () => connection.drained(),
        () => (socket.takes = !socket.takes),
        () => (clock.ms += random.below(100)),
        () => calls.push({ more: false, cancelled: false, it: call(random.pick(bodies)) }),
        () => {
          one.cancelled = true;
          connection.cancel(one.it.stream);
        },
      ])();
    },
  };
}

/** How often a call was told that it is over, and whether anything came behind that. */
function checkEnd({ events, stream }: Call, cancelled: boolean): void {
  const ends = events.filter((text) => text.startsWith("failed ") || text.endsWith(" end"));
  if (cancelled ? ends.length > 1 : ends.length !== 1) {
    throw new Error(`a call ended ${ends.length} times: ${events.join("; ")}`);
  }
  const after = events.slice(events.indexOf(ends[0] ?? "") + 1);
  if (ends.length > 0 && after.length > 0) {
    throw new Error(`after its end a call was told: ${after.join("; ")}`);
  }
  if (!stream.done) {
    throw new Error("a stream that is not done");
  }
}

/** What one peer says, and what becomes of it. */
function run(seed: number): { ended: boolean; answers: number } {
  const random = seeded(seed);
  const all = harness({ streamWindow: random.pick([2_048, 1 << 20]) }, false);
  const { calls, act } = callers(random, all);
  const frames = conversation(random, calls.length);
  let budget = 20;
  for (const chunk of cut(random, join(...(random.below(20) === 0 ? frames : mutated(random, frames))))) {
    all.connection.receive(chunk);
    if (budget > 0 && random.below(4) === 0) {
      budget--;
      act();
      all.frames();
    }
  }
  const ended = all.told.some((text) => text.startsWith("end"));
  all.connection.ended();
  all.connection.drained();
  all.frames();
  expect(all.connection.load()).toBe(0);
  expect(all.told.filter((text) => text.startsWith("end"))).toHaveLength(1);
  expect(all.socket.ended).toBe(1);
  for (const { it, cancelled } of calls) {
    checkEnd(it, cancelled);
  }
  return { ended, answers: calls.filter(({ it }) => it.events.at(-1)?.endsWith(" end")).length };
}

test(`${rounds} streams of bytes, most of them wrong: every call comes to an end, once, and nothing is thrown`, {
  timeout: 60_000 + rounds,
}, () => {
  let answers = 0;
  let endedByRule = 0;
  for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
    try {
      const outcome = run(seed);
      answers += outcome.answers;
      endedByRule += outcome.ended ? 1 : 0;
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
  // That it is about something: a good part is taken, and a good part refused.
  expect(answers / rounds).toBeGreaterThan(0.3);
  expect(endedByRule / rounds).toBeGreaterThan(0.2);
});
