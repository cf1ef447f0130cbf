import { checkBoolean, checkOneOf, checkOptions, checkString } from "../lib/check.ts";
import type { Compatibility } from "./registry.ts";
import { schemaTypes } from "./schema.ts";
import type { CheckOptions, DefinitionOptions, RegisterOptions } from "./schemas.ts";
import type { ValidationOptions } from "./topic-schemas.ts";

// What the calls of the registry are told, checked before any I/O.

export function checkDefinition(options: DefinitionOptions, more: readonly string[]): void {
  checkOptions("the options", options, ["type", "definition", ...more]);
  checkOneOf("type", options.type, schemaTypes);
  const { type, definition } = options;
  const named = type === "avro" || type === "json_schema" || type === "protobuf";
  if (named && (definition === undefined || definition === "")) {
    throw new TypeError(`"definition" is needed for type "${type}"`);
  }
  if (definition !== undefined && (typeof definition !== "object" || definition === null)) {
    checkString("definition", definition);
  }
}

/** The definition's text; `""` where there is none. */
export function definitionText({ definition = "" }: DefinitionOptions): string {
  return typeof definition === "string" ? definition : JSON.stringify(definition);
}

export function checkRegisterOptions(options: RegisterOptions): void {
  checkDefinition(options, ["description", "createdBy", "tags"] satisfies (keyof RegisterOptions)[]);
  const { description = "", createdBy = "", tags = [] } = options;
  checkString("description", description);
  checkString("createdBy", createdBy);
  if (!Array.isArray(tags)) {
    throw new TypeError(`"tags" must be an array of strings`);
  }
  for (const [i, tag] of tags.entries()) {
    checkString(`tags[${i}]`, tag);
  }
}

export function checkCheckOptions(options: CheckOptions): void {
  checkDefinition(options, ["compatibility"]);
  if (options.compatibility !== undefined) {
    checkCompatibility(options.compatibility);
  }
}

export function checkCompatibility(compatibility: unknown): asserts compatibility is Compatibility {
  checkOneOf("compatibility", compatibility, ["none", "backward", "forward", "full"]);
}

export function checkSchemaId(schemaId: unknown): asserts schemaId is bigint {
  if (typeof schemaId !== "bigint" || schemaId < 0n || schemaId >= 2n ** 64n) {
    throw new TypeError(`"schemaId" must be a bigint of 64 bits, not ${String(schemaId)}`);
  }
}

export function checkValidationOptions(options: ValidationOptions, more: readonly string[] = []): void {
  checkOptions("the options", options, ["policy", "payloadValidation", ...more]);
  checkOneOf("policy", options.policy, ["none", "warn", "enforce"]);
  if (options.payloadValidation !== undefined) {
    checkBoolean("payloadValidation", options.payloadValidation);
  }
}
