import { maxTimerMs } from "./sleep.ts";

/** The time that something may take. */
export interface TimeLimit {
  /** Aborted when the time is over, when one of the other signals is, or when it has ended. */
  readonly signal: AbortSignal;
  /** Whether the time was over before it ended. */
  isOver(): boolean;
  /** It is done, or has failed: whatever still goes on for it is given up. Must be called. */
  end(): void;
}

export function timeLimit(ms: number, ...others: (AbortSignal | undefined)[]): TimeLimit {
  const own = new AbortController();
  const abort = () => own.abort();
  let over = false;
  const timer = setTimeout(
    () => {
      over = true;
      abort();
    },
    Math.min(maxTimerMs, ms),
  );
  // Not by AbortSignal.any: Node (24) keeps something of each of its signals for as long as one that it was made of lives.
  for (const signal of others) {
    if (signal?.aborted) {
      abort();
    } else {
      signal?.addEventListener("abort", abort, { once: true });
    }
  }
  return {
    signal: own.signal,
    isOver: () => over,
    end() {
      clearTimeout(timer);
      for (const signal of others) {
        signal?.removeEventListener("abort", abort);
      }
      abort();
    },
  };
}
