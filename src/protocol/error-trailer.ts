import { Code, decodeBinaryHeader } from "@connectrpc/connect";
import { type ErrorMessage, ErrorMessageSchema, ErrorType } from "../../gen/danube_0_4/danube_api_pb.ts";
import { CallFailure } from "../transport/seam.ts";

const trailer = "error-message-bin";

/** What the kinds are to later brokers, where the status alone says something else. */
const codes: Partial<Record<ErrorType, Code>> = {
  [ErrorType.INVALID_TOPIC_NAME]: Code.InvalidArgument,
  [ErrorType.TOPIC_NOT_FOUND]: Code.NotFound,
  [ErrorType.SERVICE_NOT_READY]: Code.Unavailable,
};

/**
 * A failure as brokers from 0.7.2 on would put it. Until 0.7.1 its kind is in a trailer, and a topic that is not there is
 * INVALID_ARGUMENT.
 */
export function withPlainStatus(failure: CallFailure): CallFailure {
  const value = failure.metadata?.get(trailer);
  const told = typeof value === "string" ? decoded(value) : undefined;
  const status = told ? codes[told.errorType] : withoutTrailer(failure);
  if (failure.kind !== "status" || status === undefined || status === failure.status) {
    return failure;
  }
  return new CallFailure("status", failure.message || told?.errorMessage || "", { status, cause: failure });
}

/** A transport need not pass metadata on. */
function withoutTrailer({ status, message }: CallFailure): Code | undefined {
  return status === Code.InvalidArgument && /unable to find the (requested )?topic/i.test(message)
    ? Code.NotFound
    : undefined;
}

/** What is no such message says nothing. */
function decoded(value: string): ErrorMessage | undefined {
  try {
    return decodeBinaryHeader(value, ErrorMessageSchema);
  } catch {
    return undefined;
  }
}
