import { panic } from "../panic.ts";
import { type Avro, parseAvro } from "./avro.ts";
import { containerFault, loadDecoders } from "./avro-container.ts";
import { canonical, fromUtf8, type Json, sha256 } from "./json.ts";
import { jsonFault } from "./json-fault.ts";
import { compileJsonSchema, type PayloadCheck } from "./json-schema.ts";

export type SchemaType = "bytes" | "string" | "number" | "avro" | "json_schema" | "protobuf";

/** A schema that was read. */
export interface Schema {
  readonly type: SchemaType;
  readonly fingerprint: string;
  /** What GetSchema answers with: the broker's own record around the schema. */
  readonly definition: Json;
  /** What compatibility looks at. */
  readonly avro?: Avro;
  readonly json?: Json;
  /** Why a payload does not fit, in the broker's words. Compiled here, because publishing does not wait. */
  readonly check: PayloadCheck;
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
      return { type, fingerprint: type, definition: "Bytes", check: () => undefined };
    case "string":
      return { type, fingerprint: type, definition: "String", check: stringFault };
    case "number":
      return { type, fingerprint: type, definition: "Number", check: numberFault };
    case "avro":
      return avroSchema(textOf(bytes, "Avro"));
    case "json_schema":
      return jsonSchema(textOf(bytes, "JSON"));
    case "protobuf":
      return protobufSchema(textOf(bytes, "Protobuf"));
  }
}

async function avroSchema(raw_schema: string): Promise<Schema> {
  const avro = readAvro(raw_schema);
  const decoders = await loadDecoders();
  const fingerprint = sha256(canonical(avro.json));
  const check = (payload: Uint8Array) => {
    const fault = containerFault(avro, decoders, payload);
    return fault === undefined ? undefined : `Avro validation failed: ${fault}`;
  };
  return { type: "avro", fingerprint, definition: { Avro: { raw_schema, fingerprint } }, avro, check };
}

function readAvro(text: string): Avro {
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch {
    throw new Error("Invalid Avro schema: Failed to parse schema from JSON");
  }
  try {
    return parseAvro(json);
  } catch (error) {
    (error as Error).message = `Invalid Avro schema: ${(error as Error).message}`;
    throw error;
  }
}

async function jsonSchema(raw_schema: string): Promise<Schema> {
  let json: Json;
  try {
    json = JSON.parse(raw_schema) as Json;
  } catch {
    throw new Error(`Invalid JSON in schema: ${jsonFault(raw_schema)}`);
  }
  const check = await compileJsonSchema(json);
  const fingerprint = sha256(canonical(json));
  return { type: "json_schema", fingerprint, definition: { JsonSchema: { raw_schema, fingerprint } }, json, check };
}

function protobufSchema(raw_proto: string): Schema {
  const fingerprint = sha256(raw_proto);
  const definition = { Protobuf: { raw_proto, message_name: "DefaultMessage", fingerprint } };
  return { type: "protobuf", fingerprint, definition, check: () => panic("Protobuf validation not yet implemented") };
}

function textOf(bytes: Uint8Array, what: string): string {
  const { text, why } = fromUtf8(bytes);
  if (text === undefined) {
    throw new Error(`Invalid UTF-8 in ${what} schema: ${why}`);
  }
  return text;
}

function stringFault(payload: Uint8Array): string | undefined {
  const { why } = fromUtf8(payload);
  return why === undefined ? undefined : `Invalid UTF-8 string: ${why}`;
}

function numberFault({ length }: Uint8Array): string | undefined {
  return length === 4 || length === 8 ? undefined : `Invalid number: expected 4 or 8 bytes, got ${length}`;
}
