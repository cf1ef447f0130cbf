import { maxTimerMs } from "./sleep.ts";

/** Things with a time at which they are over. */
export interface Deadlines<T extends { deadline: number }> {
  add(item: T): void;
  delete(item: T): void;
}

/** Items that come due within this many milliseconds of each other are handled together. */
const resolutionMs = 20;

/**
 * One timer for many deadlines: most items are gone before theirs, and a timer each would cost more than the item.
 */
export function createDeadlines<T extends { deadline: number }>(expire: (item: T) => void): Deadlines<T> {
  const items = new Set<T>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerAt = Number.POSITIVE_INFINITY;

  function schedule(at: number): void {
    if (at < timerAt) {
      clearTimeout(timer);
      timerAt = at;
      timer = setTimeout(check, Math.min(maxTimerMs, Math.max(0, at - Date.now())));
    }
  }

  function check(): void {
    timerAt = Number.POSITIVE_INFINITY;
    timer = undefined;
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const item of items) {
      if (item.deadline <= now) {
        items.delete(item);
        expire(item);
      } else if (item.deadline < next) {
        next = item.deadline;
      }
    }
    if (items.size > 0) {
      schedule(Math.max(next, now + resolutionMs));
    }
  }

  return {
    add(item) {
      items.add(item);
      schedule(item.deadline);
    },
    delete(item) {
      items.delete(item);
      if (items.size === 0 && timer !== undefined) {
        clearTimeout(timer);
        timer = undefined;
        timerAt = Number.POSITIVE_INFINITY;
      }
    },
  };
}
