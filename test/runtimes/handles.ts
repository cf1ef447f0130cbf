// Run natively by each runtime, on test/runtimes/controlled-brokers.ts: whatever a client was doing when it was closed, nothing
// of it is open afterwards. Deno looks for itself (`deno test`, with its sanitizers); elsewhere this file does. Prints TAP.
import { channel } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import process from "node:process";
import type { TestContext } from "./handle-cases.ts";
import { cases, command } from "./handle-cases.ts";

// Before the library is loaded, which is done by each case: also the timers that hold no process are counted.
const timers = watchTimers();
const sockets = new Set<Socket>();
// Published by Node alone.
channel("net.client.socket").subscribe((message) => sockets.add((message as { socket: Socket }).socket));
const problems: unknown[] = [];
const note = (problem: unknown) => problems.push(problem);
process.on("unhandledRejection", note);
process.on("uncaughtException", note);

const patienceMs = 500;

/** Everything that is open. In the end there is to be nothing. */
async function left(): Promise<string[]> {
  const connections = await command("connections");
  const resources = process.getActiveResourcesInfo?.() ?? [];
  return [
    ...(connections === "0" ? [] : [`${connections} connections that the brokers see`]),
    ...[...timers.values()].map((where) => `a timer set ${where}`),
    ...[...sockets].filter(({ closed }) => !closed).map(() => "a socket"),
    // The output is one.
    ...resources.filter((name) => /Timeout|TCP|TLS|HTTP/.test(name)),
    ...problems.splice(0).map((problem) => `nobody caught ${String((problem as Error)?.stack ?? problem)}`),
  ];
}

async function check(work: (context: TestContext) => Promise<void>): Promise<void> {
  await work({ runtime: "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node" });
  const until = Date.now() + patienceMs;
  let found = await left();
  while (found.length > 0 && Date.now() < until) {
    found = await left();
  }
  if (found.length > 0) {
    throw new Error(`left: ${found.join("\n")}`);
  }
}

/** The timers that are set, and from where. */
function watchTimers(): Map<unknown, string> {
  const set = new Map<unknown, string>();
  for (const [start, end, again] of [
    ["setTimeout", "clearTimeout", false],
    ["setInterval", "clearInterval", true],
  ] as const) {
    const { [start]: begin, [end]: stop } = globalThis;
    const watched = (work: (...args: unknown[]) => void, ...rest: unknown[]) => {
      const run = (...args: unknown[]) => {
        if (!again) {
          set.delete(timer);
        }
        work(...args);
      };
      const timer: unknown = (begin as (...all: unknown[]) => unknown)(run, ...rest);
      set.set(timer, new Error().stack?.split("\n").slice(2, 5).join(" ") ?? "somewhere");
      return timer;
    };
    const unwatched = (timer: never) => {
      set.delete(timer);
      stop(timer);
    };
    Object.assign(globalThis, { [start]: watched, [end]: unwatched });
  }
  return set;
}

interface DenoTest {
  test(options: Record<string, unknown>): void;
}
const { Deno } = globalThis as unknown as { Deno?: DenoTest };
const entries = Object.entries(cases);

if (Deno) {
  for (const [name, work] of entries) {
    const sanitize = { sanitizeOps: true, sanitizeResources: true, sanitizeExit: true };
    Deno.test({ name, ...sanitize, fn: () => check(work) });
  }
} else {
  for (const [i, [name, work]] of entries.entries()) {
    const wrong = await check(work).then(
      () => undefined,
      (error: Error) => error,
    );
    console.log(`${wrong ? "not ok" : "ok"} ${i + 1} - ${name}`);
    if (wrong) {
      console.log(String(wrong.stack));
      process.exitCode = 1;
    }
  }
  console.log(`1..${entries.length}`);
}
