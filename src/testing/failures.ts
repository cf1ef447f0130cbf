import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, encodeBinaryHeader } from "@connectrpc/connect";
import { ErrorMessageSchema, ErrorType } from "../../gen/danube_0_4/danube_api_pb.ts";
import { has, type Version } from "../protocol/features.ts";

/** Makes those failures that old brokers tell twice, with their kind in a trailer; of the others it knows nothing. */
export interface Failures {
  of(message: string, code: Code, kind?: ErrorType): ConnectError;
  invalidName(topic: string): ConnectError;
  topicNotFound(message: string): ConnectError;
}

export function createFailures(version: Version): Failures {
  const inTrailer = has(version, "errorTrailer");

  function of(message: string, code: Code, kind: ErrorType = ErrorType.UNKNOWN_ERROR): ConnectError {
    const error = new ConnectError(message, code);
    if (inTrailer) {
      const bytes = toBinary(
        ErrorMessageSchema,
        create(ErrorMessageSchema, { errorType: kind, errorMessage: message }),
      );
      error.metadata.set("error-message-bin", encodeBinaryHeader(bytes));
    }
    return error;
  }

  return {
    of,
    invalidName: (topic) =>
      of(
        `The topic: ${topic} has an invalid format, should be: /namespace_name/topic_name`,
        Code.InvalidArgument,
        ErrorType.INVALID_TOPIC_NAME,
      ),
    topicNotFound: (message) =>
      of(message, inTrailer ? Code.InvalidArgument : Code.NotFound, ErrorType.TOPIC_NOT_FOUND),
  };
}
