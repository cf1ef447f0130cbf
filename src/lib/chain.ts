/** What can be in a chain, and in one only: its neighbours, which are the chain's own. */
export interface Link<T> {
  older: T | undefined;
  newer: T | undefined;
}

/**
 * Items in the order of their coming, of which any can be taken out. A Set does the same and makes garbage of its own: here the links
 * are in the items. Not to be changed while it is gone through.
 */
export interface Chain<T> extends Iterable<T> {
  /** The item must not be in a chain. */
  add(item: T): void;
  /** Gives whether it was there. */
  delete(item: T): boolean;
  oldest(): T | undefined;
  size(): number;
}

export function createChain<T extends Link<T>>(): Chain<T> {
  let oldest: T | undefined;
  let newest: T | undefined;
  let size = 0;

  return {
    add(item) {
      item.older = newest;
      if (newest) {
        newest.newer = item;
      } else {
        oldest = item;
      }
      newest = item;
      size++;
    },
    delete(item) {
      const { older, newer } = item;
      if (!older && oldest !== item) {
        return false;
      }
      if (older) {
        older.newer = newer;
      } else {
        oldest = newer;
      }
      if (newer) {
        newer.older = older;
      } else {
        newest = older;
      }
      item.older = undefined;
      item.newer = undefined;
      size--;
      return true;
    },
    oldest: () => oldest,
    size: () => size,
    *[Symbol.iterator]() {
      for (let item = oldest; item; item = item.newer) {
        yield item;
      }
    },
  };
}
