import { createQueue, type Queue } from "../lib/queue.ts";

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
  /** Begins with an item; {@link Window.done} must follow, later. */
  start(item: T): void;
}

/** Lets items begin, in order and so many at once. */
export interface Window<T> {
  add(item: T): void;
  /** An item that was started is through. */
  done(item: T): void;
  /** Takes an item out that has not been started. Gives whether it was still there. */
  remove(item: T): boolean;
}

export function createWindow<T extends object>({ order, maxInFlight, keyOf, start }: WindowOptions<T>): Window<T> {
  const limit = order === "partition" ? 1 : maxInFlight;
  // Of each key that has an item runnable or under way: the items that wait for it.
  const busy = new Map<string, Queue<T>>();
  const runnable = createQueue<T>();
  // Where each item waits.
  const places = new Map<T, Queue<T>>();
  let inFlight = 0;

  const strandOf = (item: T) => (order === "key" ? (keyOf(item) ?? "") : undefined);

  function wait(item: T, queue: Queue<T>): void {
    queue.push(item);
    places.set(item, queue);
  }

  function pump(): void {
    while (inFlight < limit) {
      const item = runnable.shift();
      if (item === undefined) {
        return;
      }
      places.delete(item);
      inFlight++;
      start(item);
    }
  }

  /** The item is out of the way: the next of its key can go. */
  function next(item: T): void {
    const strand = strandOf(item);
    if (strand === undefined) {
      return;
    }
    const follower = busy.get(strand)?.shift();
    if (follower === undefined) {
      busy.delete(strand);
    } else {
      wait(follower, runnable);
    }
  }

  return {
    add(item) {
      const strand = strandOf(item);
      const others = strand === undefined ? undefined : busy.get(strand);
      if (others) {
        wait(item, others);
        return;
      }
      if (strand !== undefined) {
        busy.set(strand, createQueue());
      }
      wait(item, runnable);
      pump();
    },
    done(item) {
      inFlight--;
      next(item);
      pump();
    },
    remove(item) {
      const queue = places.get(item);
      if (!queue) {
        return false;
      }
      places.delete(item);
      queue.remove(item);
      if (queue === runnable) {
        next(item);
      }
      return true;
    },
  };
}
