import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { maxTimerMs } from "../lib/sleep.ts";
import type { Credentials } from "./credentials.ts";
import { type CallContext, endLease, LeasedCall, type LeasedRequest } from "./leased-call.ts";
import {
  type ConnectionStatus,
  createTransports,
  type Lease,
  type Target,
  type TransportsOptions,
} from "./transports.ts";

export interface CallOptions {
  /** Milliseconds for this one attempt. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** For the call that gets the token. */
  withoutToken?: boolean | undefined;
}

/**
 * Calls to brokers, over the transports that are there or new ones. All reject with {@link CallFailure}, or with a
 * `DanubeError`: `UNAUTHENTICATED` when there is no token to be had, `CLOSED` after `close()`.
 */
export interface Connections {
  unary<I extends DescMessage, O extends DescMessage>(
    target: Target,
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options: CallOptions,
  ): Promise<MessageShape<O>>;
  /** A call of any kind, to be begun. What it comes to, the request is told. */
  call<A>(request: LeasedRequest<A>): Pick<LeasedCall<A>, "begin" | "cancel">;
  /** Ends with `signal` or with the server; there is no deadline on a stream. */
  stream<I extends DescMessage, O extends DescMessage>(
    target: Target,
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    signal: AbortSignal,
  ): Promise<AsyncIterable<MessageShape<O>>>;
  status(): ConnectionStatus[];
  /** Transports made so far. */
  opened(): number;
  close(): void;
}

export interface ConnectionsOptions extends TransportsOptions {
  credentials: Credentials;
}

/** gRPC writes a time-out with eight digits at most. */
export const maxTimeoutMs = 99_999_999;

export function createConnections({ credentials, ...options }: ConnectionsOptions): Connections {
  const transports = createTransports(options);
  let closed = false;
  const context: CallContext = { transports, credentials, headers: createHeaders(), closed: () => closed };

  return {
    call: (request) => new LeasedCall(context, request),
    unary: (target, method, request, limits) =>
      new Promise((resolve, reject) => {
        const timeoutMs = Math.min(maxTimeoutMs, limits.timeoutMs);
        new LeasedCall<MessageShape<typeof method.output>>(context, {
          ...limits,
          target,
          onSending: nothing,
          send(transport, header, call) {
            transport.unary(method, limits.signal, timeoutMs, header, request).then(
              ({ message }) => call.onAnswer(message),
              (reason) => call.onFailure(reason),
            );
            return undefined;
          },
          onAnswer(message, lease) {
            lease.done();
            resolve(message);
          },
          onFailure: reject,
        }).begin();
      }),
    stream: (target, method, request, signal) =>
      new Promise((resolve, reject) => {
        new LeasedCall<AsyncIterable<MessageShape<typeof method.output>>>(context, {
          target,
          signal,
          timeoutMs: maxTimerMs,
          onSending: nothing,
          send(transport, header, call) {
            transport.stream(method, signal, undefined, header, once(request)).then(
              ({ message }) => call.onAnswer(message),
              (reason) => call.onFailure(reason),
            );
            return undefined;
          },
          onAnswer: (messages, lease) => resolve(whileRead(lease, messages, signal)),
          onFailure: reject,
        }).begin();
      }),
    status: transports.status,
    opened: transports.opened,
    close() {
      closed = true;
      transports.close();
    },
  };
}

function nothing(): void {}

/** A stream is a call in flight until it has ended, its reader breaks off, or the signal ends it. */
function whileRead<T>(lease: Lease, messages: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  let open = true;
  const release = (reason?: unknown) => {
    if (open) {
      open = false;
      signal.removeEventListener("abort", onAbort);
      endLease(lease, reason);
    }
  };
  const onAbort = () => release();
  signal.addEventListener("abort", onAbort, { once: true });
  return (async function* () {
    try {
      yield* messages;
    } catch (reason) {
      release(reason);
      throw reason;
    } finally {
      release();
    }
  })();
}

/** Calls come in rows with the same metadata: it is made once for a row, and changed by nobody. */
function createHeaders() {
  let last: { authorization: string | undefined; behindProxy: string | undefined; header: Headers } | undefined;
  return ({ behindProxy }: Target, authorization: string | undefined): Headers => {
    if (last?.authorization !== authorization || last?.behindProxy !== behindProxy || !last) {
      last = { authorization, behindProxy, header: headersOf(authorization, behindProxy) };
    }
    return last.header;
  };
}

function headersOf(authorization: string | undefined, behindProxy: string | undefined): Headers {
  const header = new Headers();
  if (authorization !== undefined) {
    header.set("authorization", authorization);
  }
  if (behindProxy !== undefined) {
    header.set("x-danube-broker-url", behindProxy);
  }
  return header;
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}
