import process from "node:process";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Order } from "../../../src/producer/window.ts";
import { sendTrial, type Trial, type TrialOptions } from "../support/send-trial.ts";
import type { Sent } from "../support/trial-messages.ts";

// What holds whatever happens: random sends through random trouble, checked afterwards. `SEEDS=1000` tries more of it;
// a failure tells its seed and everything that was done.

const seeds = Number(process.env["SEEDS"] ?? 40);
const operations = 200;

afterEach(() => void vi.useRealTimers());

describe.each<Order>(["partition", "key", "none"])("order %s", (order) => {
  test.each([undefined, 3])("partitions %s", { timeout: 60_000 + seeds * 1_000 }, async (partitions) => {
    for (let seed = 1; seed <= seeds; seed++) {
      const resend = seed % 3 === 0 ? "never" : "always";
      const options: TrialOptions = { seed, order, partitions, resend, operations, log: [] };
      try {
        check(await sendTrial(options), options);
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}\n${options.log.join("\n")}`, { cause: error });
      }
    }
  });
});

function check(trial: Trial, options: TrialOptions): void {
  const { complaints, left, peaks, maxInFlight } = trial;
  expect(complaints.join("; "), "complaints").toBe("");
  expect(left).toEqual({ calls: 0, timers: 0, transports: 0 });
  oneOutcomeEach(trial);
  outcomesAreTrue(trial);
  if (options.resend === "never") {
    const twice = trial.sent.filter(({ accepted }) => accepted.length > 1);
    expect(
      twice.map(({ n }) => n),
      "sent again",
    ).toEqual([]);
  }
  expect(peaks.topic).toBeLessThanOrEqual(options.order === "partition" ? 1 : maxInFlight);
  expect(peaks.creating).toBeLessThanOrEqual(1);
  if (options.order === "key") {
    expect(peaks.key).toBeLessThanOrEqual(1);
  }
  if (options.order !== "none") {
    inOrder(trial.sent, ({ topic, key }) => (options.order === "key" ? `${topic} ${key}` : `${topic}`));
  }
}

/** Every send settled; and as the client counts them, each once. */
function oneOutcomeEach({ sent, counted }: Trial): void {
  expect(sent.filter(({ state }) => state === "pending").map(({ n }) => n)).toEqual([]);
  const taken = sent.filter((one) => one.taken);
  expect(counted).toEqual({
    acknowledged: BigInt(taken.filter(({ state }) => state === "resolved").length),
    failed: BigInt(taken.filter(({ state }) => state === "rejected").length),
  });
  for (const { n, taken, error } of sent) {
    const codes = ["QUEUE_FULL", "MESSAGE_TOO_LARGE", "CLOSED", "CANCELED"];
    if (!taken && !(error?.outcome === "not-sent" && codes.includes(error.code))) {
      expect.fail(`#${n} was not taken, and ended with ${error?.code} ${error?.outcome}`);
    }
  }
}

/** What a send says of its message is so at the brokers, and stays so. */
function outcomesAreTrue({ sent }: Trial): void {
  for (const { n, state, id, error, accepted, settledAt, topic } of sent) {
    if (state === "resolved") {
      expect(accepted[0], `#${n} was acknowledged, and accepted`).toBeLessThan(settledAt);
      expect(topic, `where #${n} went`).toBe(
        id?.partition === undefined ? id?.topic : `${id.topic}-part-${id.partition}`,
      );
    } else {
      expect(error?.outcome, `the outcome of #${n}`).toMatch(/^(not-sent|unknown|rejected)$/);
      expect(error?.outcome === "unknown" ? 0 : accepted.length, `#${n} is ${error?.outcome}, and accepted`).toBe(0);
    }
  }
}

/**
 * Within each strand messages are accepted for the first time in the order of the calls. Not counted are those that were
 * given up before: they may surface later.
 */
function inOrder(sent: readonly Sent[], strandOf: (message: Sent) => string): void {
  const arrived = sent
    .filter(({ state, accepted, settledAt }) => {
      const [first] = accepted;
      return first !== undefined && (state === "resolved" || first < settledAt);
    })
    .sort((a, b) => (a.accepted[0] as number) - (b.accepted[0] as number));
  const newest = new Map<string, number>();
  for (const message of arrived) {
    const strand = strandOf(message);
    const before = newest.get(strand) ?? -1;
    if (message.n < before) {
      expect.fail(`#${message.n} was accepted after #${before}`);
    }
    newest.set(strand, message.n);
  }
}
