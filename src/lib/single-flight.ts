/**
 * Runs one `work` per key at a time: who asks while it runs gets the result of the one that runs. Nothing is kept
 * once it has settled. Who gives a `signal` stops waiting when it is aborted (with the signal's reason); when nobody
 * waits any more, the work's own signal is aborted, and the next to ask starts anew.
 */
export type SingleFlight<K, V> = (
  key: K,
  work: (abandoned: AbortSignal) => Promise<V>,
  signal?: AbortSignal,
) => Promise<V>;

interface Flight<V> {
  result: Promise<V>;
  waiting: number;
  abandoned: AbortController;
}

export function singleFlight<K, V>(): SingleFlight<K, V> {
  const running = new Map<K, Flight<V>>();

  function start(key: K, work: (abandoned: AbortSignal) => Promise<V>): Flight<V> {
    const abandoned = new AbortController();
    const flight: Flight<V> = { result: work(abandoned.signal), waiting: 0, abandoned };
    running.set(key, flight);
    const land = () => {
      if (running.get(key) === flight) {
        running.delete(key);
      }
    };
    flight.result.then(land, land);
    return flight;
  }

  return async (key, work, signal) => {
    signal?.throwIfAborted();
    const flight = running.get(key) ?? start(key, work);
    flight.waiting++;
    try {
      return await unlessAborted(flight.result, signal);
    } finally {
      if (--flight.waiting === 0) {
        if (running.get(key) === flight) {
          running.delete(key);
        }
        flight.abandoned.abort();
      }
    }
  };
}

/** Settles as `promise` does, or rejects with the reason of `signal` when that is aborted first. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) {
    return promise;
  }
  if (signal.aborted) {
    // Whatever becomes of it, somebody has looked.
    promise.catch(() => {});
    return Promise.reject(signal.reason);
  }
  return new Promise<T>((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}
