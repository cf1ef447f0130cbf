import { panic } from "../panic.ts";
import { isLogical, logical } from "./avro-logical.ts";
import { checkDefault } from "./avro-values.ts";
import { canonical, isObject, type Json, type JsonObject } from "./json.ts";

// Avro schemas as brokers read them, with apache-avro 0.21: what it accepts, what it says of the rest, and what it keeps
// of a schema, which decides when two are the same. `avsc` is stricter here and looser there.

/** A schema that was read. */
export interface Avro {
  /** The type, the logical type, `union`, or `ref` for a name that is explained elsewhere. */
  readonly kind: string;
  /** The schema as brokers write it: names resolved, and without what they drop. */
  readonly json: Json;
  readonly name?: string;
  readonly fields?: readonly AvroField[];
  readonly symbols?: readonly string[];
  readonly variants?: readonly Avro[];
  /** Of an array its items, of a map its values. */
  readonly items?: Avro;
  /** Of a reference. */
  target?(): Avro | undefined;
}

export interface AvroField {
  readonly name: string;
  readonly type: Avro;
  /** The default, where there is one. */
  readonly fallback: Json | undefined;
}

const primitives = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];
const namedKinds = ["record", "enum", "fixed", "ref"];

const word = /^[A-Za-z_][A-Za-z0-9_]*$/;
const namespaceRule = String.raw`^([A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*)?$`;
const nameRule = String.raw`^((?P<namespace>([A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*)?)\.)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)$`;
const isNamespace = (text: string) => text === "" || text.split(".").every((part) => word.test(part));

