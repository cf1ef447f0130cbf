/**
 * The order in which messages of one topic (or partition) are sent. Brokers give no order to concurrent calls, so what
 * must stay in order is sent one after the other:
 *
 * - `"partition"`: all of them.
 * - `"key"`: those with the same key; those without a key are one more key.
 * - `"none"`: none.
 */
export type Order = "partition" | "key" | "none";

export interface WindowOptions<T> {
  order: Order;
  /** How many are under way at once, at most. */
  maxInFlight: number;
  keyOf(item: T): string | undefined;
  /** Begins with an item; {@link Window.done} must follow. */
  start(item: T): void;
}

/** Lets items begin, in order and so many at once. */
export interface Window<T> {
  add(item: T): void;
  done(item: T): void;
}

export function createWindow<T>({ order, maxInFlight, keyOf, start }: WindowOptions<T>): Window<T> {
  const limit = order === "partition" ? 1 : maxInFlight;
  // Of each key under way: the items that wait for it.
  const busy = new Map<string, T[]>();
  const runnable: T[] = [];
  let head = 0;
  let inFlight = 0;

  const strandOf = (item: T) => (order === "key" ? (keyOf(item) ?? "") : undefined);

  function pump(): void {
    while (inFlight < limit && head < runnable.length) {
      const item = runnable[head] as T;
      runnable[head++] = undefined as T;
      inFlight++;
      start(item);
    }
    // An array that is read from the front is cut when half of it is read.
    if (head > 1_024 && head * 2 > runnable.length) {
      runnable.splice(0, head);
      head = 0;
    } else if (head === runnable.length) {
      runnable.length = 0;
      head = 0;
    }
  }

  return {
    add(item) {
      const strand = strandOf(item);
      const waiting = strand === undefined ? undefined : busy.get(strand);
      if (waiting) {
        waiting.push(item);
        return;
      }
      if (strand !== undefined) {
        busy.set(strand, []);
      }
      runnable.push(item);
      pump();
    },
    done(item) {
      inFlight--;
      const strand = strandOf(item);
      if (strand !== undefined) {
        const next = busy.get(strand)?.shift();
        if (next === undefined) {
          busy.delete(strand);
        } else {
          runnable.push(next);
        }
      }
      pump();
    },
  };
}
