import { columnOf, missing, only, quotedColumn } from "./columns.ts";
import { UsageError } from "./usage.ts";

/** Finds the key in the text of a line, or throws why there is none. */
type Find = (text: string) => string;

const readers: Record<string, (rest: string) => Find> = {
  json(path) {
    const steps = stepsOf(path);
    return (text) => inJson(text, path, steps);
  },
  csv(rest) {
    const { column, separator = "," } = columnOf("csv", rest);
    return (text) => quotedColumn(text, column, separator);
  },
  field(rest) {
    const { column, separator } = columnOf("field", rest);
    return (text) => {
      const columns = separator === undefined ? (text.match(/\S+/gu) ?? []) : text.split(separator);
      return columns[column - 1] ?? missing(only(columns.length));
    };
  },
  match(source) {
    const pattern = patternOf(source);
    return (text) => {
      const found = pattern.exec(text) ?? missing("it does not match");
      // A group that took no part is none, however much the rest matches.
      return found.length > 1 ? (found[1] ?? missing("its group does not match")) : found[0];
    };
  },
};

/**
 * Reads `--key-from`. Gives what finds the routing key of a line, and throws an Error that says why there is none; an
 * empty key is none.
 */
export function parseKeyFrom(spec: string): (line: Uint8Array) => string {
  const at = spec.indexOf(":");
  const kind = spec.slice(0, Math.max(0, at));
  const reader = Object.hasOwn(readers, kind) ? readers[kind] : undefined;
  if (!reader) {
    const known = Object.keys(readers).map((name) => `${name}:…`);
    throw new UsageError(`--key-from must be one of ${known.join(", ")}, not ${JSON.stringify(spec)}`);
  }
  const find = reader(spec.slice(at + 1));
  return (line) => {
    try {
      return keyIn(line, find);
    } catch (error) {
      throw new Error(`no key by ${spec}: ${(error as Error).message}`, { cause: error });
    }
  };
}

const strict = new TextDecoder("utf-8", { fatal: true });
const lenient = new TextDecoder("utf-8");
const replacement = "\ufffd";

function keyIn(line: Uint8Array, find: Find): string {
  let text: string;
  let broken = false;
  try {
    text = strict.decode(line);
  } catch {
    // Logs have such bytes in places that are no concern of the key's.
    text = lenient.decode(line);
    broken = true;
  }
  const key = find(text);
  if (key === "") {
    missing("it is empty");
  }
  if (broken && key.includes(replacement)) {
    missing("it is no UTF-8");
  }
  return key;
}

function patternOf(source: string): RegExp {
  try {
    return new RegExp(source === "" ? missing("it is empty") : source, "u");
  } catch (error) {
    throw new UsageError(`--key-from match: ${(error as Error).message}`);
  }
}

/** The names on the way: `user.id`, or a JSON Pointer (RFC 6901). */
function stepsOf(path: string): string[] {
  const pointer = path.startsWith("/");
  const steps = pointer ? path.slice(1).split("/").map(unescaped) : path.split(".");
  if (!pointer && steps.includes("")) {
    throw new UsageError(`--key-from json: wants a path such as user.id, not ${JSON.stringify(path)}`);
  }
  return steps;
}

const unescaped = (step: string) => step.replaceAll("~1", "/").replaceAll("~0", "~");

function inJson(text: string, path: string, steps: string[]): string {
  let value = parseJson(text);
  for (const step of steps) {
    if (typeof value !== "object" || value === null || !Object.keys(value).includes(step)) {
      missing(`there is no ${path}`);
    }
    value = (value as Record<string, unknown>)[step];
  }
  if (typeof value !== "string" && typeof value !== "boolean") {
    missing(`${path} is ${value === null ? "null" : Array.isArray(value) ? "an array" : "an object"}`);
  }
  return String(value);
}

/** Numbers as they are written: an id of 64 bits has more digits than a number holds. */
function parseJson(text: string): unknown {
  const asWritten = (_: string, value: unknown, context?: { source: string }) =>
    typeof value === "number" ? (context?.source ?? String(value)) : value;
  try {
    return JSON.parse(text, asWritten);
  } catch {
    return missing("it is no JSON");
  }
}
