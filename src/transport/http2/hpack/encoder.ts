import { type DynamicTableView, defaultTableSize } from "./dynamic-table.ts";
import { checkFields, type FieldList } from "./field.ts";
import { maxIntegerLength, writeInteger } from "./integers.ts";
import { createPeerTable, type TableState } from "./peer-table.ts";
import { findStatic } from "./static-table.ts";
import { maxStringLength, writeString } from "./strings.ts";

/**
 * Writes the field blocks of one connection. The peer's table follows what is written, so each block must be sent, in the
 * order of encoding. Arrays that are given out are not to be changed.
 */
export interface Encoder {
  /** The block of `fields`, in their order. Throws a `TypeError` for what cannot be encoded, and then has done nothing. */
  encode(fields: FieldList): Uint8Array;
  /** The block of the prepared fields and, behind them, `rest`. Octets of the former are used again while they are good. */
  encodePrepared(prepared: PreparedFields, rest?: FieldList): Uint8Array;
  /** The peer's SETTINGS_HEADER_TABLE_SIZE. Blocks from here on must come behind the acknowledgement of these SETTINGS. */
  setMaxTableSize(size: number): void;
  readonly table: DynamicTableView;
}

export interface EncoderOptions {
  /** How much of the peer's table is used at most, however large it may be. */
  maxTableSize?: number;
  /** Names of fields whose values repeat on a connection: these go into the peer's table. */
  indexed?: ReadonlySet<string>;
  /** Names of fields with secrets in them, which nobody on the way may put into a table either (RFC 7541 §7.1.3). */
  neverIndexed?: ReadonlySet<string>;
}

const repeating: ReadonlySet<string> = new Set([":path", ":authority", "content-type", "te", "user-agent"]);
const secret: ReadonlySet<string> = new Set(["authorization", "proxy-authorization", "cookie"]);

/**
 * Fields that many blocks of a connection begin with, those of a method, say. To be kept for one connection: with several
 * they are right, but encoded anew whenever it is another one.
 */
export interface PreparedFields {
  readonly fields: FieldList;
  /** Private to encoders: what the fields are while the peer's table is in this state. */
  encoded?: { readonly octets: Uint8Array; readonly state: TableState };
}

/** Throws a `TypeError` for what cannot be encoded. */
export function prepareFields(fields: FieldList): PreparedFields {
  checkFields(fields);
  return { fields };
}

export function createEncoder(options: EncoderOptions = {}): Encoder {
  const { maxTableSize = defaultTableSize, indexed = repeating, neverIndexed = secret } = options;
  const table = createPeerTable(maxTableSize);
  let out = new Uint8Array(256);
  let at = 0;

  /** Makes room for a block of so many octets. */
  function begin(maxLength: number): void {
    if (out.length < maxLength) {
      out = new Uint8Array(2 * maxLength);
    }
    at = 0;
  }

  /** RFC 7541 §6.3. */
  function writeSizeUpdates(): void {
    for (const size of table.sizeUpdates()) {
      at = writeInteger(out, at, 0x20, 5, size);
    }
  }

  function writeFields(fields: FieldList): void {
    for (let i = 0; i < fields.length; i += 2) {
      writeField(fields[i] as string, fields[i + 1] as string);
    }
  }

  function writeField(name: string, value: string): void {
    const inStatic = findStatic(name);
    let nameIndex = inStatic?.index ?? 0;
    if (neverIndexed.has(name)) {
      writeLiteral(0x10, 4, nameIndex, name, value); // §6.2.3
      return;
    }
    let index = inStatic?.byValue.get(value) ?? 0;
    const repeats = indexed.has(name);
    if (repeats && index === 0) {
      const found = table.find(name, value);
      index = found.index;
      nameIndex ||= found.nameIndex;
    }
    if (index !== 0) {
      at = writeInteger(out, at, 0x80, 7, index); // §6.1
    } else if (repeats && table.insert(name, value)) {
      writeLiteral(0x40, 6, nameIndex, name, value); // §6.2.1
    } else {
      writeLiteral(0x00, 4, nameIndex, name, value); // §6.2.2
    }
  }

  function writeLiteral(pattern: number, prefixBits: number, nameIndex: number, name: string, value: string): void {
    at = writeInteger(out, at, pattern, prefixBits, nameIndex);
    if (nameIndex === 0) {
      at = writeString(out, at, name);
    }
    at = writeString(out, at, value);
  }

  return {
    table: table.view,
    setMaxTableSize: table.setMaxSize,
    encode(fields) {
      checkFields(fields);
      begin(maxLength(fields));
      writeSizeUpdates();
      writeFields(fields);
      return out.slice(0, at);
    },
    encodePrepared(prepared, rest = none) {
      checkFields(rest);
      const { fields, encoded } = prepared;
      const state = table.state();
      if (encoded?.state === state) {
        if (rest.length === 0) {
          return encoded.octets;
        }
        // There are no size updates to be written: with another size, it is another state.
        begin(encoded.octets.length + maxLength(rest));
        out.set(encoded.octets);
        at = encoded.octets.length;
      } else {
        begin(maxLength(fields) + maxLength(rest));
        writeSizeUpdates();
        const start = at;
        writeFields(fields);
        // Octets that insert a field are good for once. The next block refers to it instead, and can be kept.
        if (table.state() === state) {
          prepared.encoded = { octets: out.slice(start, at), state };
        }
      }
      writeFields(rest);
      return out.slice(0, at);
    },
  };
}

const none: FieldList = [];

/** What a block of these fields takes at most. */
function maxLength(fields: FieldList): number {
  let length = 2 * maxIntegerLength;
  for (let i = 0; i < fields.length; i += 2) {
    length += maxIntegerLength + maxStringLength(fields[i] as string) + maxStringLength(fields[i + 1] as string);
  }
  return length;
}
