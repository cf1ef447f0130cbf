import { checkString, kindOf } from "../lib/check.ts";
import { checkSchemaArguments, type Schema, type SchemaOptions } from "./schema.ts";

// The schemas that need no definition: the broker knows them by their type alone.

const encoder = new TextEncoder();
// Bytes that are no UTF-8 are somebody else's message, not a text with holes.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Bytes as they are. With a subject it is registered as `bytes`, and messages are marked with it; without one the
 * registry is not asked.
 *
 * Throws `TypeError` for a wrong subject or wrong options; so do the others.
 */
export function bytes(subject?: string, options: SchemaOptions = {}): Schema<Uint8Array> {
  checkSchemaArguments(subject ?? "bytes", options);
  return {
    subject,
    type: "bytes",
    ...options,
    encode: checked,
    decode: copyOf,
  };
}

/** Text, as UTF-8; `string` in the registry. */
export function text(subject: string, options: SchemaOptions = {}): Schema<string> {
  checkSchemaArguments(subject, options);
  return {
    subject,
    type: "string",
    ...options,
    encode(value) {
      checkString("payload", value);
      return encoder.encode(value);
    },
    decode: (data) => decoder.decode(data),
  };
}

/**
 * Whole numbers of 64 bits with a sign, as 8 bytes, the highest first; `number` in the registry. Brokers from 0.6 on
 * ask for 4 or 8 bytes and define no order of theirs. To topics of brokers before 0.6, which call them Int64, they go
 * as the text of their decimal digits, which is what the consumers of those read.
 *
 * A `number` must be a safe integer.
 */
export function int64(subject: string, options: SchemaOptions = {}): Schema<bigint | number, bigint> {
  checkSchemaArguments(subject, options);
  return {
    subject,
    type: "number",
    ...options,
    encode: (value) => eightBytes((view) => view.setBigInt64(0, toInt64(value))),
    decode: (data) => viewOfEight(data).getBigInt64(0),
    beforeRegistry: {
      type: "Int64",
      encode: (value) => encoder.encode(String(toInt64(value))),
      decode: (data) => toInt64(fromDigits(decoder.decode(data))),
    },
  };
}

/** Floating-point numbers of 64 bits (IEEE 754), as 8 bytes, the highest first; `number` in the registry. */
export function double(subject: string, options: SchemaOptions = {}): Schema<number> {
  checkSchemaArguments(subject, options);
  return {
    subject,
    type: "number",
    ...options,
    encode(value) {
      if (typeof value !== "number") {
        throw new TypeError(`"payload" must be a number, not ${kindOf(value)}`);
      }
      return eightBytes((view) => view.setFloat64(0, value));
    },
    decode: (data) => viewOfEight(data).getFloat64(0),
  };
}

/** What a producer without a schema takes: bytes, or a string as UTF-8. */
export const anything: Schema<Uint8Array | string, Uint8Array> = {
  subject: undefined,
  encode: (payload) => {
    if (typeof payload === "string") {
      checkString("payload", payload);
      return encoder.encode(payload);
    }
    return checked(payload);
  },
  decode: copyOf,
};

/** The bytes themselves: whoever sends them makes a copy. */
function checked(data: Uint8Array): Uint8Array {
  if (!(data instanceof Uint8Array)) {
    throw new TypeError(`"payload" must be a Uint8Array or, without a schema, a string; not ${kindOf(data)}`);
  }
  return data;
}

/** A copy, which a Buffer's own slice is not. */
function copyOf(data: Uint8Array): Uint8Array {
  return new Uint8Array(checked(data));
}

const smallest = -(2n ** 63n);
const largest = 2n ** 63n - 1n;

function toInt64(value: bigint | number): bigint {
  if (typeof value !== "bigint" && !Number.isSafeInteger(value)) {
    throw new TypeError(`"payload" must be a bigint or a safe integer, not ${kindOf(value)}`);
  }
  const whole = BigInt(value);
  if (whole < smallest || whole > largest) {
    throw new TypeError(`"payload" must be of 64 bits, with its sign`);
  }
  return whole;
}

function fromDigits(text: string): bigint {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new TypeError("a number is written in decimal digits, and this is not");
  }
  return BigInt(text);
}

function eightBytes(write: (view: DataView) => void): Uint8Array {
  const data = new Uint8Array(8);
  write(new DataView(data.buffer));
  return data;
}

function viewOfEight(data: Uint8Array): DataView {
  if (data.length !== 8) {
    throw new TypeError(`a number has 8 bytes, and this has ${data.length}`);
  }
  return new DataView(data.buffer, data.byteOffset, 8);
}
