import { dereference, type Schema } from "@cfworker/json-schema";
import { jsonSchemaValidator } from "../../schema/json-validator.ts";
import { isObject, type Json } from "./json.ts";
import { schemaFault } from "./json-schema-faults.ts";

const drafts = /^https?:\/\/json-schema\.org\/(draft-0[467]|draft\/(2019-09|2020-12))\/schema#?$/;

/** Reads a JSON schema, and gives what throws for values that do not fit. */
export function jsonSchemaCheck(schema: Json): (value: Json) => void {
  const named = isObject(schema) ? schema["$schema"] : undefined;
  const draft = typeof named === "string" ? named : "https://json-schema.org/draft/2020-12/schema";
  const unknown = drafts.test(draft) ? undefined : `Unknown meta-schema: '${draft}'`;
  const fault = unknown ?? schemaFault(schema, draft) ?? danglingReference(schema);
  if (fault !== undefined) {
    throw new Error(fault);
  }
  // In newer drafts formats are remarks, which the library does not know.
  const drop = (key: string, value: unknown) => key === "format" && typeof value === "string" && /20\d\d-/.test(draft);
  const validate = jsonSchemaValidator(JSON.stringify(schema, (key, value) => (drop(key, value) ? undefined : value)));
  return (value) => {
    const complaint = validate(value);
    if (complaint !== undefined) {
      throw new Error(complaint);
    }
  };
}

/** The library notices one only when a value leads there. */
function danglingReference(schema: Json): string | undefined {
  // A copy, because the library writes into it.
  const places = dereference(structuredClone(schema) as Schema | boolean);
  for (const place of Object.values(places)) {
    const { $ref, __absolute_ref__: target = "" } = typeof place === "object" ? place : {};
    if ($ref?.startsWith("#/") && places[target] === undefined) {
      return `"${$ref}" leads nowhere`;
    }
  }
  return undefined;
}
