/** What went wrong, as a stable string: branch on this, never on a message. */
export type DanubeErrorCode =
  /** The broker does not accept the topic's name. */
  | "INVALID_TOPIC"
  /** The topic's namespace does not exist; brokers create topics but no namespaces. */
  | "NAMESPACE_NOT_FOUND"
  /** The topic does not exist and the broker is configured not to create it. */
  | "TOPIC_NOT_FOUND"
  /** The name is taken in another shape: plain and partitioned, or another number of partitions. */
  | "TOPIC_CONFLICT"
  /** The topic exists with the other dispatch strategy. */
  | "DISPATCH_MISMATCH"
  /** The schema subject, or the version asked for, is not registered. */
  | "SCHEMA_NOT_FOUND"
  /** The topic belongs to another schema subject, or the subject is of another type or definition. */
  | "SCHEMA_MISMATCH"
  /** The registry refuses the new version under the subject's compatibility mode. */
  | "SCHEMA_INCOMPATIBLE"
  /** The message does not fit the schema, or the registry takes the schema's definition for none. */
  | "SCHEMA_REJECTED"
  /** Another producer holds the topic exclusively. */
  | "EXCLUSIVE_PRODUCER"
  /** Another consumer holds the subscription exclusively. */
  | "EXCLUSIVE_CONSUMER"
  /** The namespace's limit of producers per topic is reached. */
  | "PRODUCER_LIMIT"
  /** The namespace's limit of consumers or subscriptions is reached. */
  | "CONSUMER_LIMIT"
  /** The encoded message is larger than the broker takes. */
  | "MESSAGE_TOO_LARGE"
  /** The broker wants credentials, or does not accept the ones given. */
  | "UNAUTHENTICATED"
  /** The credentials are known and do not allow this. */
  | "PERMISSION_DENIED"
  /** The time of the call was over; `cause` is the last failure before that. */
  | "TIMEOUT"
  /** No broker could be reached, or the one reached could not serve the call. */
  | "UNAVAILABLE"
  /** The caller's own `AbortSignal`. */
  | "CANCELED"
  /** The producer or client was closed. */
  | "CLOSED"
  /** The producer's queue is full: the message was not taken. */
  | "QUEUE_FULL"
  /** This broker cannot do what was asked. */
  | "UNSUPPORTED"
  /** What answered does not speak Danube's protocol, or not over this kind of connection. */
  | "PROTOCOL";

/**
 * What is known about a message whose send failed:
 *
 * - `"not-sent"`: no broker has seen it.
 * - `"unknown"`: it was on its way; the broker may have accepted it.
 * - `"rejected"`: the broker answered, and did not accept it.
 */
export type SendOutcome = "not-sent" | "unknown" | "rejected";

/** What a {@link DanubeError} is made with, beside its code and message. */
export interface DanubeErrorOptions {
  /** The failure behind it. */
  cause?: unknown;
  /** Default: by the code. */
  retryable?: boolean | undefined;
  /** On errors of `send`. */
  outcome?: SendOutcome | undefined;
}

// Two copies of the package in one program (npm and JSR, say) know each other's errors by this.
const brand: symbol = Symbol.for("@danube-messaging/client/DanubeError");

/** Codes whose errors may be gone when the same call is made later, unless the error says otherwise. */
const retryableCodes: ReadonlySet<DanubeErrorCode> = new Set(["TIMEOUT", "UNAVAILABLE", "QUEUE_FULL"]);

/**
 * Every failure of this library but wrong arguments, which are `TypeError`.
 *
 * @example
 * ```ts
 * try {
 *   await producer.send("hello");
 * } catch (error) {
 *   if (error instanceof DanubeError && error.code === "TIMEOUT" && error.outcome === "not-sent") {
 *     // safe to send again without a duplicate
 *   }
 * }
 * ```
 */
export class DanubeError extends Error {
  /** Always `"DanubeError"`. */
  override readonly name: string = "DanubeError";
  /** What went wrong. */
  readonly code: DanubeErrorCode;
  /** Whether the same call may succeed later, with nothing changed in the program. */
  readonly retryable: boolean;
  /** On errors of `send`: what is known about the message. */
  readonly outcome: SendOutcome | undefined;

  /** Made by the library; for tests of programs that handle errors. */
  constructor(code: DanubeErrorCode, message: string, options: DanubeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? retryableCodes.has(code);
    this.outcome = options.outcome;
    Object.defineProperty(this, brand, { value: true });
  }

  /** `instanceof` also knows errors from another copy of this package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // Subclasses compare as classes do; only the base recognises other copies of itself.
    // biome-ignore-start lint/complexity/noThisInStatic: which class was asked is the question
    if (this !== DanubeError) {
      return Function.prototype[Symbol.hasInstance].call(this, value);
    }
    // biome-ignore-end lint/complexity/noThisInStatic: which class was asked is the question
    return isDanubeError(value);
  }
}

/** Whether `value` is a {@link DanubeError}, also one from another copy of this package. */
export function isDanubeError(value: unknown): value is DanubeError {
  return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}

/** A copy of `error` that tells what became of the message. */
export function withOutcome(error: DanubeError, outcome: SendOutcome): DanubeError {
  return new DanubeError(error.code, error.message, { cause: error.cause, retryable: error.retryable, outcome });
}

/** What comes of a call to something that was closed. */
export function closedError(what: string): DanubeError {
  return new DanubeError("CLOSED", `${what} is closed`);
}
