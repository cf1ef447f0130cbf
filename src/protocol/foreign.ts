import { Code } from "@connectrpc/connect";
import { isDanubeError } from "../errors.ts";
import { CallFailure } from "../transport/seam.ts";

/** What the brokers' Protobuf decoder says of a request that it cannot read. */
export const undecodable: RegExp = /failed to decode|invalid wire type|buffer underflow|invalid tag|invalid varint/i;

/** Brokers until 0.5, of a request of later ones that they can read, but for what is not in it. */
const incomplete = /without specifying the schema|dispatch strategy is missing/i;

/** Whether a call failed because the broker is of another generation than it was spoken to. */
export function isForeign(reason: unknown): boolean {
  const failure = isDanubeError(reason) ? reason.cause : reason;
  if (!(failure instanceof CallFailure)) {
    return false;
  }
  const { status, message } = failure;
  return (
    (status === Code.Internal && undecodable.test(message)) ||
    (status === Code.InvalidArgument && incomplete.test(message)) ||
    isUnknownCall(failure)
  );
}

/** Whether a broker said so, and not the client or the network. */
export function isAnswer(reason: unknown): reason is CallFailure {
  return reason instanceof CallFailure && reason.kind === "status";
}

/** Whether the broker does not have the call at all. */
export function isUnknownCall(failure: CallFailure): boolean {
  return failure.status === Code.Unimplemented;
}
