import { schemaArrayKeyword, schemaKeyword, schemaMapKeyword } from "@cfworker/json-schema";
import { canonical, isObject, type Json, type JsonObject } from "./json.ts";

// What the library does not check: whether a schema is one. This much of the meta-schemas.

const types: readonly Json[] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/** What the values of keywords have to be. */
const rules: [keywords: string, rule: (value: Json, draft: string) => boolean][] = [
  ["$id $ref $schema $comment title description format", (value) => typeof value === "string"],
  ["uniqueItems readOnly writeOnly deprecated", (value) => typeof value === "boolean"],
  ["minLength maxLength minItems maxItems minProperties maxProperties minContains maxContains", isCount],
  ["minimum maximum exclusiveMinimum exclusiveMaximum", isLimit],
  ["multipleOf", (value) => typeof value === "number" && value > 0],
  ["enum", (value) => Array.isArray(value)],
  ["required", isSet],
  [
    "type",
    (value) => (isSet(value) ? value.length > 0 && value.every((word) => types.includes(word)) : types.includes(value)),
  ],
  ["allOf anyOf oneOf prefixItems", (value) => Array.isArray(value) && value.length > 0],
  ["items", (value, draft) => !(Array.isArray(value) && draft.includes("2020-12"))],
  ["properties patternProperties $defs definitions dependentSchemas", isObject],
  ["patternProperties", (value) => isObject(value) && Object.keys(value).every(isPattern)],
  ["pattern", isPattern],
];

function isCount(value: Json): boolean {
  return Number.isInteger(value) && Number(value) >= 0;
}

/** In draft 4 the exclusive ones say whether the limit itself is out. */
function isLimit(value: Json, draft: string): boolean {
  return typeof value === "number" || (typeof value === "boolean" && draft.includes("draft-04"));
}

function isSet(value: Json): value is string[] {
  return (
    Array.isArray(value) && value.every((word) => typeof word === "string") && new Set(value).size === value.length
  );
}

function isPattern(value: Json): boolean {
  try {
    return typeof value === "string" && new RegExp(value, "u") !== undefined;
  } catch {
    return false;
  }
}

/** What is wrong with a schema. */
export function schemaFault(schema: Json, draft: string): string | undefined {
  if (!isObject(schema)) {
    return typeof schema === "boolean" ? undefined : `${canonical(schema)} is no schema`;
  }
  for (const [keyword, value] of Object.entries(schema)) {
    if (rules.some(([keywords, rule]) => keywords.split(" ").includes(keyword) && !rule(value, draft))) {
      return `"${keyword}" cannot be ${canonical(value)}`;
    }
    const faults = schemasIn(keyword, value).map((inner) => schemaFault(inner, draft));
    const fault = faults.find((found) => found !== undefined);
    if (fault !== undefined) {
      return fault;
    }
  }
  return undefined;
}

function schemasIn(keyword: string, value: Json): Json[] {
  if (schemaMapKeyword[keyword] === true) {
    return Object.values(value as JsonObject);
  }
  const list = Array.isArray(value) && schemaArrayKeyword[keyword] === true;
  return list ? value : schemaKeyword[keyword] === true ? [value] : [];
}
