import type { Avro } from "./avro.ts";
import type { Json, JsonObject } from "./json.ts";

/** The logical types that are known, and what they can be made of. */
const logicalTypes: Record<string, readonly string[]> = {
  decimal: ["bytes", "fixed"],
  "big-decimal": ["bytes"],
  uuid: ["string", "fixed"],
  date: ["int"],
  "time-millis": ["int"],
  "time-micros": ["long"],
  "timestamp-millis": ["long"],
  "timestamp-micros": ["long"],
  "timestamp-nanos": ["long"],
  "local-timestamp-millis": ["long"],
  "local-timestamp-micros": ["long"],
  "local-timestamp-nanos": ["long"],
  duration: ["fixed"],
};

export const isLogical = (name: string): boolean => Object.hasOwn(logicalTypes, name);

/** The logical type, where the type below it fits; where not, it is left out, as the specification asks. */
export function logical(inner: Avro, logicalType: string, value: JsonObject): Avro {
  if (!logicalTypes[logicalType]?.includes(inner.kind)) {
    return inner;
  }
  const { precision, scale = 0 } = value;
  const size = inner.kind === "fixed" ? (inner.json as JsonObject)["size"] : undefined;
  if (logicalType === "decimal") {
    const valid =
      Number.isInteger(precision) && Number.isInteger(scale) && Number(precision) >= Math.max(1, Number(scale));
    const base = typeof inner.json === "string" ? { type: inner.json } : (inner.json as JsonObject);
    return valid ? { kind: "decimal", json: { ...base, logicalType, precision: precision as Json, scale } } : inner;
  }
  if (logicalType === "duration") {
    return { kind: logicalType, json: { type: { type: "fixed", name: "duration", size: 12 }, logicalType } };
  }
  if (size !== undefined && size !== 16) {
    return inner;
  }
  return { kind: logicalType, json: { type: size === undefined ? inner.json : "string", logicalType } };
}
