import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { toCallFailure } from "../../../src/transport/failure.ts";
import { toConnectError } from "../../../src/transport/grpc-status.ts";
import { ErrorCode } from "../../../src/transport/http2/constants.ts";
import { StreamFailure } from "../../../src/transport/http2/failures.ts";
import { CallFailure, type FailureKind } from "../../../src/transport/seam.ts";

const reset = (code: number) =>
  new CallFailure("reset", "broken off", { cause: new StreamFailure("reset", "RST_STREAM", { code }) });

test.each<[FailureKind, Code]>([
  ["unreachable", Code.Unavailable],
  ["lost", Code.Unavailable],
  ["refused", Code.Unavailable],
  ["silent", Code.Unavailable],
  ["untrusted", Code.Unavailable],
  ["deadline", Code.DeadlineExceeded],
  ["aborted", Code.Canceled],
  ["garbled", Code.Unknown],
])("%s is gRPC's %s to interceptors, and itself again behind them", (kind, code) => {
  const failure = new CallFailure(kind, "why");
  const error = toConnectError(failure);
  expect(error).toMatchObject({ code, rawMessage: "why", cause: failure });
  expect(toCallFailure(error, { url: "http://b:1", signal: undefined, spokeHttp2: undefined })).toBe(failure);
});

test.each([
  [ErrorCode.cancel, Code.Canceled],
  [ErrorCode.refusedStream, Code.Unavailable],
  [ErrorCode.enhanceYourCalm, Code.ResourceExhausted],
  [ErrorCode.inadequateSecurity, Code.PermissionDenied],
  [ErrorCode.internalError, Code.Internal],
  [ErrorCode.noError, Code.Internal],
])("RST_STREAM with %s is %s", (sent, code) => {
  expect(toConnectError(reset(sent)).code).toBe(code);
});
