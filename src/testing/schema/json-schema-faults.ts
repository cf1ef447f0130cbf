import { canonical, isObject, type Json, type JsonObject } from "./json.ts";
import type { Draft } from "./json-schema.ts";

// What the library does not check: whether a schema is one. This much of the meta-schemas, in the broker's words.

const types = ["array", "boolean", "integer", "null", "number", "object", "string"];

type Kind = keyof typeof checks;

/** What the value of a keyword has to be. */
const keywords: Record<string, Kind> = {
  type: "type",
  required: "names",
  enum: "list",
  ...each("text", ["$id", "$ref", "$schema", "$comment", "title", "description", "format"]),
  ...each("pattern", ["pattern"]),
  ...each("flag", ["uniqueItems", "readOnly", "writeOnly", "deprecated"]),
  ...each("limit", ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]),
  ...each("step", ["multipleOf"]),
  ...each("count", ["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"]),
  ...each("count", ["minContains", "maxContains"]),
  ...each("schema", ["not", "if", "then", "else", "contains", "propertyNames"]),
  ...each("schema", ["additionalProperties", "additionalItems", "unevaluatedProperties", "unevaluatedItems"]),
  ...each("items", ["items"]),
  ...each("schemas", ["allOf", "anyOf", "oneOf", "prefixItems"]),
  ...each("named", ["properties", "$defs", "definitions", "dependentSchemas"]),
  patternProperties: "patterns",
};

/** What is wrong with a schema. */
export function schemaFault(schema: Json, draft: Draft): string | undefined {
  return faultOf(schema, { root: schema, draft });
}

interface Context {
  readonly root: Json;
  readonly draft: Draft;
}

function faultOf(schema: Json, context: Context): string | undefined {
  if (typeof schema === "boolean") {
    return undefined;
  }
  if (!isObject(schema)) {
    return `${canonical(schema)} is not of types "boolean", "object"`;
  }
  for (const key of Object.keys(schema).sort()) {
    const kind = Object.hasOwn(keywords, key) ? keywords[key] : undefined;
    const fault = kind && checks[kind](schema[key] as Json, context);
    if (fault !== undefined) {
      return fault;
    }
  }
  return danglingReference(schema["$ref"], context.root);
}

const checks = {
  type(value: Json): string | undefined {
    const words = Array.isArray(value) ? value : [value];
    const known = words.length > 0 && words.every((word) => types.includes(word as string));
    const fault = `${canonical(value)} is not valid under any of the schemas listed in the 'anyOf' keyword`;
    return known && new Set(words).size === words.length ? undefined : fault;
  },
  text: (value: Json): string | undefined => wrongType(value, "string", typeof value === "string"),
  flag: (value: Json): string | undefined => wrongType(value, "boolean", typeof value === "boolean"),
  list: (value: Json): string | undefined => wrongType(value, "array", Array.isArray(value)),
  limit(value: Json, { draft }: Context): string | undefined {
    // In draft 4 the exclusive ones say whether the limit itself is out.
    return draft === "4" && typeof value === "boolean"
      ? undefined
      : wrongType(value, "number", typeof value === "number");
  },
  step(value: Json): string | undefined {
    const low =
      typeof value === "number" && value <= 0 ? `${value} is less than or equal to the minimum of 0` : undefined;
    return wrongType(value, "number", typeof value === "number") ?? low;
  },
  count(value: Json): string | undefined {
    const low = typeof value === "number" && value < 0 ? `${value} is less than the minimum of 0` : undefined;
    return wrongType(value, "integer", Number.isInteger(value)) ?? low;
  },
  pattern(value: Json): string | undefined {
    if (typeof value !== "string") {
      return wrongType(value, "string", false);
    }
    return isPattern(value) ? undefined : `${canonical(value)} is not a "regex"`;
  },
  names(value: Json): string | undefined {
    if (!Array.isArray(value)) {
      return wrongType(value, "array", false);
    }
    const odd = value.find((name) => typeof name !== "string");
    const twice = new Set(value).size < value.length ? `${canonical(value)} has non-unique elements` : undefined;
    return odd === undefined ? twice : wrongType(odd, "string", false);
  },
  schema: (value: Json, context: Context): string | undefined => faultOf(value, context),
  items(value: Json, context: Context): string | undefined {
    const list = Array.isArray(value) && context.draft !== "2020-12";
    return list ? first(value, context) : faultOf(value, context);
  },
  schemas(value: Json, context: Context): string | undefined {
    if (!Array.isArray(value)) {
      return wrongType(value, "array", false);
    }
    return value.length === 0 ? "[] has less than 1 item" : first(value, context);
  },
  named(value: Json, context: Context): string | undefined {
    return isObject(value) ? first(Object.values(value), context) : wrongType(value, "object", false);
  },
  patterns(value: Json, context: Context): string | undefined {
    const bad = isObject(value) ? Object.keys(value).find((pattern) => !isPattern(pattern)) : undefined;
    // What is printed is what the pattern leads to.
    return bad === undefined
      ? checks.named(value, context)
      : `${canonical((value as JsonObject)[bad] as Json)} is not a "regex"`;
  },
} as const satisfies Record<string, (value: Json, context: Context) => string | undefined>;

function isPattern(text: string): boolean {
  try {
    new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}

function each(kind: Kind, names: readonly string[]): Record<string, Kind> {
  return Object.fromEntries(names.map((name) => [name, kind]));
}

function first(schemas: readonly Json[], context: Context): string | undefined {
  return schemas.map((schema) => faultOf(schema, context)).find((fault) => fault !== undefined);
}

function wrongType(value: Json, type: string, right: boolean): string | undefined {
  return right ? undefined : `${canonical(value)} is not of type "${type}"`;
}

function danglingReference(ref: Json | undefined, root: Json): string | undefined {
  return typeof ref === "string" && ref.startsWith("#/") && at(root, ref) === undefined
    ? `Pointer '${ref.slice(1)}' does not exist`
    : undefined;
}

/** What a JSON pointer with its `#` leads to. */
export function at(value: Json, pointer: string): Json | undefined {
  let found: Json | undefined = value;
  for (const part of pointer.split("/").slice(1)) {
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    found = typeof found === "object" && found !== null ? (found as Record<string, Json>)[key] : undefined;
  }
  return found;
}
