import { getEventListeners } from "node:events";
import { expect } from "vitest";
import { connect, isDanubeError } from "../../../src/index.ts";
import { lifetimeBrokers } from "../support/lifetime-brokers.ts";
import type { Steps } from "../support/steps.ts";
import type { VirtualTime } from "../support/virtual-time.ts";
import type { Kit, Scenario } from "./programs.ts";

/** What is done to a program in the middle of it. */
export interface Act {
  name: string;
  /** Does it. `false`: there is nothing yet to do it to. What it gives is to come to an end with the rest. */
  act(kit: Kit & { abort(): void }): false | Promise<unknown>[];
  /** What the program may then be told. */
  codes: readonly string[];
  /** Within so many milliseconds everything is settled that waited for an answer. */
  withinMs: number;
  closesClient: boolean;
}

export const sendTimeoutMs = 60;

interface Noted {
  what: string;
  /** `undefined` while it is pending. */
  outcome: string | undefined;
}

/** Runs a scenario and does `act` at step `at`. Gives whether it came to that. */
export async function run(
  scenario: Scenario,
  { act, codes, withinMs, closesClient }: Act,
  at: number,
  { time, steps }: { time: VirtualTime; steps: Steps },
): Promise<boolean> {
  const brokers = lifetimeBrokers({ ...scenario, later: time.later });
  const danube = connect({
    brokers: brokers.urls,
    transport: brokers.transport,
    attemptTimeoutMs: 20,
    createTimeoutMs: 50,
    sendTimeoutMs,
    backoff: () => 2,
    onEvent: () => {},
    allowInsecure: true,
    ...scenario.options,
    ...(scenario.slowToken && { token: slowToken }),
  });
  function slowToken(): Promise<{ token: string; expiresAtMs: number }> {
    // It is renewed five seconds early: it has expired with the next millisecond.
    const token = () => ({ token: "t", expiresAtMs: Date.now() + 5_001 });
    return new Promise((resolve) => time.later(() => resolve(token()), 5));
  }
  const noted: Noted[] = [];
  const user = new AbortController();
  const kit: Kit = { danube, brokers, signal: user.signal, did };
  const pending = () => noted.filter(({ outcome }) => outcome === undefined).map(({ what }) => what);

  function did<T>(what: string, promise: Promise<T>): Promise<T | undefined> {
    const note: Noted = { what, outcome: undefined };
    noted.push(note);
    return promise.then(
      (value) => {
        note.outcome = "resolved";
        return value;
      },
      (error) => {
        note.outcome = isDanubeError(error) ? error.code : `no DanubeError: ${String(error)}`;
        return undefined;
      },
    );
  }

  /** Nothing is left of it, and nothing is left to wait for. */
  async function closed(): Promise<void> {
    await steps.settle();
    const left = { pending: pending(), timers: time.timers(), open: brokers.open(), ...danube.status() };
    expect(left).toMatchObject({ pending: [], timers: 0, open: 0, producers: [], connections: [], state: "closed" });
    // Where a transport takes no notice, calls stay on it; but nobody waits for them.
    expect(scenario.deaf ? [] : brokers.inFlight()).toEqual([]);
    expect(await danube.ready().catch(({ code }) => code)).toBe("CLOSED");
    await danube.close();
  }

  let finished = false;
  let ends: false | Promise<unknown>[] = false;
  const program = scenario.program(kit).then(() => {
    finished = true;
  });
  await steps.walk(
    () => finished || ends !== false,
    (step) => {
      if (step >= at && ends === false) {
        ends = act({ ...kit, producer: kit.producer, abort: () => user.abort("the user's reason") });
      }
    },
  );
  if (ends !== false) {
    const begunAt = Date.now();
    const limitMs = withinMs + (closesClient ? 0 : (scenario.slackMs ?? 0));
    const waiting = noted.filter(({ outcome }) => outcome === undefined);
    let over = false;
    const ended = Promise.all([did("the act", Promise.all(ends as Promise<unknown>[])), program]).then(() => {
      over = true;
    });
    await steps.walk(() => Date.now() - begunAt > limitMs || over);
    expect(waiting.filter(({ outcome }) => outcome === undefined)).toEqual([]);
    await steps.walk(() => over);
    await ended;
  }
  const outcomes = noted.map(({ what, outcome = "pending" }) => `${what}: ${outcome}`);
  const allowed = new RegExp(`: (${["resolved", ...(ends === false ? [] : codes)].join("|")})$`);
  expect(outcomes.filter((outcome) => !allowed.test(outcome))).toEqual([]);
  expect(getEventListeners(user.signal, "abort")).toEqual([]);

  if (ends === false || !closesClient) {
    brokers.silence(false);
    await again();
    await steps.settle();
    // Of deadlines and of what is idle, as long as the client is open.
    expect(time.timers()).toBeLessThanOrEqual(2);
    expect(danube.status().producers).toEqual([]);
    expect(scenario.deaf ? [] : brokers.inFlight()).toEqual([]);
    await through(danube.close());
  }
  await closed();
  return ends !== false;

  /** The same client goes on as if nothing had been. */
  async function again(): Promise<void> {
    await through(kit.producer?.close({ timeoutMs: 0 }) ?? Promise.resolve());
    const producer = await through(danube.createProducer({ topic: "/default/lifetime-again" }));
    await through(producer.send("again"));
    await through(producer.close());
  }

  async function through<T>(promise: Promise<T>): Promise<T> {
    let over = false;
    const ended = () => {
      over = true;
    };
    promise.then(ended, ended);
    await steps.walk(() => over);
    return promise;
  }
}
