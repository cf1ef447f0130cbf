import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServerName } from "./servers.ts";

/** What one row of the table came to in one round. */
export interface Figures {
  perSecond: number;
  /** Microseconds of CPU, of the client's process, per message. */
  cpuMicros: number;
}

/** One way to send messages. */
export interface Row {
  readonly server: ServerName;
  readonly name: string;
  /** Messages under way at once: what its yardstick is chosen by. */
  readonly inFlight: number;
  run(seconds: number): Promise<Figures>;
}

/** Messages on their way, until they are stopped. */
export interface Load {
  acknowledged(): number;
  /** Resolves when nothing is under way any more. Rejects with the first failure. */
  stop(): Promise<void>;
}

/** How long a load may take to get going. */
const settleMs = 300;

/** Counts what a load does within so many seconds, once it is under way. */
export async function measure(load: Load, seconds: number): Promise<Figures> {
  await sleep(settleMs);
  const before = { at: performance.now(), count: load.acknowledged(), cpu: process.cpuUsage() };
  await sleep(seconds * 1_000);
  const messages = load.acknowledged() - before.count;
  const { user, system } = process.cpuUsage(before.cpu);
  const tookMs = performance.now() - before.at;
  await load.stop();
  if (messages === 0) {
    throw new Error(`nothing was acknowledged in ${seconds} s`);
  }
  return { perSecond: (messages * 1_000) / tookMs, cpuMicros: (user + system) / messages };
}

/** A name that no run has used before: topics stay, and would grow. */
export function freshTopic(): string {
  return `/default/bench-${crypto.randomUUID()}`;
}

export const payload: Uint8Array = crypto.getRandomValues(new Uint8Array(1024));
