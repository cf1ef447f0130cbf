import { inflateRawSync } from "node:zlib";
import avsc from "avsc";
import { blockOf } from "../../schema/avro-container.ts";
import { canonical, type Json } from "./json.ts";

/** avsc's own refuses what a JavaScript number cannot hold exactly; here nobody looks at the digits. */
const long = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => Number(bytes.readBigInt64LE()),
  isValid: Number.isInteger,
  fromJSON(value: unknown) {
    if (!Number.isInteger(value)) {
      throw new TypeError(`invalid "long": ${JSON.stringify(value)}`);
    }
    return value;
  },
  toJSON: (value: number) => value,
  toBuffer: () => Buffer.alloc(8),
  compare: () => 0,
});

function typeOf(schema: Json): avsc.Type {
  return avsc.Type.forSchema(schema as avsc.Schema, { noAnonymousTypes: true, registry: { long } });
}

/**
 * Reads an Avro schema, and gives what throws for payloads that brokers would refuse: they take object container files
 * alone, and of these read the first record, by the schema in the file. Its value has to be one of this schema; names
 * of records do not count.
 */
export function avroCheck(schema: Json): (payload: Uint8Array) => void {
  const reader = typeOf(schema);
  return (payload) => {
    if (Buffer.from(payload.subarray(0, 4)).toString("latin1") !== "Obj\x01") {
      throw new Error("wrong magic in header");
    }
    const { definition, codec, data } = blockOf(payload);
    if (codec !== "null" && codec !== "deflate") {
      throw new Error(`the codec ${codec} is not supported`);
    }
    const records = codec === "deflate" ? inflateRawSync(data) : data;
    const writer = JSON.parse(definition) as Json;
    const { value, offset } = typeOf(writer).decode(records);
    if (offset < 0) {
      throw new Error("truncated buffer");
    }
    if (canonical(writer) === canonical(schema)) {
      return;
    }
    reader.isValid(value, {
      errorHook(path, found, type) {
        throw new Error(`invalid ${type}: ${JSON.stringify(found)} (${path.join(".")})`);
      },
    });
  };
}
