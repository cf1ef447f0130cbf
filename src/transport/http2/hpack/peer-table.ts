import { createDynamicTable, type DynamicTableView, defaultTableSize } from "./dynamic-table.ts";
import { fieldSize } from "./field.ts";
import { firstDynamicIndex } from "./static-table.ts";

/** The peer's dynamic table, as it will be when the peer has read what was written so far. */
export interface PeerTable {
  readonly view: DynamicTableView;
  /** Another object whenever indexes may mean something else: whatever comes or goes moves the others. */
  state(): TableState;
  /** The index of a field with this name and value, and of one with this name; 0 for none. */
  find(name: string, value: string): { index: number; nameIndex: number };
  /** Whether it was. */
  insert(name: string, value: string): boolean;
  setMaxSize(size: number): void;
  /** RFC 7541 §4.2: the size updates that the next block has to begin with. */
  sizeUpdates(): number[];
}

/** Equal to no other one, of this table or of others. */
export type TableState = object;

/** `maxSize`: how much of it is used, however large the peer may allow it to be. */
export function createPeerTable(maxSize: number): PeerTable {
  const table = createDynamicTable(defaultTableSize);
  let state: TableState = {};
  // The smallest that the table was since the last block, if its size changed.
  let smallest: number | undefined;

  function setMaxSize(size: number): void {
    const agreed = Math.min(size, maxSize);
    if (agreed !== table.maxSize) {
      smallest = Math.min(smallest ?? agreed, agreed);
      table.resize(agreed);
      state = {};
    }
  }
  setMaxSize(defaultTableSize);

  return {
    view: table,
    state: () => state,
    find(name, value) {
      let nameIndex = 0;
      for (let i = 0; i < table.length; i++) {
        const entry = table.get(i);
        if (entry?.name === name) {
          nameIndex ||= firstDynamicIndex + i;
          if (entry.value === value) {
            return { index: firstDynamicIndex + i, nameIndex };
          }
        }
      }
      return { index: 0, nameIndex };
    },
    insert(name, value) {
      // What does not fit stays out. Evicting others for it would make the blocks of all methods anew, and with more than
      // the table holds, would do so at every call.
      if (table.size + fieldSize(name, value) > table.maxSize) {
        return false;
      }
      table.insert({ name, value });
      state = {};
      return true;
    },
    setMaxSize,
    sizeUpdates() {
      if (smallest === undefined) {
        return [];
      }
      // By the smallest one the peer evicts what we did.
      const updates = smallest < table.maxSize ? [smallest, table.maxSize] : [table.maxSize];
      smallest = undefined;
      return updates;
    },
  };
}
