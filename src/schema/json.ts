import { DanubeError } from "../errors.ts";
import { rejected } from "./encode.ts";
import type { JsonSchemaValidator } from "./json-validator.ts";
import { checkSchemaArguments, type Schema, type SchemaOptions } from "./schema.ts";

/** What {@link json} takes. */
export interface JsonOptions extends SchemaOptions {
  /**
   * The JSON Schema, as an object or as its text: registered as the definition, and every message is validated by it
   * before it is sent. Draft 4, 7, 2019-09 or 2020-12 by its `$schema`, which brokers take for 2020-12 when it is left
   * out. Needs the package `@cfworker/json-schema`.
   *
   * Left out: anything that JSON can say is sent, and a subject that does not exist is registered as one that takes
   * everything.
   */
  schema?: object | string | undefined;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * JSON; `json_schema` in the registry. `T` is the type that `send` takes: `json<Order>("orders", { schema })`.
 *
 * A value that the schema does not allow is `SCHEMA_REJECTED`, and one that JSON cannot say (a bigint, a function,
 * `undefined`) a `TypeError`.
 */
export function json<T = unknown>(subject: string, { schema, ...options }: JsonOptions = {}): Schema<T> {
  checkSchemaArguments(subject, options);
  const definition = schema === undefined ? "{}" : textOf(schema);
  let validator: JsonSchemaValidator | undefined;

  return {
    subject,
    type: "json_schema",
    // A subject that exists may have any definition where none was given here.
    ...(schema !== undefined && { definition }),
    ...options,
    async prepare() {
      if (schema !== undefined) {
        validator ??= await loadValidator(definition);
      }
    },
    encode(value) {
      const text = stringify(value);
      if (schema !== undefined) {
        if (!validator) {
          throw new TypeError("a json schema must be prepared before it encodes; createProducer does");
        }
        // What is sent, and not the value: JSON drops and turns things (undefined, Date).
        const complaint = validator(JSON.parse(text));
        if (complaint !== undefined) {
          throw rejected(subject, complaint);
        }
      }
      return encoder.encode(text);
    },
    decode: (data) => JSON.parse(decoder.decode(data)) as T,
  };
}

/** The schema's text, when it is one. */
function textOf(schema: unknown): string {
  const text = typeof schema === "string" ? schema : stringify(schema);
  const parsed = parsedOrThrow(text);
  if (typeof parsed !== "boolean" && (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))) {
    throw new TypeError(`"schema" must be a JSON Schema, an object or its text`);
  }
  return text;
}

function parsedOrThrow(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TypeError(`"schema" is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function stringify(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new TypeError(`"payload" cannot be written as JSON: ${(cause as Error).message}`, { cause });
  }
  if (text === undefined) {
    throw new TypeError(`"payload" cannot be written as JSON: it is ${typeof value}`);
  }
  return text;
}

/** Who sends JSON without a schema, or no JSON at all, need not have the package. */
async function loadValidator(definition: string): Promise<JsonSchemaValidator> {
  let module: typeof import("./json-validator.ts");
  try {
    module = await import("./json-validator.ts");
  } catch (cause) {
    const message = `json() with a schema needs the package "@cfworker/json-schema": npm install @cfworker/json-schema`;
    throw new DanubeError("UNSUPPORTED", message, { cause });
  }
  try {
    return module.jsonSchemaValidator(definition);
  } catch (cause) {
    throw new TypeError(`"schema" is no JSON Schema: ${(cause as Error).message}`, { cause });
  }
}
