import { type Avro, fullName } from "./avro.ts";
import { isObject, type Json } from "./json.ts";

/** Refuses a field's default that is no value of the field's type. */
export function checkDefault(type: Avro, fallback: Json, field: string): void {
  if (type.kind === "union") {
    // Any type of the union may have it; the specification allows the first one only.
    if (!type.variants?.some((variant) => resolves(variant, fallback))) {
      const first = kindName(type.variants?.[0]?.kind ?? "");
      throw new Error(`One union type ${first} must match the \`default\`'s value type ${valueName(fallback)}`);
    }
  } else if (!resolves(type, fallback)) {
    throw new Error(`\`default\`'s value type of ${field} must be ${JSON.stringify(plain(type.json))}`);
  }
}

const specialNumbers = ["NaN", "INF", "Infinity", "-INF", "-Infinity"];

/** Whether brokers take a value, a default or one that was written with another schema, for one of this type. */
export function resolves(type: Avro, value: unknown): boolean {
  switch (type.kind) {
    case "null":
      return value === null;
    case "boolean":
      return typeof value === "boolean";
    case "float":
    case "double":
      return typeof value === "number" || typeof value === "bigint" || specialNumbers.includes(value as string);
    case "string":
      return typeof value === "string" || value instanceof Uint8Array;
    case "bytes":
      return typeof value === "string" || value instanceof Uint8Array || (Array.isArray(value) && value.every(isByte));
    case "fixed":
      return typeof value === "string" || (value instanceof Uint8Array && value.length === part(type, "size"));
    case "enum":
      return typeof value === "string" && (type.symbols?.includes(value) || part(type, "default") !== undefined);
    case "array":
      return Array.isArray(value) && value.every((item) => resolves(type.items as Avro, item));
    case "map":
      return isMap(value) && Object.values(value).every((item) => resolves(type.items as Avro, item));
    case "record":
      return recordFault(type, value) === undefined;
    case "union":
      return (type.variants ?? []).some((variant) => resolves(variant, value) || resolves(variant, unwrapped(value)));
    case "ref": {
      const target = type.target?.();
      return target !== undefined && resolves(target, value);
    }
    case "uuid":
      return typeof value === "string" && /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(value);
    case "decimal":
    case "big-decimal":
    case "duration":
      return value instanceof Uint8Array || Array.isArray(value);
    default:
      // int, long, and the dates and times made of them.
      return typeof value === "bigint" || Number.isInteger(value);
  }
}

/** Why a value is not one of this record type. */
export function recordFault(type: Avro, value: unknown): string | undefined {
  if (!isMap(value)) {
    return `Record ${type.name} expected, got ${value === null ? "null" : typeof value}`;
  }
  for (const field of type.fields ?? []) {
    if (!Object.hasOwn(value, field.name)) {
      if (field.fallback === undefined) {
        return `Missing field in record: "${field.name}"`;
      }
    } else if (!resolves(field.type, value[field.name])) {
      return `the field "${field.name}" does not fit`;
    }
  }
  return undefined;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** avsc wraps a value of some unions: `{ "branch": value }`. */
function unwrapped(value: unknown): unknown {
  const values = isMap(value) ? Object.values(value) : [];
  return values.length === 1 ? values[0] : undefined;
}

function part(type: Avro, key: string): Json | undefined {
  return isObject(type.json) ? type.json[key] : undefined;
}

function isByte(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < 256;
}

/** The parsing canonical form, for what it is printed in. */
function plain(json: Json): string {
  if (Array.isArray(json)) {
    return `[${json.map(plain).join(",")}]`;
  }
  if (!isObject(json)) {
    return typeof json === "string" ? `"${json}"` : String(json);
  }
  const { namespace, name } = json;
  const full = typeof namespace === "string" ? { ...json, name: fullName(namespace, String(name)) } : json;
  const kept = ["name", "type", "fields", "symbols", "items", "values", "size", "precision", "scale"];
  const entries = kept.filter((key) => full[key] !== undefined);
  return `{${entries.map((key) => `"${key}":${plain(full[key] as Json)}`).join(",")}}`;
}

function kindName(kind: string): string {
  return kind.split("-").map(capital).join("");
}

function valueName(value: Json): string {
  const number = Number.isInteger(value) ? (Math.abs(Number(value)) < 2 ** 31 ? "int" : "long") : "double";
  const type = typeof value === "number" ? number : Array.isArray(value) ? "array" : typeof value;
  return value === null ? "Null" : type === "object" ? "Map" : capital(type);
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
