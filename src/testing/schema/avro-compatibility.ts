import { isObject, type Json, type JsonObject } from "./json.ts";

// biome-ignore format: a list of words
const logicalTypes: readonly unknown[] = [
  "decimal", "big-decimal", "uuid", "date", "time-millis", "time-micros", "timestamp-millis", "timestamp-micros",
  "timestamp-nanos", "local-timestamp-millis", "local-timestamp-micros", "local-timestamp-nanos", "duration",
];
const promotions = ["int long", "float double", "long double", "int double", "bytes string", "string bytes"];
const parts: Record<string, string> = { array: "items", map: "values" };

/**
 * Whether brokers think that `reader` reads what `writer` wrote. They take any union for compatible with anything, and
 * of a record's fields look only at those that are new: types of fields are not compared.
 */
export function reads(reader: Json, writer: Json): boolean {
  const [kind, written] = [kindOf(reader), kindOf(writer)];
  if (kind === "union" || written === "union" || promotions.includes(`${written} ${kind}`)) {
    return true;
  }
  if (shape(reader) === shape(writer)) {
    return true;
  }
  if (kind !== written || !isObject(reader) || !isObject(writer)) {
    return false;
  }
  if (kind === "record") {
    const known = fieldsOf(writer).map(({ name }) => name);
    const added = fieldsOf(reader).filter(({ name }) => !known.includes(name as Json));
    return nameOf(reader) === nameOf(writer) && added.every(isOptional);
  }
  const part = parts[kind];
  return part !== undefined && reads(reader[part] as Json, writer[part] as Json);
}

/** Of a union, the default does not count, but whether null is in it. */
function isOptional({ type, default: fallback }: JsonObject): boolean {
  return Array.isArray(type) ? type.some((variant) => kindOf(variant) === "null") : fallback !== undefined;
}

/** What makes schemas the same to brokers, who compare the types of a record's fields but not their names. */
function shape(schema: Json): string {
  if (Array.isArray(schema)) {
    return JSON.stringify(schema.map(shape));
  }
  const own = isObject(schema) ? schema : {};
  const { items, values, symbols, size, precision, scale = 0 } = own;
  const inner = [...fieldsOf(own).map(({ type }) => type), items, values].map((type) => type && shape(type));
  return JSON.stringify([kindOf(schema), nameOf(own), inner, symbols, size, precision, scale]);
}

/** The logical type or the type; `union`; or the name of a type that is explained elsewhere. */
function kindOf(schema: Json): string {
  if (Array.isArray(schema)) {
    return "union";
  }
  const { type, logicalType } = isObject(schema) ? schema : { type: schema };
  return String(logicalTypes.includes(logicalType) ? logicalType : type);
}

function nameOf({ name, namespace = "" }: JsonObject): string {
  return namespace === "" || String(name).includes(".") ? String(name) : `${namespace}.${name}`;
}

function fieldsOf({ fields }: JsonObject): JsonObject[] {
  return Array.isArray(fields) ? fields.filter(isObject) : [];
}
