import { vi } from "vitest";

export interface VirtualTime {
  /** Lets so many milliseconds pass. Everything that waits for nothing but promises runs between two timers. */
  advance(ms: number): Promise<void>;
  /** Lets time pass until `promise` has settled, at most so many milliseconds; throws when it has not. */
  until<T>(promise: Promise<T>, limitMs: number): Promise<T>;
  /** A timer of the test's own, which {@link VirtualTime.timers} does not count. */
  later(work: () => void, ms: number): void;
  /** Timers that are set. */
  timers(): number;
}

/**
 * Timers and dates on a clock of their own. What vitest does for it, `advanceTimersByTimeAsync`, waits a real millisecond
 * for every timer; this takes microseconds. `setImmediate` stays real. End it with `vi.useRealTimers()`.
 */
export function virtualTime(): VirtualTime {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
    now: 1_000_000,
  });
  let own = 0;
  const promises = () => new Promise((resolve) => setImmediate(resolve));

  async function pass(ms: number, enough: () => boolean): Promise<void> {
    let over = false;
    const end = setTimeout(() => (over = true), ms);
    await promises();
    while (!over && !enough()) {
      vi.advanceTimersToNextTimer();
      await promises();
    }
    clearTimeout(end);
  }

  return {
    advance: (ms) => pass(ms, () => false),
    async until(promise, limitMs) {
      let done = false;
      const ended = () => {
        done = true;
      };
      promise.then(ended, ended);
      await pass(limitMs, () => done);
      if (!done) {
        throw new Error(`not settled after ${limitMs} ms`);
      }
      return promise;
    },
    later(work, ms) {
      own++;
      setTimeout(() => {
        own--;
        work();
      }, ms);
    },
    timers: () => vi.getTimerCount() - own,
  };
}
