import { expect, test } from "vitest";
import { seeded } from "../../support/random.ts";
import { conversation, cut, mutated } from "./conversation.ts";
import { brief, join } from "./frames.ts";
import { harness } from "./harness.ts";

/** Everything that a connection tells and sends when the peer says this. */
function told(chunks: Iterable<Uint8Array>): unknown {
  const { connection, call, frames, told } = harness({}, false);
  const calls = [call(), call(new Uint8Array(100_000)), call(new Uint8Array(10), { more: true }), call()];
  let bytes = 0;
  for (const chunk of chunks) {
    bytes += chunk.length;
    connection.receive(chunk);
  }
  const load = connection.load();
  connection.ended();
  const received = calls.map((one) => [...join(...one.received)]);
  return { bytes, load, received, told, sent: frames().map(brief), events: calls.map(({ events }) => events) };
}

const good = Array.from({ length: 40 }, (_, i) => conversation(seeded(i), 4));
const bad = good.map((frames, i) => mutated(seeded(1_000 + i), frames));

test.each([
  ["good", good],
  ["bad", bad],
])("a %s conversation is the same one, byte by byte, at once, and in any pieces", (_, conversations) => {
  conversations.forEach((frames, i) => {
    const bytes = join(...frames);
    const whole = told(frames.length === 0 ? [] : [bytes]);
    expect(told(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(whole);
    for (let seed = 0; seed < 5; seed++) {
      expect(told(cut(seeded(i * 100 + seed), bytes))).toEqual(whole);
    }
  });
});

test("cut in two at every place", () => {
  const bytes = join(...conversation(seeded(7), 4));
  const whole = told([bytes]);
  for (let at = 0; at <= bytes.length; at++) {
    expect(told([bytes.slice(0, at), bytes.slice(at)])).toEqual(whole);
  }
});

test("good conversations leave nothing open, and the connection as it was", () => {
  good.forEach((frames, i) => {
    const { load, told: words, sent } = told([join(...frames)]) as { load: number; told: string[]; sent: string[] };
    expect(load, `conversation ${i}`).toBe(0);
    expect(words.at(-1), `conversation ${i}`).toMatch(/^end (Error|)$/);
    expect(sent.some((text) => text.startsWith("GOAWAY"))).toBe(false);
  });
});
