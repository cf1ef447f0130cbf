import type { OutputUnit } from "@cfworker/json-schema";
import { canonical, type Json } from "./json.ts";
import { at } from "./json-schema-faults.ts";

type Describe = (value: Json, rule: Json | undefined, unit: OutputUnit) => string;

const plural = (count: Json | undefined, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

/** The broker's words for what a keyword did not find. Without an entry, the library's. */
const texts: Record<string, Describe> = {
  type: (value, rule) =>
    Array.isArray(rule)
      ? `${canonical(value)} is not of types ${[...rule].sort().map(canonical).join(", ")}`
      : `${canonical(value)} is not of type ${canonical(rule ?? null)}`,
  const: (_, rule) => `${canonical(rule ?? null)} was expected`,
  enum: (value, rule) => `${canonical(value)} is not one of ${alternatives(rule)}`,
  required: (_value, _rule, { error }) => `"${quoted(error)}" is a required property`,
  minimum: (value, rule) => `${canonical(value)} is less than the minimum of ${rule}`,
  maximum: (value, rule) => `${canonical(value)} is greater than the maximum of ${rule}`,
  exclusiveMinimum: (value, rule) => `${canonical(value)} is less than or equal to the minimum of ${rule}`,
  exclusiveMaximum: (value, rule) => `${canonical(value)} is greater than or equal to the maximum of ${rule}`,
  multipleOf: (value, rule) => `${canonical(value)} is not a multiple of ${rule}`,
  minLength: (value, rule) => `${canonical(value)} is shorter than ${plural(rule, "character", "characters")}`,
  maxLength: (value, rule) => `${canonical(value)} is longer than ${plural(rule, "character", "characters")}`,
  pattern: (value, rule) => `${canonical(value)} does not match ${canonical(rule ?? null)}`,
  format: (value, rule) => `${canonical(value)} is not a ${canonical(rule ?? null)}`,
  minItems: (value, rule) => `${canonical(value)} has less than ${plural(rule, "item", "items")}`,
  maxItems: (value, rule) => `${canonical(value)} has more than ${plural(rule, "item", "items")}`,
  uniqueItems: (value) => `${canonical(value)} has non-unique elements`,
  minProperties: (value, rule) => `${canonical(value)} has less than ${plural(rule, "property", "properties")}`,
  maxProperties: (value, rule) => `${canonical(value)} has more than ${plural(rule, "property", "properties")}`,
  anyOf: (value) => `${canonical(value)} is not valid under any of the schemas listed in the 'anyOf' keyword`,
  oneOf: (value, _rule, { error }) =>
    error.includes("(0 matches)")
      ? `${canonical(value)} is not valid under any of the schemas listed in the 'oneOf' keyword`
      : `${canonical(value)} is valid under more than one of the schemas listed in the 'oneOf' keyword`,
  not: (value, rule) => `${canonical(rule ?? null)} is not allowed for ${canonical(value)}`,
  false: (value) => `False schema does not allow ${canonical(value)}`,
};

/** Of these, what was wrong inside is not told. */
const summed = ["anyOf", "oneOf", "not"];
/** These only say that something was wrong inside. */
const wrappers = ["properties", "patternProperties", "items", "prefixItems", "allOf", "if", "$ref", "dependentSchemas"];

/** What the broker would say of a value that does not fit. */
export function describeErrors(errors: readonly OutputUnit[], value: Json, schema: Json): string[] {
  const told: string[] = [];
  const whole = errors.filter(({ keyword }) => summed.includes(keyword)).map(({ keywordLocation }) => keywordLocation);
  for (const [i, unit] of errors.entries()) {
    const { keyword, keywordLocation, instanceLocation } = unit;
    const inside = whole.some((location) => keywordLocation.startsWith(`${location}/`));
    // The library also says of each property that should not be there that `false` allows nothing.
    const again = keyword === "false" && errors[i - 1]?.keyword === "additionalProperties";
    if (inside || again || wrappers.includes(keyword)) {
      continue;
    }
    const limit = rule(schema, keywordLocation);
    if (keyword !== "additionalProperties") {
      told.push(texts[keyword]?.(at(value, instanceLocation) ?? null, limit, unit) ?? unit.error);
    } else if (limit === false) {
      told.push(...unexpected(errors, unit));
    }
  }
  return told;
}

/** All properties that an object should not have: told once, with the first of them. */
function unexpected(errors: readonly OutputUnit[], unit: OutputUnit): string[] {
  const same = errors.filter(
    ({ keywordLocation, instanceLocation }) =>
      keywordLocation === unit.keywordLocation && instanceLocation === unit.instanceLocation,
  );
  const names = same.map(({ error }) => `'${quoted(error)}'`).sort();
  const verb = names.length === 1 ? "was" : "were";
  return same[0] === unit ? [`Additional properties are not allowed (${names.join(", ")} ${verb} unexpected)`] : [];
}

/** The name in one of the library's sentences. */
function quoted(error: string): string {
  return error.match(/"(.*)"/)?.[1] ?? "";
}

function alternatives(rule: Json | undefined): string {
  const words = Array.isArray(rule) ? rule.map(canonical) : [];
  const last = words.length > 3 ? `${words.length - 2} other candidates` : words.at(-1);
  const before = words.slice(0, words.length > 3 ? 2 : -1);
  return before.length > 0 ? `${before.join(", ")} or ${last}` : (last ?? "");
}

/** The value of the keyword at a location, which also goes through references. */
function rule(schema: Json, location: string): Json | undefined {
  let found: Json | undefined = schema;
  for (const part of location.split("/").slice(1)) {
    found = found === undefined ? undefined : at(found, `#/${part}`);
    if (part === "$ref" && typeof found === "string") {
      found = at(schema, found);
    }
  }
  return found;
}
