// Brokers up to 0.15.1 answer with their own record of a definition instead of what was registered: `"String"`, or
// `{"JsonSchema":{"raw_schema":"…","fingerprint":"…"}}`.

const decoder = new TextDecoder();

/**
 * What was registered, from what a broker answers; `""` for the types that have no definition. An answer of another
 * form is taken for the definition itself, which is what brokers that mend this will give.
 */
export function unwrapDefinition(answer: Uint8Array): string {
  const text = decoder.decode(answer);
  const parsed = parse(text);
  if (parsed === "Bytes" || parsed === "String" || parsed === "Number") {
    return "";
  }
  const record = recordIn(parsed);
  return record === undefined ? text : record;
}

function recordIn(parsed: unknown): string | undefined {
  if (typeof parsed !== "object" || parsed === null) {
    return undefined;
  }
  const [[kind, record] = [], ...others] = Object.entries(parsed) as [string, unknown][];
  const field = kind === "Avro" || kind === "JsonSchema" ? "raw_schema" : kind === "Protobuf" ? "raw_proto" : undefined;
  if (field === undefined || others.length > 0 || typeof record !== "object" || record === null) {
    return undefined;
  }
  const raw = (record as Record<string, unknown>)[field];
  return typeof raw === "string" ? raw : undefined;
}

/** Whether two definitions say the same: white space and the order of members do not count where they are JSON. */
export function sameDefinition(a: string, b: string): boolean {
  return a === b || canonical(a) === canonical(b);
}

function canonical(definition: string): string {
  const parsed = parse(definition);
  try {
    return parsed === undefined ? definition : JSON.stringify(sorted(parsed));
  } catch {
    // Nested deeper than the stack.
    return definition;
  }
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
