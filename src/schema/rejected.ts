import { DanubeError } from "../errors.ts";

/** The value does not fit the schema: said here, so nothing was sent. */
export function rejected(subject: string | undefined, why: string, cause?: unknown): DanubeError {
  const what = subject === undefined ? "the schema" : `schema ${subject}`;
  return new DanubeError("SCHEMA_REJECTED", `the message does not fit ${what}: ${why}`, { cause, outcome: "not-sent" });
}
