import { canonical, fromUtf8, isObject, type Json } from "./json.ts";
import { jsonFault } from "./json-fault.ts";
import { describeErrors } from "./json-schema-errors.ts";
import { schemaFault } from "./json-schema-faults.ts";
import { needs } from "./needs.ts";

const drafts = [
  ["json-schema.org/draft-04/schema", "4"],
  // There is no 6 in the library; what it lacks of 7 does no harm.
  ["json-schema.org/draft-06/schema", "7"],
  ["json-schema.org/draft-07/schema", "7"],
  ["json-schema.org/draft/2019-09/schema", "2019-09"],
  ["json-schema.org/draft/2020-12/schema", "2020-12"],
] as const;

export type Draft = (typeof drafts)[number][1];

/** What brokers say of a payload; nothing when it fits. */
export type PayloadCheck = (payload: Uint8Array) => string | undefined;

/** Compiles a JSON schema; what is wrong with it is thrown in the broker's words. */
export async function compileJsonSchema(schema: Json): Promise<PayloadCheck> {
  const { Validator } = await needs("@cfworker/json-schema", () => import("@cfworker/json-schema"));
  const draft = draftOf(schema);
  const fault = schemaFault(schema, draft);
  if (fault !== undefined) {
    throw new Error(`Invalid JSON Schema: ${fault}`);
  }
  // In the order of keys that brokers have, and without formats where they are remarks only. Not the schema itself:
  // the library writes into it.
  const silent = draft === "2019-09" || draft === "2020-12";
  const drop = (key: string, value: unknown) => silent && key === "format" && typeof value === "string";
  const rules = JSON.parse(canonical(schema), (key, value) => (drop(key, value) ? undefined : value)) as Json;
  const validator = new Validator(rules as ConstructorParameters<typeof Validator>[0], draft, false);

  return (payload) => {
    const { text } = fromUtf8(payload);
    if (text === undefined) {
      return "Invalid JSON data: invalid unicode code point";
    }
    let value: Json;
    try {
      value = JSON.parse(text) as Json;
    } catch {
      return `Invalid JSON data: ${jsonFault(text)}`;
    }
    try {
      const { valid, errors } = validator.validate(value);
      return valid ? undefined : `JSON Schema validation failed: ${describeErrors(errors, value, schema).join(", ")}`;
    } catch (error) {
      // A reference to another document, for which brokers would have refused the schema.
      return `JSON Schema validation failed: ${(error as Error).message}`;
    }
  };
}

function draftOf(schema: Json): Draft {
  const uri = isObject(schema) ? schema["$schema"] : undefined;
  if (typeof uri !== "string") {
    return "2020-12";
  }
  const known = drafts.find(([name]) => uri.replace(/^https?:\/\//, "").replace(/#$/, "") === name);
  if (!known) {
    throw new Error(
      `Invalid JSON Schema: Unknown meta-schema: '${uri}'. Custom meta-schemas must be registered in the registry before use`,
    );
  }
  return known[1];
}
