import process from "node:process";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { CloseOptions } from "../../../src/index.ts";
import { type Steps, steps } from "../support/steps.ts";
import { type VirtualTime, virtualTime } from "../support/virtual-time.ts";
import { others, producers, type Scenario } from "./programs.ts";
import { type Act, run, sendTimeoutMs } from "./walk.ts";

// Aborted, closed, or left without an answer between any two steps of what a client does: everything settles as it should,
// nothing is left behind, and what is still open goes on as before.

/** Time-outs that are near each other come together. */
const slackMs = 25;

const abort: Act = {
  name: "the signal is aborted",
  act({ abort }) {
    abort();
    return [];
  },
  codes: ["CANCELED"],
  withinMs: 0,
  closesClient: false,
};

const silence: Act = {
  name: "no broker answers any more",
  act({ brokers }) {
    brokers.silence(true);
    return [];
  },
  codes: ["TIMEOUT", "UNAVAILABLE"],
  withinMs: sendTimeoutMs + slackMs,
  closesClient: false,
};

interface Closing {
  name: string;
  options: readonly CloseOptions[];
  /** When it is closed, no broker answers any more. */
  silent?: boolean;
}

const closings = (what: string): readonly Closing[] => [
  { name: `${what} is closed`, options: [{}] },
  { name: `${what} is closed at once, and no broker answers`, options: [{ timeoutMs: 0 }], silent: true },
  { name: `${what} is closed twice`, options: [{ timeoutMs: 1_000 }, { timeoutMs: 0 }] },
];

const closeProducer: readonly Act[] = closings("the producer").map(({ name, options, silent = false }) => ({
  name,
  act({ producer, brokers }) {
    brokers.silence(silent && producer !== undefined);
    return producer !== undefined && options.map((option) => producer.close(option));
  },
  codes: ["CLOSED"],
  withinMs: options.at(-1)?.timeoutMs === 0 ? 1 : sendTimeoutMs + slackMs,
  closesClient: false,
}));

const closeClient: readonly Act[] = closings("the client").map(({ name, options, silent = false }) => ({
  name,
  act({ danube, brokers }) {
    brokers.silence(silent);
    return options.map((option) => danube.close(option));
  },
  codes: ["CLOSED"],
  withinMs: options.at(-1)?.timeoutMs === 0 ? 1 : sendTimeoutMs + slackMs,
  closesClient: true,
}));

let time: VirtualTime;
let walker: Steps;
const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);

beforeEach(() => {
  time = virtualTime();
  walker = steps();
  process.on("unhandledRejection", note);
  process.on("uncaughtException", note);
});

afterEach(() => {
  process.off("unhandledRejection", note);
  process.off("uncaughtException", note);
  walker.end();
  vi.useRealTimers();
  expect(unhandled.splice(0)).toEqual([]);
});

/** Does `act` at each step, until the scenario has ended before it came to that. Gives the number of steps. */
async function everyStep(scenario: Scenario, act: Act): Promise<number> {
  for (let at = 0; ; at++) {
    try {
      const done = await run(scenario, act, at, { time, steps: walker });
      expect(unhandled.splice(0)).toEqual([]);
      if (!done) {
        return at;
      }
    } catch (error) {
      throw new Error(`at step ${at}: ${(error as Error).message}`, { cause: error });
    }
  }
}

describe.each(producers)("a producer: $name", (scenario) => {
  test.each([abort, silence, ...closeProducer, ...closeClient])("$name", async (act) => {
    expect(await everyStep(scenario, act)).toBeGreaterThan(100);
  });
});

describe.each(others)("$name", (scenario) => {
  test.each([silence, ...closeClient])("$name", async (act) => {
    expect(await everyStep(scenario, act)).toBeGreaterThan(300);
  });
});
