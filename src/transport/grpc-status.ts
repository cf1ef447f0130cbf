import { Code, ConnectError } from "@connectrpc/connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { ErrorCode } from "./http2/constants.ts";
import { StreamFailure } from "./http2/failures.ts";
import { CallFailure, type FailureKind } from "./seam.ts";

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

/** What an answer failed with by its status, which is in `last`: its trailer, or its header where that is all of it. */
export function failureByStatus(url: string, header: Headers, last: Headers): ConnectError | CallFailure | undefined {
  const error = findTrailerError(last);
  if (error) {
    if (last !== header) {
      header.forEach((value, name) => void error.metadata.append(name, value));
    }
    return error;
  }
  return last.has("grpc-status") ? undefined : new CallFailure("lost", `the answer of ${url} ended without a status`);
}
