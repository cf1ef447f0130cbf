import { maxTimerMs } from "./sleep.ts";

/** Things with a time at which they are over. */
export interface Deadlines<T extends { deadline: number }> {
  add(item: T): void;
  delete(item: T): void;
  /** Forgets them all, and keeps no timer. */
  close(): void;
}

/** Items that come due within this many milliseconds of each other are handled together. */
const resolutionMs = 20;

/** What runtimes whose timers are no numbers have. */
interface Timer {
  ref?(): void;
  unref?(): void;
}

/**
 * One timer for many deadlines: most items are gone before theirs, and a timer each would cost more than the item. So would one
 * that is started and stopped with each item where they come one by one: it runs on when the last one has gone, and holds no process.
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

  function stop(): void {
    clearTimeout(timer);
    timer = undefined;
    timerAt = Number.POSITIVE_INFINITY;
  }

  return {
    add(item) {
      if (items.size === 0) {
        (timer as Timer | undefined)?.ref?.();
      }
      items.add(item);
      schedule(item.deadline);
    },
    delete(item) {
      if (!items.delete(item) || items.size > 0) {
        return;
      }
      const running = timer as Timer | undefined;
      if (running?.unref) {
        running.unref();
      } else {
        stop();
      }
    },
    close() {
      items.clear();
      stop();
    },
  };
}
