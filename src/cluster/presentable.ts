import { ConnectError } from "@connectrpc/connect";
import { shown } from "../lib/shown.ts";
import { findCause } from "../transport/failure.ts";
import { CallFailure } from "../transport/seam.ts";

/** `text` without the secrets that it may repeat. */
export type Hide = (text: string) => string;

/**
 * A failure as it goes on to users, events and logs. Of an answer only its code and its words: its metadata, and Connect's errors, which
 * have it, may hold whatever a server or a proxy repeats of a request, the token with it.
 */
export function presentable(failure: CallFailure, hide: Hide): CallFailure {
  return presentableIn([failure], failure, hide);
}

/** `outer`: the failures that it is the cause of. Chains may be circles, and messages anything: users' code makes errors too. */
function presentableIn(outer: readonly CallFailure[], failure: CallFailure, hide: Hide): CallFailure {
  const message = clean(withoutPayload(String(failure.message)), hide);
  const cause = presentableCause(outer, failure.cause, hide);
  return message === failure.message && cause === failure.cause && failure.metadata === undefined
    ? failure
    : new CallFailure(failure.kind, message, { status: failure.status, cause });
}

/** The runtime's own error, or a user's; `undefined` where there is none that says no more than it may. */
function presentableCause(outer: readonly CallFailure[], cause: unknown, hide: Hide): unknown {
  const own = cause instanceof ConnectError ? findCause(cause, (one) => !(one instanceof ConnectError)) : cause;
  if (own instanceof CallFailure) {
    return outer.includes(own) ? undefined : presentableIn([...outer, own], own, hide);
  }
  const dirty = (one: unknown) =>
    one instanceof ConnectError || one instanceof CallFailure || (one instanceof Error && !isClean(one.message, hide));
  return findCause(own, dirty) === undefined ? own : undefined;
}

function clean(text: string, hide: Hide): string {
  return shown(hide(text));
}

/** Errors of runtimes have lines of their own making. */
function isClean(text: unknown, hide: Hide): boolean {
  if (typeof text !== "string") {
    return false;
  }
  const plain = text.replaceAll("\n", " ");
  return clean(plain, hide) === plain;
}

/** Brokers that validate JSON quote the values that do not fit, up to the whole message. */
function withoutPayload(words: string): string {
  return words.replace(
    /(JSON Schema validation failed): .*/is,
    "$1 (where, is told by a producer with this JSON Schema before it sends)",
  );
}
