import { DanubeError, isDanubeError } from "../errors.ts";
import { atOnce, inWords } from "../lib/foreign-code.ts";
import type { Codec } from "../protocol/dialect.ts";
import type { Schema } from "./schema.ts";

/** The value does not fit the schema: said here, so nothing was sent. */
export function rejected(subject: string | undefined, why: string, cause?: unknown): DanubeError {
  const what = subject === undefined ? "the schema" : `schema ${subject}`;
  return new DanubeError("SCHEMA_REJECTED", `the message does not fit ${what}: ${why}`, { cause, outcome: "not-sent" });
}

/** Loads what a schema needs to encode. */
export async function prepare(schema: Schema<never, unknown>): Promise<void> {
  try {
    await schema.prepare?.();
  } catch (cause) {
    throw isTold(cause)
      ? cause
      : new DanubeError("UNSUPPORTED", `the schema could not be prepared: ${inWords(cause)}`, { cause });
  }
}

/** The payload's bytes, which may still be the caller's own. */
export function encode<T>(schema: Codec<T>, payload: T): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = schema.encode(payload);
    if (!(bytes instanceof Uint8Array)) {
      atOnce(bytes);
    }
  } catch (cause) {
    throw isTold(cause)
      ? cause
      : rejected(schema.subject, cause instanceof Error ? cause.message : inWords(cause), cause);
  }
  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError(`"schema.encode" must give a Uint8Array`);
  }
  return bytes;
}

/** Users are told of these as they are. */
function isTold(error: unknown): boolean {
  return isDanubeError(error) || error instanceof TypeError;
}
