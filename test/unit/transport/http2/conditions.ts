import { answer, headers, ok, rst } from "./frames.ts";
import { type Call, type Harness, harness } from "./harness.ts";

// Error codes of RFC 9113 §7.
export const PROTOCOL = 1;
export const FLOW_CONTROL = 3;
export const CLOSED = 5;
export const FRAME_SIZE = 6;
export const COMPRESSION = 9;
export const CALM = 11;

/** A connection with streams in all conditions. */
export function busy(): Harness & { calls: Call[] } {
  const all = harness();
  const calls = Array.from({ length: 5 }, () => all.call());
  all.connection.cancel(calls[4]?.stream as never);
  all.feed(answer(3), rst(5, 2), headers(7, ok));
  all.sent();
  return { ...all, calls };
}
