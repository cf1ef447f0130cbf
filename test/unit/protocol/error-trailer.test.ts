import { create, toBinary } from "@bufbuild/protobuf";
import { Code, encodeBinaryHeader } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { ErrorMessageSchema, ErrorType } from "../../../gen/danube_0_4/danube_api_pb.ts";
import { withPlainStatus } from "../../../src/protocol/error-trailer.ts";
import { CallFailure } from "../../../src/transport/seam.ts";

const trailer = (errorType: ErrorType, errorMessage = "words") =>
  encodeBinaryHeader(toBinary(ErrorMessageSchema, create(ErrorMessageSchema, { errorType, errorMessage })));

const failure = (status: Code, value?: string, message = "words") =>
  new CallFailure("status", message, {
    status,
    metadata: new Headers(value === undefined ? {} : { "error-message-bin": value }),
  });

describe("withPlainStatus", () => {
  test("a topic that is not there is NOT_FOUND, as later brokers say", () => {
    const old = failure(Code.InvalidArgument, trailer(ErrorType.TOPIC_NOT_FOUND));
    expect(withPlainStatus(old)).toMatchObject({ kind: "status", status: Code.NotFound, message: "words", cause: old });
  });

  test("words that are in the trailer only are not lost", () => {
    const old = failure(Code.InvalidArgument, trailer(ErrorType.SERVICE_NOT_READY, "look it up"), "");
    expect(withPlainStatus(old)).toMatchObject({ status: Code.Unavailable, message: "look it up" });
  });

  test.each([
    ["the status says it already", failure(Code.Unavailable, trailer(ErrorType.SERVICE_NOT_READY))],
    ["the kind says nothing", failure(Code.InvalidArgument, trailer(ErrorType.UNKNOWN_ERROR))],
    ["the kind is new", failure(Code.InvalidArgument, trailer(77 as ErrorType))],
    ["there is no trailer", failure(Code.InvalidArgument)],
    ["the trailer is rubbish", failure(Code.InvalidArgument, "!!!")],
    ["the trailer is another message", failure(Code.InvalidArgument, "/////w")],
    ["nobody answered", new CallFailure("lost", "lost")],
    ["there are no headers", new CallFailure("status", "words", { status: Code.NotFound })],
  ])("left as it is where %s", (_, given) => {
    expect(withPlainStatus(given)).toBe(given);
  });
});
