import { reads } from "./avro-compatibility.ts";
import type { Schema } from "./definitions.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";

export type CompatibilityMode = "none" | "backward" | "forward" | "full";

const modes: Record<CompatibilityMode, string> = {
  none: "None",
  backward: "Backward",
  forward: "Forward",
  full: "Full",
};

export function modeOf(word: string): CompatibilityMode | undefined {
  const mode = word.toLowerCase();
  return Object.hasOwn(modes, mode) ? (mode as CompatibilityMode) : undefined;
}

export const modeName = (mode: CompatibilityMode): string => modes[mode];

/** What speaks against `next` after `old`, in the broker's words; nothing when they are compatible. */
export function incompatibilities(old: Schema, next: Schema, mode: CompatibilityMode): string[] {
  if (mode === "none") {
    return [];
  }
  if (old.type !== next.type) {
    return ["Schema types must match (cannot change from Avro to JSON, etc.)"];
  }
  const [before, after] = [old.json, next.json];
  if (before === undefined || after === undefined) {
    return [];
  }
  const rules = old.type === "avro" ? avro : json;
  const backward = mode === "forward" ? [] : rules.backward(before, after);
  return backward.length > 0 || mode === "backward" ? backward : rules.forward(before, after);
}

const avro = {
  backward: (old: Json, next: Json) =>
    reads(next, old) ? [] : ["Reader schema cannot read data written with writer schema"],
  forward: (old: Json, next: Json) => (reads(old, next) ? [] : ["Old schema cannot read data written with new schema"]),
};
const json = { backward: jsonBackward, forward: jsonForward };

// Of JSON schemas, brokers compare what the top level says of its properties.

function jsonBackward(old: Json, next: Json): string[] {
  const [oldProperties, newProperties] = [properties(old), properties(next)];
  const wasRequired = required(old);
  const removed = wasRequired.filter((name) => !has(newProperties, name));
  const tightened = required(next).filter((name) => has(oldProperties, name) && !wasRequired.includes(name));
  return [
    ...removed.map((name) => `Backward incompatible: removed required field '${name}'`),
    ...tightened.map((name) => `Backward incompatible: made optional field '${name}' required`),
    ...changedTypes(old, next).map((name) => `Backward incompatible: changed type of field '${name}'`),
  ];
}

function jsonForward(old: Json, next: Json): string[] {
  const added = required(next).filter((name) => !has(properties(old), name));
  return [
    ...added.map((name) => `Forward incompatible: added new required field '${name}'`),
    ...changedTypes(old, next).map((name) => `Forward incompatible: changed type of field '${name}'`),
  ];
}

function changedTypes(old: Json, next: Json): string[] {
  const [before, after] = [properties(old) ?? {}, properties(next) ?? {}];
  const shared = Object.keys(before).filter((name) => Object.hasOwn(after, name));
  return shared.sort().filter((name) => {
    const [a, b] = [before[name], after[name]].map((property) => (isObject(property) ? property["type"] : undefined));
    return a !== undefined && b !== undefined && JSON.stringify(a) !== JSON.stringify(b);
  });
}

function properties(schema: Json): JsonObject | undefined {
  const found = isObject(schema) ? schema["properties"] : undefined;
  return isObject(found) ? found : undefined;
}

function required(schema: Json): string[] {
  const found = isObject(schema) ? schema["required"] : undefined;
  return Array.isArray(found) ? found.filter((name) => typeof name === "string") : [];
}

function has(object: JsonObject | undefined, name: string): boolean {
  return object !== undefined && Object.hasOwn(object, name);
}
