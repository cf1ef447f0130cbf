/**
 * Avro, by the package `avsc`, in an entry point of its own: who does not send Avro need not have it.
 *
 * @module
 */

import avsc from "avsc";
import { checkOneOf, kindOf } from "../lib/check.ts";
import { containerOf, recordsOf } from "./avro-container.ts";
import { rejected } from "./encode.ts";
import { checkSchemaArguments, type Schema, type SchemaOptions } from "./schema.ts";

/**
 * How a value becomes bytes:
 *
 * - `"datum"`: Avro's binary encoding alone. The smallest, and unreadable without the very schema that wrote it; the
 *   broker's payload validation refuses it.
 * - `"container"`: an object container file with one record and its schema inside: what the broker's payload
 *   validation accepts, a few hundred bytes larger.
 * - `"json"`: Avro's JSON encoding, as text. The broker's payload validation refuses it.
 */
export type AvroEncoding = "datum" | "container" | "json";

/** What {@link avro} takes. */
export interface AvroOptions extends SchemaOptions {
  /** The Avro schema, as an object or as its text: registered as the definition, and what values must be like. */
  schema: object | string;
  /** How values become bytes. No default: what reads them must expect the same. */
  encoding: AvroEncoding;
}

/**
 * Avro; `avro` in the registry. `T` is the type that `send` takes.
 *
 * A value that the schema does not allow is `SCHEMA_REJECTED`. With `"datum"` a subject that has other definitions
 * only is `SCHEMA_MISMATCH`: what reads the messages by their mark would read nonsense. Makes code at run time, which
 * Cloudflare Workers do not allow.
 *
 * Throws `TypeError` for a schema that is none.
 */
export function avro<T = unknown>(subject: string, avroOptions: AvroOptions): Schema<T> {
  const { schema, encoding, ...options } = avroOptions ?? {};
  checkSchemaArguments(subject, options);
  checkOneOf("encoding", encoding, ["datum", "container", "json"]);
  const type = typeOf(schema);
  const definition = typeof schema === "string" ? schema : JSON.stringify(schema);

  return {
    subject,
    type: "avro",
    definition,
    exact: encoding === "datum",
    ...options,
    encode(value) {
      try {
        return encodings[encoding].encode(type, definition, value);
      } catch (cause) {
        throw rejected(subject, (cause as Error).message, cause);
      }
    },
    decode: (data) => encodings[encoding].decode(type, data) as T,
  };
}

interface Encoding {
  encode(type: avsc.Type, definition: string, value: unknown): Uint8Array;
  decode(type: avsc.Type, data: Uint8Array): unknown;
}

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder("utf-8", { fatal: true });

const encodings: Record<AvroEncoding, Encoding> = {
  datum: {
    encode: (type, _, value) => datumOf(type, value),
    decode: (type, data) => type.fromBuffer(asBuffer(data)),
  },
  container: {
    encode: (type, definition, value) => containerOf(definition, datumOf(type, value)),
    decode: (type, data) => type.fromBuffer(asBuffer(recordsOf(data))),
  },
  json: {
    encode(type, _, value) {
      const valid = checked(type, value);
      const text = type.toString(valid);
      // JSON has no NaN and no infinity; what is written for them reads as no number.
      type.fromString(text);
      return utf8.encode(text);
    },
    decode: (type, data) => type.fromString(fromUtf8.decode(data)),
  },
};

function datumOf(type: avsc.Type, value: unknown): Uint8Array {
  return new Uint8Array(type.toBuffer(checked(type, value)));
}

/** The value, when it fits; avsc's own complaint does not name the field, unless asked, and repeats what was found there. */
function checked(type: avsc.Type, given: unknown): unknown {
  const value = type.isValid(given) ? given : withBuffers(given);
  let complaint: string | undefined;
  type.isValid(value, {
    errorHook(path, found, expected) {
      complaint ??= `${path.join(".") || "the value"} is ${kindBeside(found, expected)}, and the schema wants ${expected.toString()}`;
    },
  });
  if (complaint !== undefined) {
    throw new TypeError(complaint);
  }
  return value;
}

const numeric: readonly string[] = ["int", "long", "float", "double"];

function kindBeside(found: unknown, expected: avsc.Type): string {
  return typeof found === "number" && numeric.includes(expected.typeName) ? "another kind of number" : kindOf(found);
}

/** avsc takes Buffers only for bytes. */
function withBuffers(value: unknown): unknown {
  if (value instanceof Uint8Array) {
    return asBuffer(value);
  }
  if (Array.isArray(value)) {
    return value.map(withBuffers);
  }
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
    ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withBuffers(inner)]))
    : value;
}

/** avsc reads Buffers only. */
function asBuffer(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function typeOf(schema: object | string): avsc.Type {
  try {
    // A long beyond what a number holds would lose digits in silence; avsc refuses those.
    return avsc.Type.forSchema((typeof schema === "string" ? JSON.parse(schema) : schema) as avsc.Schema);
  } catch (cause) {
    throw new TypeError(`"schema" is no Avro schema: ${(cause as Error).message}`, { cause });
  }
}
