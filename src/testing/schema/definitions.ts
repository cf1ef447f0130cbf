import { panic } from "../panic.ts";
import { canonical, fromUtf8, type Json, sha256, telling } from "./json.ts";
import { needs } from "./needs.ts";

export type SchemaType = "bytes" | "string" | "number" | "avro" | "json_schema" | "protobuf";

/** A schema that was read. */
export interface Schema {
  readonly type: SchemaType;
  readonly fingerprint: string;
  /** What GetSchema answers with: the broker's own record around the schema. */
  readonly definition: Json;
  /** What compatibility looks at: none of the types that are always compatible. */
  readonly json?: Json;
  /** Throws an Error in the broker's words for a payload that does not fit. Made here, because publishing does not wait. */
  check(payload: Uint8Array): void;
}

const types: Record<string, SchemaType> = {
  bytes: "bytes",
  string: "string",
  number: "number",
  int64: "number",
  int: "number",
  float: "number",
  double: "number",
  avro: "avro",
  json_schema: "json_schema",
  json: "json_schema",
  protobuf: "protobuf",
  proto: "protobuf",
};

/** Reads a schema; what is wrong with it is thrown as an Error in the broker's words. */
export async function parseSchema(typeName: string, bytes: Uint8Array): Promise<Schema> {
  const word = typeName.toLowerCase();
  const type = Object.hasOwn(types, word) ? types[word] : undefined;
  switch (type) {
    case undefined:
      throw new Error(`Unknown schema type: ${typeName}`);
    case "bytes":
      return { type, fingerprint: type, definition: "Bytes", check: () => {} };
    case "string":
      return { type, fingerprint: type, definition: "String", check: checkString };
    case "number":
      return { type, fingerprint: type, definition: "Number", check: checkNumber };
    case "avro":
      return avroSchema(telling("Invalid UTF-8 in Avro schema", () => fromUtf8(bytes)));
    case "json_schema":
      return jsonSchema(telling("Invalid UTF-8 in JSON schema", () => fromUtf8(bytes)));
    case "protobuf":
      return protobufSchema(telling("Invalid UTF-8 in Protobuf schema", () => fromUtf8(bytes)));
  }
}

async function avroSchema(raw_schema: string): Promise<Schema> {
  const { avroCheck } = await needs("avsc", () => import("./avro.ts"));
  const { json, check } = telling("Invalid Avro schema", () => {
    const json = JSON.parse(raw_schema) as Json;
    return { json, check: avroCheck(json) };
  });
  const fingerprint = sha256(canonical(json));
  const definition = { Avro: { raw_schema, fingerprint } };
  const told = (payload: Uint8Array) => telling("Avro validation failed", () => check(payload));
  return { type: "avro", fingerprint, definition, json, check: told };
}

async function jsonSchema(raw_schema: string): Promise<Schema> {
  const { jsonSchemaCheck } = await needs("@cfworker/json-schema", () => import("./json-schema.ts"));
  const json = telling("Invalid JSON in schema", () => JSON.parse(raw_schema) as Json);
  const check = telling("Invalid JSON Schema", () => jsonSchemaCheck(json));
  const fingerprint = sha256(canonical(json));
  const definition = { JsonSchema: { raw_schema, fingerprint } };
  const told = (payload: Uint8Array) => {
    const value = telling("Invalid JSON data", () => JSON.parse(fromUtf8(payload)) as Json);
    telling("JSON Schema validation failed", () => check(value));
  };
  return { type: "json_schema", fingerprint, definition, json, check: told };
}

function protobufSchema(raw_proto: string): Schema {
  const fingerprint = sha256(raw_proto);
  const definition = { Protobuf: { raw_proto, message_name: "DefaultMessage", fingerprint } };
  return { type: "protobuf", fingerprint, definition, check: () => panic("Protobuf validation not yet implemented") };
}

function checkString(payload: Uint8Array): void {
  telling("Invalid UTF-8 string", () => fromUtf8(payload));
}

function checkNumber({ length }: Uint8Array): void {
  if (length !== 4 && length !== 8) {
    throw new Error(`Invalid number: expected 4 or 8 bytes, got ${length}`);
  }
}
