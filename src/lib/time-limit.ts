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
  let over = false;
  const timer = setTimeout(
    () => {
      over = true;
      own.abort();
    },
    Math.min(maxTimerMs, ms),
  );
  const given = others.filter((signal) => signal !== undefined);
  return {
    signal: AbortSignal.any([own.signal, ...given]),
    isOver: () => over,
    end() {
      clearTimeout(timer);
      own.abort();
    },
  };
}