/** Reads a schema; what is wrong with it is thrown in the broker's words. */
export function parseAvro(schema: Json): Avro {
  // By full name; undefined while it is being read.
  const names = new Map<string, Avro | undefined>();

  function parse(value: Json, namespace: string): Avro {
    if (typeof value === "string") {
      return primitives.includes(value) ? { kind: value, json: value } : reference(value, namespace);
    }
    if (Array.isArray(value)) {
      return union(value, namespace);
    }
    if (isObject(value)) {
      return complex(value, namespace, false);
    }
    throw new Error("Must be a JSON string, object or array");
  }

  function reference(text: string, namespace: string): Avro {
    const dot = text.lastIndexOf(".");
    if (!word.test(text.slice(dot + 1)) || !isNamespace(text.slice(0, Math.max(dot, 0)))) {
      throw new Error(`Invalid schema name ${text}. It must match the regex '${nameRule}'`);
    }
    const name = dot > 0 ? text : fullName(namespace, text.slice(dot + 1));
    if (names.has(name)) {
      return { kind: "ref", name, json: name, target: () => names.get(name) };
    }
    if (["record", "enum", "fixed"].includes(text.slice(dot + 1))) {
      throw new Error(
        `Invalid schema: There is no type called '${text}', if you meant to define a non-primitive schema, it should be defined inside \`type\` attribute. Please review the specification`,
      );
    }
    throw new Error(`Unknown primitive type: ${name}`);
  }

  function union(values: readonly Json[], namespace: string): Avro {
    const variants = values.map((value) => parse(value, namespace));
    const unnamed = variants.map(({ kind }) => kind).filter((kind) => !namedKinds.includes(kind));
    if (unnamed.includes("union")) {
      throw new Error("Unions may not directly contain a union");
    }
    if (new Set(unnamed).size < unnamed.length) {
      throw new Error("Unions cannot contain duplicate types");
    }
    return { kind: "union", variants, json: variants.map(({ json }) => json) };
  }

  function complex(value: JsonObject, namespace: string, isField: boolean): Avro {
    const { type, logicalType } = value;
    if (logicalType !== undefined && typeof logicalType !== "string") {
      throw new Error(`logicalType must be a string, but is ${canonical(logicalType)}`);
    }
    if (logicalType !== undefined && isLogical(logicalType)) {
      if (type === undefined) {
        throw new Error("No `type` field found for `logicalType`");
      }
      return logical(type === "fixed" ? fixed(value, namespace) : parse(type, namespace), logicalType, value);
    }
    if (type === "record" && !isField) {
      return record(value, namespace);
    }
    if (type === "enum") {
      return enumeration(value, namespace);
    }
    if (type === "fixed") {
      return fixed(value, namespace);
    }
    if (type === "array" || type === "map") {
      const key = type === "array" ? "items" : "values";
      if (value[key] === undefined) {
        throw new Error(`No \`${key}\` in ${type}`);
      }
      const items = parse(value[key], namespace);
      return { kind: type, items, json: { type, [key]: items.json, ...attributes(value, key) } };
    }
    if (type === undefined) {
      throw new Error("No `type` in complex type");
    }
    if (type === null || typeof type === "boolean" || typeof type === "number") {
      throw new Error(`Unknown complex type: ${type}`);
    }
    return parse(type, namespace);
  }

  function record(value: JsonObject, namespace: string): Avro {
    const own = ownName(value, namespace);
    names.set(own.name, undefined);
    if (!Array.isArray(value["fields"])) {
      throw new Error("No `fields` in record");
    }
    const fields = value["fields"].filter(isObject).map((field) => fieldOf(field, own.name, own.namespace));
    const seen = new Set<string>();
    for (const { name } of fields) {
      if (seen.has(name)) {
        throw new Error(`Duplicate field name ${name}`);
      }
      seen.add(name);
    }
    const doc = typeof value["doc"] === "string" ? { doc: value["doc"] } : {};
    const json = { type: "record", ...own.json, ...doc, fields: fields.map((field) => field.json) };
    return remember({ kind: "record", name: own.name, fields, json: { ...json, ...attributes(value, "fields") } });
  }

  function fieldOf(field: JsonObject, record: string, namespace: string): AvroField & { json: Json } {
    const { name, default: fallback, aliases } = field;
    if (typeof name !== "string") {
      throw new Error("No `name` in record field");
    }
    if (!word.test(name)) {
      throw new Error(`Invalid field name ${name}`);
    }
    const type = complex(field, namespace, true);
    if (fallback !== undefined) {
      checkDefault(type, fallback, `field "${name}" in "${record}"`);
    }
    const told = ["type", "name", "doc", "default", "order", "position", "aliases", "logicalType"];
    const part = { enum: "symbols", fixed: "size", array: "items", map: "values" }[type.kind];
    const json: JsonObject = { name, type: type.json };
    if (fallback !== undefined) {
      json["default"] = fallback;
    }
    if (Array.isArray(aliases)) {
      json["aliases"] = aliases.filter((alias) => typeof alias === "string");
    }
    return { name, type, fallback, json: { ...json, ...without(field, [...told, part ?? ""]) } };
  }

  function enumeration(value: JsonObject, namespace: string): Avro {
    const own = ownName(value, namespace);
    const { symbols, default: fallback } = value;
    if (!Array.isArray(symbols)) {
      throw new Error("No `symbols` field in enum");
    }
    if (!symbols.every((symbol) => typeof symbol === "string")) {
      throw new Error("Unable to parse `symbols` in enum");
    }
    for (const [i, symbol] of symbols.entries()) {
      if (!word.test(symbol)) {
        throw new Error(`Invalid enum symbol name ${symbol}`);
      }
      if (symbols.indexOf(symbol) < i) {
        throw new Error(`Duplicate enum symbol ${symbol}`);
      }
    }
    if (fallback !== undefined && typeof fallback !== "string") {
      throw new Error(`Default value for enum must be a string! Got: ${canonical(fallback)}`);
    }
    if (fallback !== undefined && !symbols.includes(fallback)) {
      const allowed = symbols.map((symbol) => `"${symbol}"`).join(", ");
      throw new Error(`Enum default "${fallback}" is not among allowed symbols [${allowed}]`);
    }
    const json = { type: "enum", ...own.json, symbols, ...attributes(value, "symbols") };
    return remember({ kind: "enum", name: own.name, symbols, json });
  }

  function fixed(value: JsonObject, namespace: string): Avro {
    const { size, default: fallback, doc } = value;
    if (size === undefined) {
      throw new Error("Fixed schema has no `size`");
    }
    if (typeof size !== "number" || !Number.isInteger(size) || size < 0) {
      throw new Error(`Fixed schema \`size\` value must be a positive integer: ${canonical(size)}`);
    }
    if (typeof fallback === "string" && Buffer.byteLength(fallback) !== size) {
      throw new Error(
        `Fixed schema's default value length (${Buffer.byteLength(fallback)}) does not match its size (${size})`,
      );
    }
    const own = ownName(value, namespace);
    const json = { type: "fixed", ...own.json, ...(typeof doc === "string" && { doc }), size };
    return remember({ kind: "fixed", name: own.name, json: { ...json, ...attributes(value, "size") } });
  }

  function ownName(value: JsonObject, enclosing: string): { name: string; namespace: string; json: JsonObject } {
    if (typeof value["name"] !== "string") {
      throw new Error("No `name` field");
    }
    const text = value["name"];
    const dot = text.lastIndexOf(".");
    const short = text.slice(dot + 1);
    if (!word.test(short) || !isNamespace(text.slice(0, Math.max(dot, 0)))) {
      panic(`Invalid schema name ${text}`);
    }
    const given = typeof value["namespace"] === "string" ? value["namespace"] : enclosing;
    const namespace = dot < 0 ? given : text.slice(0, dot);
    if (!isNamespace(namespace)) {
      throw new Error(`Invalid namespace ${namespace}. It must match the regex '${namespaceRule}'`);
    }
    const { aliases } = value;
    const json: JsonObject = { name: short, ...(namespace !== "" && { namespace }) };
    if (Array.isArray(aliases) && aliases.every((alias) => typeof alias === "string")) {
      json["aliases"] = aliases.map((alias) => (alias.includes(".") ? alias : fullName(namespace, alias)));
    }
    return { name: fullName(namespace, short), namespace, json };
  }

  function remember(schema: Avro): Avro {
    names.set(schema.name as string, schema);
    const { aliases } = schema.json as JsonObject;
    for (const alias of Array.isArray(aliases) ? aliases : []) {
      names.set(alias as string, schema);
    }
    return schema;
  }

  return parse(schema, "");
}

export function fullName(namespace: string, name: string): string {
  return namespace === "" ? name : `${namespace}.${name}`;
}

function without(value: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}

function attributes(value: JsonObject, part: string): JsonObject {
  return without(value, ["type", "name", "namespace", "doc", "aliases", part]);
}
