import { type Schema as Definition, type SchemaDraft, Validator } from "@cfworker/json-schema";

/** Says what is wrong with a value, or `undefined` when nothing is. */
export type JsonSchemaValidator = (value: unknown) => string | undefined;

/** The most complaints that are told; one wrong property can make dozens. */
const maxComplaints = 3;

// biome-ignore format: a list of words
const containers: ReadonlySet<string> = new Set([
  "properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "propertyNames", "dependentSchemas",
  "items", "prefixItems", "additionalItems", "unevaluatedItems", "allOf", "$ref", "$recursiveRef", "if",
]);

/** Makes a validator of a JSON Schema's text. An interpreter, so it also works where code must not be made at run time. */
export function jsonSchemaValidator(definition: string): JsonSchemaValidator {
  const schema = JSON.parse(definition) as Definition | boolean;
  const validator = new Validator(schema, draftOf(schema), false);
  return (value) => {
    const { valid, errors } = validator.validate(value);
    if (valid) {
      return undefined;
    }
    // Each level says once more that something below it is wrong: what is below tells what.
    const telling = errors.filter(({ keyword }) => !containers.has(keyword));
    const told = (telling.length > 0 ? telling : errors).slice(0, maxComplaints);
    return told.map(({ instanceLocation, error }) => `${instanceLocation}: ${withoutValue(error)}`).join("; ");
  };
}

/** Complaints about numbers begin with the number, which is a part of the message. */
function withoutValue(complaint: string): string {
  return complaint.replace(/^-?\d\S* is (not a multiple|greater|less)/, "Number is $1");
}

function draftOf(schema: Definition | boolean): SchemaDraft {
  const named = typeof schema === "boolean" ? undefined : schema.$schema;
  const draft = /draft-0?(4|6|7)|draft\/(2019-09|2020-12)/.exec(named ?? "");
  // Draft 6 is a part of draft 7.
  const known = draft?.[1] === "6" ? "7" : (draft?.[1] ?? draft?.[2] ?? "2020-12");
  return known as SchemaDraft;
}
