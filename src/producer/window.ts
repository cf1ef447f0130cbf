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

/** What a window needs of an item. */
export interface Waiting {
  /** The window's own note: the queue that the item waits in. */
  waitsIn?: Queue<object> | undefined;
}

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

export function createWindow<T extends Waiting>({ order, maxInFlight, keyOf, start }: WindowOptions<T>): Window<T> {
  const limit = order === "partition" ? 1 : maxInFlight;
  // Of each key that has an item runnable or under way: the items that wait for it.
  const busy = order === "key" ? new Map<string, Queue<T>>() : undefined;
  const runnable = createQueue<T>();
  let inFlight = 0;

  function wait(item: T, queue: Queue<T>): void {
    queue.push(item);
    item.waitsIn = queue;
  }

  function pump(): void {
    while (inFlight < limit) {
      const item = runnable.shift();
      if (item === undefined) {
        return;
      }
      item.waitsIn = undefined;
      inFlight++;
      start(item);
    }
  }

  /** The item is out of the way: the next of its key can go. */
  function next(item: T): void {
    const strand = keyOf(item) ?? "";
    const follower = busy?.get(strand)?.shift();
    if (follower === undefined) {
      busy?.delete(strand);
    } else {
      wait(follower, runnable);
    }
  }

  return {
    add(item) {
      const strand = keyOf(item) ?? "";
      const others = busy?.get(strand);
      if (others) {
        wait(item, others);
        return;
      }
      busy?.set(strand, createQueue());
      wait(item, runnable);
      pump();
    },
    done(item) {
      inFlight--;
      next(item);
      pump();
    },
    remove(item) {
      const queue = item.waitsIn;
      if (!queue) {
        return false;
      }
      item.waitsIn = undefined;
      queue.remove(item);
      if (queue === runnable) {
        next(item);
      }
      return true;
    },
  };
}
