import type { DanubeError } from "../errors.ts";
import type { EventLog } from "../events.ts";
import type { Backoff } from "../lib/backoff.ts";
import { atOnce } from "../lib/foreign-code.ts";
import { sleep } from "../lib/sleep.ts";
import type { Verdict } from "./error-table.ts";

/** Failures in a row that "again" forgives. */
const maxAgain = 5;

export interface RecoveryOptions {
  backoff: Backoff;
  /** Told of each failure that is not the end. */
  events: EventLog;
  /** What the attempts are about: a topic, a partition, a schema's subject. */
  topic: string;
  /** Ends the loop: the time is over, the caller went away, the producer was closed. */
  signal: AbortSignal;
  /** What a failed attempt means: the error table, with "ask" already answered. */
  judge(reason: unknown): Promise<Verdict> | Verdict;
  /** Called for "locate": what was known about the way is wrong. */
  forget?(error: DanubeError): void;
  /** Called before each wait. */
  onRetry?(error: DanubeError): void;
}

/**
 * The recovery loop, the only one: makes `attempt` until it succeeds, its failure is final, or `signal` ends it.
 * Rejects with the last failure, a {@link DanubeError}.
 */
export async function recover<T>(attempt: () => Promise<T>, options: RecoveryOptions): Promise<T> {
  const { backoff, events, topic, signal, judge, forget, onRetry } = options;
  let again = 0;
  let last: DanubeError | undefined;
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (reason) {
      const { error, action } = await judge(reason);
      again = action === "again" ? again + 1 : action === "repeat" ? again : 0;
      const final = action === "fail" || action === "ask" || again > maxAgain;
      if (final || signal.aborted) {
        // An attempt that was cut off by the signal says less than the one before it.
        const cutOff = error.code === "CANCELED" || (signal.aborted && reason === signal.reason);
        throw last && cutOff ? last : error;
      }
      last = error;
      if (action === "locate") {
        forget?.(error);
      }
      const delayMs = waitMs(backoff, failures);
      onRetry?.(error);
      events.emit({ type: "retrying", topic, attempt: failures, delayMs, error });
      await sleep(delayMs, signal);
      if (signal.aborted) {
        throw error;
      }
    }
  }
}

/** A user's function that throws or answers rubbish must make neither an end nor a loop without waits. */
function waitMs(backoff: Backoff, failures: number): number {
  try {
    const ms = atOnce(backoff(failures));
    return Number.isFinite(ms) && ms >= 0 ? ms : 1_000;
  } catch {
    return 1_000;
  }
}
