import { DanubeError } from "../errors.ts";

/** Whether a message whose fate is unknown is sent again; see `ProducerOptions.resend`. */
export type Resend = "always" | "never";

/** What the caller is told of a message that may have been accepted and is not sent again. */
export function asUnknown(error: DanubeError): DanubeError {
  const message = `${error.message}; the message may have been accepted, and is not sent again`;
  return new DanubeError("UNAVAILABLE", message, { cause: error, outcome: "unknown" });
}
