import { createDynamicTable, type DynamicTableView, defaultTableSize } from "./dynamic-table.ts";
import { type Field, type FieldList, fieldSize } from "./field.ts";
import { compressionError, HpackError } from "./hpack-error.ts";
import { type Cursor, readInteger } from "./integers.ts";
import { createRecentBlocks } from "./recent-blocks.ts";
import { firstDynamicIndex, staticTable } from "./static-table.ts";
import { readString } from "./strings.ts";

/** Reads the field blocks of one connection, in the order in which they come (RFC 7541 §3). */
export interface Decoder {
  /**
   * The fields of the block in `bytes` from `start` to `end`, in their order. Equal blocks may give the same array: it is
   * not to be changed. Throws nothing but {@link HpackError}.
   */
  decode(bytes: Uint8Array, start?: number, end?: number): FieldList;
  readonly table: DynamicTableView;
}

export interface DecoderOptions {
  /** What SETTINGS_HEADER_TABLE_SIZE told the peer. */
  maxTableSize: number;
  /** How much a list may count for: 32 for each field, and its octets (RFC 9113 §6.5.2). */
  maxListSize: number;
}

// The first octet of a field says how it is represented (RFC 7541 §6).
const indexed = 0x80;
const incrementalIndexing = 0x40;
const sizeUpdate = 0x20;

export function createDecoder({ maxTableSize, maxListSize }: DecoderOptions): Decoder {
  // §4.2: until the peer says otherwise, the table is as large as it is by default, or as the peer knows it may be: a
  // server has our SETTINGS before our first request. One that never uses its table need not say that it made it smaller
  // (RFC 9113 §4.3.1 wants that of one with something in it), so nothing is missed when it does not.
  const table = createDynamicTable(Math.min(maxTableSize, defaultTableSize));
  const recent = createRecentBlocks();
  let failure: HpackError | undefined;
  // Whether the block in hand says the same whatever is in the table, and leaves it as it is.
  let alone = true;

  function decodeBlock(cursor: Cursor): string[] {
    const fields: string[] = [];
    const { bytes, end } = cursor;
    let size = 0;
    while (cursor.at < end) {
      const first = bytes[cursor.at] as number;
      if (first >= indexed) {
        // §6.1.
        const { name, value } = entry(readInteger(cursor, 7));
        size = grow(size, name, value);
        fields.push(name, value);
      } else if (first >= sizeUpdate && first < incrementalIndexing) {
        if (fields.length > 0) {
          throw compressionError("a size update behind a field");
        }
        updateSize(readInteger(cursor, 5));
      } else {
        // §6.2: with incremental indexing, and without, never or not this time, which is the same to us: we pass nothing on.
        const indexing = first >= incrementalIndexing;
        const nameIndex = readInteger(cursor, indexing ? 6 : 4);
        const left = maxListSize - size - 32;
        const name = nameIndex === 0 ? readString(cursor, left) : entry(nameIndex).name;
        const value = readString(cursor, left - name.length);
        size = grow(size, name, value);
        fields.push(name, value);
        if (indexing) {
          alone &&= table.maxSize === 0;
          table.insert({ name, value });
        }
      }
    }
    return fields;
  }

  function grow(size: number, name: string, value: string): number {
    const grown = size + fieldSize(name, value);
    if (grown > maxListSize) {
      throw new HpackError("LIST_TOO_LARGE", `a list of fields of more than ${maxListSize} octets`);
    }
    return grown;
  }

  /** §2.3.3: both tables are one space of indexes. */
  function entry(index: number): Field {
    alone &&= index < firstDynamicIndex;
    const found = index < firstDynamicIndex ? staticTable[index] : table.get(index - firstDynamicIndex);
    if (!found) {
      throw compressionError(`nothing has the index ${index}`);
    }
    return found;
  }

  /** §6.3. */
  function updateSize(maxSize: number): void {
    if (maxSize > maxTableSize) {
      throw compressionError(`a table of ${maxSize} octets, where ${maxTableSize} are allowed`);
    }
    alone = false;
    recent.clear();
    table.resize(maxSize);
  }

  return {
    table,
    decode(bytes, start = 0, end = bytes.length) {
      if (failure) {
        throw failure;
      }
      const known = recent.find(bytes, start, end);
      if (known) {
        return known;
      }
      alone = true;
      try {
        const fields = decodeBlock({ bytes, at: start, end });
        if (alone) {
          recent.add(bytes, start, end, fields);
        }
        return fields;
      } catch (error) {
        // What the rest of the block would have put into the table is not there. References to what was there before it would be
        // misread; to a table that was empty, they come to nothing.
        const empty = table.length === 0 && (error as HpackError).code === "LIST_TOO_LARGE";
        if (table.maxSize > 0 && !empty) {
          failure = error as HpackError;
        }
        throw error;
      }
    },
  };
}
