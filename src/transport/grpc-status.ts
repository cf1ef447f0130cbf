import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorCode } from "./http2/constants.ts";
import { StreamFailure } from "./http2/failures.ts";
import type { CallFailure, FailureKind } from "./seam.ts";

/** The status of a call that came to no answer, for interceptors: what gRPC makes of it over HTTP/2. The failure is its cause. */
export function toConnectError(failure: CallFailure): ConnectError {
  return new ConnectError(failure.message, codeOf(failure), undefined, undefined, failure);
}

const byKind: { readonly [kind in FailureKind]: Code } = {
  status: Code.Unknown,
  unreachable: Code.Unavailable,
  refused: Code.Unavailable,
  lost: Code.Unavailable,
  reset: Code.Internal,
  silent: Code.Unavailable,
  deadline: Code.DeadlineExceeded,
  aborted: Code.Canceled,
  untrusted: Code.Unavailable,
  garbled: Code.Unknown,
};

/** Of the codes of RST_STREAM, those that are not INTERNAL ("Errors" in gRPC's PROTOCOL-HTTP2). */
const byReset: ReadonlyMap<number | undefined, Code> = new Map([
  [ErrorCode.cancel, Code.Canceled],
  [ErrorCode.refusedStream, Code.Unavailable],
  [ErrorCode.enhanceYourCalm, Code.ResourceExhausted],
  [ErrorCode.inadequateSecurity, Code.PermissionDenied],
]);

function codeOf({ kind, status, cause }: CallFailure): Code {
  const reset = kind === "reset" && cause instanceof StreamFailure ? byReset.get(cause.code) : undefined;
  return status ?? reset ?? byKind[kind];
}
