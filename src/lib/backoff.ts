/** How long to wait between tries of something that failed. */
export interface BackoffOptions {
  /** The first wait, in milliseconds. Default 50. */
  initialMs?: number | undefined;
  /** No wait is longer, in milliseconds. Default 2,000. */
  maxMs?: number | undefined;
  /** Each wait is this many times the one before. Default 2. */
  factor?: number | undefined;
  /** The share of a wait that is random, 0 to 1, so that clients do not come back all at once. Default 0.5. */
  jitter?: number | undefined;
}

/** Milliseconds to wait before the try that follows failure number `attempt` (1 is the first). */
export type Backoff = (attempt: number) => number;

export function exponentialBackoff(options: BackoffOptions = {}, random: () => number = Math.random): Backoff {
  const { initialMs = 50, maxMs = 2_000, factor = 2, jitter = 0.5 } = options;
  return (attempt) => {
    const whole = Math.min(maxMs, initialMs * factor ** (attempt - 1));
    return whole * (1 - jitter * random());
  };
}
