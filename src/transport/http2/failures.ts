import { type ErrorCode, errorName } from "./constants.ts";

/** The peer broke a rule, so that the connection has to end (RFC 9113 §5.4.1): GOAWAY with the code, and the close. */
export class ConnectionError extends Error {
  override readonly name: string = "ConnectionError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(`${message} (${errorName(code)})`);
    this.code = code;
  }
}

/** The peer broke a rule on one stream (§5.4.2): RST_STREAM with the code. */
export class StreamError extends Error {
  override readonly name: string = "StreamError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(`${message} (${errorName(code)})`);
    this.code = code;
  }
}

/** How a stream failed, as far as its caller is concerned. */
export type StreamFailureKind =
  /** The peer did not begin with it, or it never went out: it may be made again on another connection. */
  | "refused"
  /** The peer ended it (RST_STREAM). What it did before that is not known. */
  | "reset"
  /** The connection ended under it. What the peer did before that is not known. */
  | "lost"
  /** The peer broke the protocol. */
  | "malformed";

/** What a stream ends with when it does not come to its end. */
export class StreamFailure extends Error {
  override readonly name: string = "StreamFailure";
  readonly kind: StreamFailureKind;
  /** The error code of RST_STREAM or GOAWAY, where one came. */
  readonly code: number | undefined;

  constructor(kind: StreamFailureKind, message: string, options: { code?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.code = options.code;
  }
}
