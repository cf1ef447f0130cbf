import { isDanubeError } from "../errors.ts";

/** An error for people: its code first. */
export function describe(error: unknown): string {
  if (isDanubeError(error)) {
    return `${error.code}: ${error.message}${error.outcome ? ` (${error.outcome})` : ""}`;
  }
  return error instanceof Error ? error.message : String(error);
}
