import { Code } from "@connectrpc/connect";
import { isDanubeError } from "../errors.ts";
import { CallFailure } from "../transport/seam.ts";

/** What the brokers' Protobuf decoder says of a request that it cannot read. */
export const undecodable: RegExp = /failed to decode|invalid wire type|buffer underflow|invalid tag|invalid varint/i;

/** Brokers until 0.5, of a request of later ones that they can read, but for what is not in it. */
const incomplete = /without specifying the schema|dispatch strategy is missing/i;

/** The cause of what a generation cannot do: another one may, so that it is worth finding out which the broker is of. */
export const onlyLater = "only brokers of a later generation can";

/** Whether a call failed because the broker is, or would have to be, of another generation than it was spoken to. */
export function isForeign(reason: unknown): boolean {
  const failure = isDanubeError(reason) ? reason.cause : reason;
  return failure === onlyLater || isUnread(reason) || (failure instanceof CallFailure && isUnknownCall(failure));
}

/** Whether the broker could not read the request. */
function isUnread(reason: unknown): boolean {
  return (
    isAnswer(reason) &&
    ((reason.status === Code.Internal && undecodable.test(reason.message)) ||
      (reason.status === Code.InvalidArgument && incomplete.test(reason.message)))
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
