import avsc from "avsc";
import { type AvroOptions, avro } from "../schema/avro.ts";
import type { Schema } from "../schema/schema.ts";

/** Avro, from what JSON says. */
export interface AvroOfJson {
  schema: Schema<unknown>;
  /** What the schema encodes, of what JSON.parse gave. What does not fit is left for it to complain about. */
  fromJson(json: unknown): unknown;
}

/**
 * Loaded only when it is needed: who sends no Avro need not have `avsc`.
 *
 * Reads both Avro's JSON encoding, in which a union's value names its branch (`{"string": "x"}`), and the JSON that
 * everybody else writes, in which it does not. Bytes are strings of the characters 0 to 255, as Avro has them.
 */
export function avroOfJson(subject: string, options: AvroOptions & { schema: string }): AvroOfJson {
  const schema = avro(subject, options);
  const type = avsc.Type.forSchema(JSON.parse(options.schema) as avsc.Schema);
  return { schema, fromJson: (json) => read(type, json) };
}

const { ArrayType, BytesType, FixedType, MapType, RecordType, UnwrappedUnionType, WrappedUnionType } = avsc.types;

function read(type: avsc.Type, json: unknown): unknown {
  if (type instanceof BytesType || type instanceof FixedType) {
    return typeof json === "string" && /^[\0-\xff]*$/.test(json) ? Buffer.from(json, "latin1") : json;
  }
  if (type instanceof UnwrappedUnionType || type instanceof WrappedUnionType) {
    return readBranch([...type.types], json, type instanceof WrappedUnionType);
  }
  if (type instanceof ArrayType && Array.isArray(json)) {
    return json.map((item) => read(type.itemsType, item));
  }
  if (isObject(json) && type instanceof MapType) {
    return mapped(json, () => type.valuesType);
  }
  if (isObject(json) && type instanceof RecordType) {
    const fields = new Map(type.fields.map((field) => [field.name, field.type]));
    return mapped(json, (name) => fields.get(name));
  }
  return json;
}

/** `wrapped`: where branches are told apart by their names only, values bring them along. */
function readBranch(branches: avsc.Type[], json: unknown, wrapped: boolean): unknown {
  const as = (branch: avsc.Type, value: unknown) =>
    wrapped && branch.branchName !== "null" ? { [branch.branchName as string]: value } : value;
  if (isObject(json)) {
    const [[name, inner] = [], ...more] = Object.entries(json);
    const named = branches.find((branch) => branch.branchName === name);
    if (named && more.length === 0) {
      return as(named, read(named, inner));
    }
  }
  for (const branch of branches) {
    const value = read(branch, json);
    if (branch.isValid(value)) {
      return as(branch, value);
    }
  }
  return json;
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function mapped(json: Record<string, unknown>, typeOf: (name: string) => avsc.Type | undefined) {
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => {
      const type = typeOf(name);
      return [name, type ? read(type, value) : value];
    }),
  );
}
