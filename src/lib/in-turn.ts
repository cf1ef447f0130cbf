export interface InTurnOptions {
  /** The next candidate is tried when one has failed, or has not answered for this many milliseconds. */
  patienceMs: number;
  /** A failure that the others would repeat. */
  isFinal(reason: unknown): boolean;
}

/**
 * Tries candidates one after the other, and does not wait long for a slow one: the first success wins, slower ones
 * are let run and ignored. Rejects with a final failure, or with an `AggregateError` of all of them, in order.
 */
export function inTurn<C, T>(
  candidates: readonly C[],
  attempt: (candidate: C) => Promise<T>,
  options: InTurnOptions,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const failures: unknown[] = [];
    let next = 0;
    let failed = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;

    function tryNext(): void {
      clearTimeout(timer);
      const index = next++;
      if (index >= candidates.length) {
        return;
      }
      if (next < candidates.length) {
        timer = setTimeout(tryNext, options.patienceMs);
      }
      attempt(candidates[index] as C).then(
        (result) => {
          clearTimeout(timer);
          next = candidates.length;
          resolve(result);
        },
        (reason) => {
          failures[index] = reason;
          failed++;
          if (options.isFinal(reason)) {
            clearTimeout(timer);
            next = candidates.length;
            reject(reason);
          } else if (failed === candidates.length) {
            reject(new AggregateError(failures, "none of the candidates succeeded"));
          } else {
            tryNext();
          }
        },
      );
    }

    tryNext();
  });
}
