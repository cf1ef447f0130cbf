export interface InTurnOptions<C> {
  /** The next candidate is tried when one has failed, or has not answered for this many milliseconds. */
  patienceMs: number;
  /** Whether a candidate is only busy, by what else is known of it: it is waited for once more. */
  isBusy?(candidate: C): boolean;
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
  options: InTurnOptions<C>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const failures: unknown[] = [];
    let next = 0;
    let failed = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;

    function losePatience(candidate: C): void {
      const look = () => (options.isBusy?.(candidate) ? losePatience(candidate) : tryNext());
      timer = setTimeout(look, options.patienceMs);
    }

    function tryNext(): void {
      clearTimeout(timer);
      const index = next++;
      if (index >= candidates.length) {
        return;
      }
      const candidate = candidates[index] as C;
      if (next < candidates.length) {
        losePatience(candidate);
      }
      attempt(candidate).then(
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
