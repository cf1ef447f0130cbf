import type { Schema } from "../schema/schema.ts";

// What a line of text says. Where it says nothing of the kind, an Error tells why, without naming the line.

// A text begins with whatever it begins with; JSON does not begin with a byte order mark, though files do.
const exactly = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const unmarked = new TextDecoder("utf-8", { fatal: true });

/** A schema of lines, from one of what lines say. */
export function ofLines<T>(
  { encode, decode: _, beforeRegistry, ...schema }: Schema<T, unknown>,
  read: (line: Uint8Array) => T,
): Schema<Uint8Array> {
  const encoder = (of: (value: T) => Uint8Array) => (line: Uint8Array) => {
    try {
      return of(read(line));
    } catch (error) {
      // What would be a mistake in a program is one in the input here, and told as that: SCHEMA_REJECTED.
      throw error instanceof TypeError ? new Error(error.message, { cause: error }) : error;
    }
  };
  return {
    ...schema,
    encode: encoder(encode),
    ...(beforeRegistry && {
      beforeRegistry: { type: beforeRegistry.type, encode: encoder(beforeRegistry.encode) },
    }),
  };
}

export function textIn(line: Uint8Array): string {
  return decoded(exactly, line);
}

/** A number of any size. */
export function wholeNumberIn(line: Uint8Array): bigint {
  const text = decoded(unmarked, line).trim();
  if (!/^[+-]?\d+$/.test(text)) {
    throw new Error(`${quoted(text)} is no whole number`);
  }
  return BigInt(text);
}

/** A decimal number, as near as 64 bits come; also `NaN`, `inf` and `Infinity`. */
export function numberIn(line: Uint8Array): number {
  const text = decoded(unmarked, line).trim();
  if (/^nan$/i.test(text)) {
    return Number.NaN;
  }
  if (/^[+-]?inf(inity)?$/i.test(text)) {
    return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    throw new Error(`${quoted(text)} is no number`);
  }
  const value = Number(text);
  if (!Number.isFinite(value)) {
    throw new Error(`${quoted(text)} is too large for 64 bits`);
  }
  return value;
}

export function jsonIn(line: Uint8Array): unknown {
  const text = decoded(unmarked, line);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`it is no JSON: ${(cause as Error).message}`, { cause });
  }
}

/** The line without a byte order mark. */
export function withoutMark(line: Uint8Array): Uint8Array {
  const marked = line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf;
  return marked ? line.subarray(3) : line;
}

function decoded(decoder: TextDecoder, line: Uint8Array): string {
  try {
    return decoder.decode(line);
  } catch (cause) {
    throw new Error("it is no UTF-8", { cause });
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
