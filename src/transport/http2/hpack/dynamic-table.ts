import { type Field, fieldSize } from "./field.ts";

/** RFC 7541 §2.3.2: the fields that one block puts down for those after it. The newest is the first. */
export interface DynamicTable {
  /** §4.1: what the entries count for. Never above `maxSize`. */
  readonly size: number;
  readonly maxSize: number;
  readonly length: number;
  /** The `index`th newest, from 0. */
  get(index: number): Field | undefined;
  /** §4.4: evicts what is in the way. A field larger than the table leaves it empty, which is no error. */
  insert(field: Field): void;
  /** §4.3. */
  resize(maxSize: number): void;
}

/** What can be seen of a table from outside. */
export type DynamicTableView = Readonly<Pick<DynamicTable, "size" | "maxSize" | "length" | "get">>;

/** Tables are of this size until something else is agreed on (RFC 9113 §6.5.2). */
export const defaultTableSize = 4_096;

export function createDynamicTable(maxSize: number): DynamicTable {
  // The oldest first, so that a new one moves none.
  const entries: Field[] = [];
  let size = 0;
  let limit = maxSize;

  function evict(target: number): void {
    while (size > target) {
      const oldest = entries.shift() as Field;
      size -= fieldSize(oldest.name, oldest.value);
    }
  }

  return {
    get size() {
      return size;
    },
    get maxSize() {
      return limit;
    },
    get length() {
      return entries.length;
    },
    get: (index) => entries[entries.length - 1 - index],
    insert(field) {
      const needed = fieldSize(field.name, field.value);
      evict(Math.max(limit - needed, 0));
      if (needed <= limit) {
        entries.push(field);
        size += needed;
      }
    },
    resize(maxSize) {
      limit = maxSize;
      evict(limit);
    },
  };
}
