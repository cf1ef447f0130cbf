import { inflateRawSync } from "node:zlib";
import { isPanic } from "../panic.ts";
import { type Avro, parseAvro } from "./avro.ts";
import { sameAvro } from "./avro-compatibility.ts";
import { recordFault, resolves } from "./avro-values.ts";
import type { Json } from "./json.ts";
import { needs } from "./needs.ts";

// The one kind of Avro payload that brokers take: an object container file, of which they read the first datum. One
// without a header, and JSON, are refused with "wrong magic in header".

/** Decodes one datum; an offset of -1 says that there is not enough of it. */
export type Decode = (data: Buffer) => { value: unknown; offset: number };

/** Makes decoders with `avsc`. */
export async function loadDecoders(): Promise<(schema: Json) => Decode> {
  const { default: avsc } = await needs("avsc", () => import("avsc"));
  return (schema) => {
    // Without defaults, which avsc judges by other rules and which decoding does not need.
    const bare: unknown = JSON.parse(JSON.stringify(schema, (key, value) => (key === "default" ? undefined : value)));
    const long = avsc.types.LongType.__with({
      fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
      toBuffer: () => Buffer.alloc(8),
      fromJSON: Number,
      toJSON: String,
      isValid: () => true,
      compare: () => 0,
    });
    const type = avsc.Type.forSchema(bare as Parameters<typeof avsc.Type.forSchema>[0], { registry: { long } });
    return (data) => type.decode(data, 0) as ReturnType<Decode>;
  };
}

/** Why a payload is no container file that `reader` can read, in the broker's words. */
export function containerFault(
  reader: Avro,
  decoders: (schema: Json) => Decode,
  payload: Uint8Array,
): string | undefined {
  try {
    const { data, writer } = firstBlock(payload);
    if (!data) {
      return "no data found";
    }
    const { value, offset } = decoders(writer.json)(data);
    if (offset < 0) {
      return "Failed to read bytes: failed to fill whole buffer";
    }
    if (sameAvro(writer, reader) || resolves(reader, value)) {
      return undefined;
    }
    return reader.kind === "record" ? recordFault(reader, value) : "the value does not fit the schema";
  } catch (error) {
    if (isPanic(error)) {
      throw error;
    }
    return (error as Error).message;
  }
}

function firstBlock(payload: Uint8Array): { data: Buffer | undefined; writer: Avro } {
  const file = cursor(payload);
  if (file.take(4, "Failed to read header").toString("latin1") !== "Obj\x01") {
    throw new Error("wrong magic in header");
  }
  const metadata = new Map<string, Buffer>();
  for (let count = file.long(); count !== 0; count = file.long()) {
    if (count < 0) {
      file.long();
    }
    for (let left = Math.abs(count); left > 0; left--) {
      const key = file.take(file.long(), "Failed to read bytes").toString();
      metadata.set(key, file.take(file.long(), "Failed to read bytes"));
    }
  }
  const writer = parseAvro(schemaIn(metadata));
  const codec = metadata.get("avro.codec")?.toString() ?? "null";
  if (codec !== "null" && codec !== "deflate") {
    throw new Error(`Codec '${codec}' is not supported/enabled`);
  }
  const marker = file.take(16, "Failed to read marker bytes");
  if (file.atEnd()) {
    return { data: undefined, writer };
  }
  const count = file.long();
  const data = file.take(file.long(), "Read into buffer failed");
  if (!file.take(16, "Failed to read block marker bytes").equals(marker)) {
    throw new Error(badMarker);
  }
  return { data: count === 0 ? undefined : codec === "null" ? data : inflated(data), writer };
}

const badMarker =
  "Invalid sync marker! The sync marker in the data block doesn't match the file header's sync marker. This likely indicates data corruption, truncated file, or incorrectly concatenated Avro files. Verify file integrity and ensure proper file transmission or creation.";

function schemaIn(metadata: ReadonlyMap<string, Buffer>): Json {
  try {
    return JSON.parse(metadata.get("avro.schema")?.toString() ?? "") as Json;
  } catch {
    throw new Error("Failed to get JSON from avro.schema key in map");
  }
}

function inflated(data: Buffer): Buffer {
  try {
    return inflateRawSync(data);
  } catch (error) {
    throw new Error(`Failed to decompress with flate: ${(error as Error).message}`);
  }
}

function cursor(bytes: Uint8Array) {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const short = "failed to fill whole buffer";
  let at = 0;
  return {
    atEnd: () => at >= buffer.length,
    take(length: number, doing: string): Buffer {
      if (length < 0) {
        throw new Error(`Cannot convert i64 to usize: ${length}`);
      }
      if (at + length > buffer.length) {
        throw new Error(`${doing}: ${short}`);
      }
      at += length;
      return buffer.subarray(at - length, at);
    },
    long(): number {
      let value = 0n;
      for (let shift = 0n; shift < 70n; shift += 7n) {
        const byte = buffer[at++];
        if (byte === undefined) {
          throw new Error(`Failed to read bytes for decoding variable length integer: ${short}`);
        }
        value |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) {
          return Number((value >> 1n) ^ -(value & 1n));
        }
      }
      throw new Error("Overflow when decoding integer value");
    },
  };
}
