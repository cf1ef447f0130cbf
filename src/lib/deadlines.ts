import { type Chain, createChain, type Link } from "./chain.ts";
import { maxTimerMs } from "./sleep.ts";

/** Something with a time at which it is over, in milliseconds since 1970. */
export interface Due<T> extends Link<T> {
  readonly deadline: number;
}

/** Things with a time at which they are over, each in one of several groups. */
export interface Deadlines<T extends Due<T>> {
  /** A group of its own. Its items leave it when their time is over. */
  group(): Chain<T>;
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
export function createDeadlines<T extends Due<T>>(expire: (item: T) => void): Deadlines<T> {
  // Those with something in them.
  const busy = new Set<Chain<T>>();
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
    const due: [Chain<T>, T][] = [];
    for (const group of busy) {
      for (const item of group) {
        if (item.deadline <= now) {
          due.push([group, item]);
        } else if (item.deadline < next) {
          next = item.deadline;
        }
      }
    }
    for (const [group, item] of due) {
      // Unless it was taken out for one before it.
      if (group.delete(item)) {
        expire(item);
      }
    }
    for (const group of busy) {
      if (group.size() === 0) {
        busy.delete(group);
      }
    }
    if (busy.size > 0) {
      schedule(Math.max(next, now + resolutionMs));
    } else {
      letGo();
    }
  }

  function hold(): void {
    (timer as Timer | undefined)?.ref?.();
  }

  function letGo(): void {
    const running = timer as Timer | undefined;
    if (running?.unref) {
      running.unref();
    } else {
      stop();
    }
  }

  function stop(): void {
    clearTimeout(timer);
    timer = undefined;
    timerAt = Number.POSITIVE_INFINITY;
  }

  function group(): Chain<T> {
    const items = createChain<T>();
    return {
      ...items,
      add(item) {
        if (busy.size === 0) {
          hold();
        }
        if (items.size() === 0) {
          busy.add(items);
        }
        items.add(item);
        schedule(item.deadline);
      },
      delete(item) {
        if (!items.delete(item)) {
          return false;
        }
        if (items.size() === 0 && busy.delete(items) && busy.size === 0) {
          letGo();
        }
        return true;
      },
    };
  }

  return {
    group,
    close() {
      busy.clear();
      stop();
    },
  };
}
