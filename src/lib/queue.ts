/** First in, first out, and what waits in between can be taken out. */
export interface Queue<T> {
  push(item: T): void;
  /** The oldest, or `undefined` when there is none. */
  shift(): T | undefined;
  /** Takes an item out that has not come to its turn. It must be in the queue. */
  remove(item: T): void;
  size(): number;
}

/** An array that is tidied when half of it is gone: each operation costs the same on average, however long it is. */
export function createQueue<T extends object>(): Queue<T> {
  let items: (T | undefined)[] = [];
  let head = 0;
  // Items that were removed and still have their place. Few queues ever have some.
  let removed: Set<T> | undefined;

  function tidy(): void {
    const gone = head + (removed?.size ?? 0);
    if (gone > 32 && gone * 2 > items.length) {
      items = items.slice(head).filter((item) => !removed?.has(item as T));
      head = 0;
      removed = undefined;
    }
  }

  return {
    push: (item) => {
      items.push(item);
    },
    shift() {
      while (head < items.length) {
        const item = items[head] as T;
        items[head++] = undefined;
        if (!removed?.delete(item)) {
          tidy();
          return item;
        }
      }
      return undefined;
    },
    remove(item) {
      removed ??= new Set();
      removed.add(item);
      tidy();
    },
    size: () => items.length - head - (removed?.size ?? 0),
  };
}
