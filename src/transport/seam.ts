import type { Interceptor, Transport } from "@connectrpc/connect";

/**
 * How a call failed, in the terms that recovery needs. Every transport translates its runtime's errors into
 * these; nothing above a transport looks at a runtime's error codes.
 */
export type FailureKind =
  /** The broker answered with a gRPC status. */
  | "status"
  /** No connection could be made. Nothing was sent. */
  | "unreachable"
  /** The broker said that it did not process the call (REFUSED_STREAM, GOAWAY). */
  | "refused"
  /** The connection ended with the call in flight: the broker may have processed it. */
  | "lost"
  /** The broker broke the call off without an answer, and the connection stands: it may have processed it. */
  | "reset"
  /** The connection was closed before a word of HTTP/2 came (over fetch: of HTTP): no broker, TLS expected, or a proxy without one behind it. */
  | "silent"
  /** The attempt's time was over: the broker may have processed it. */
  | "deadline"
  /** The caller's signal ended it. */
  | "aborted"
  /** TLS: one side does not trust the other, or does not speak TLS. Nothing was sent. */
  | "untrusted"
  /** What answered does not speak gRPC. */
  | "garbled";

/** What a {@link CallFailure} is made with, beside its kind and its words. */
export interface CallFailureOptions {
  /** The gRPC status code. */
  status?: number | undefined;
  /** The headers and trailers of the answer. */
  metadata?: Headers | undefined;
  /** The runtime's own error. */
  cause?: unknown;
}

/** What every call through a {@link BrokerTransport} rejects with. */
export class CallFailure extends Error {
  /** Always `"CallFailure"`. */
  override readonly name: string = "CallFailure";
  /** What happened. */
  readonly kind: FailureKind;
  /** The gRPC status code, when `kind` is `"status"`. */
  readonly status: number | undefined;
  /** The headers and trailers of the answer, when `kind` is `"status"`: old brokers say more in them. */
  readonly metadata: Headers | undefined;

  /** For transports of your own. */
  constructor(kind: FailureKind, message: string, options: CallFailureOptions = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.status = options.status;
    this.metadata = options.metadata;
  }
}

/** TLS settings of a connection. Contents in PEM, not paths. */
export interface TlsOptions {
  /** Certificates of the authorities to trust. Default: those of the runtime. */
  ca?: string | Uint8Array | (string | Uint8Array)[] | undefined;
  /** The client's certificate, for brokers that want one (mutual TLS). Goes with `key`. */
  cert?: string | Uint8Array | undefined;
  /** The private key of `cert`. */
  key?: string | Uint8Array | undefined;
  /** The name that the broker's certificate must bear. Default: the host of the URL. */
  serverName?: string | undefined;
}

/** What a transport is made with; the same for every broker of a client. */
export interface TransportOptions {
  /** For `https://` URLs. */
  tls?: TlsOptions | undefined;
  /** Connect interceptors, around every call. */
  interceptors?: Interceptor[] | undefined;
}

/** The bytes of a gRPC message before it: whether it is compressed, and its length. */
export const prefixBytes = 5;

/** A call in bytes; see {@link BrokerTransport.unaryBytes}. */
export interface UnaryBytesCall {
  /** `/package.Service/Method`. */
  path: string;
  /** The encoded message, behind its gRPC prefix of five bytes. */
  request: Uint8Array;
  /** The metadata. May be kept, and is not to be changed after. */
  header: Headers;
  /** Milliseconds until the call is given up, with a {@link CallFailure} of kind `"deadline"`. */
  timeoutMs: number;
}

/** Told once what a call came to; perhaps before the function that begins it has returned. Must not throw. */
export interface UnaryListener {
  /** The encoded message of the answer, behind its prefix. */
  onAnswer(answer: Uint8Array): void;
  /** Why there is none. */
  onFailure(failure: CallFailure): void;
}

/** A call under way. */
export interface Cancelable {
  /** Gives it up: its listener is told nothing more. */
  cancel(): void;
}

/** A way to one broker: a Connect `Transport` whose calls reject with {@link CallFailure}, and an end to it. */
export interface BrokerTransport extends Transport {
  /**
   * The short way of a unary call whose request is encoded already. Without promises, which would be most of what it costs. Left
   * out where there is none, as with interceptors, which want to see messages. Throws for metadata that cannot be sent.
   */
  unaryBytes?(call: UnaryBytesCall, listener: UnaryListener): Cancelable;
  /** Ends the connection and every call on it. */
  close(): void;
}

/** Makes the transport for a broker's URL (`http://host:port`, `https://host:port`). Does no I/O yet. */
export type CreateTransport = (url: string, options: TransportOptions) => BrokerTransport;
