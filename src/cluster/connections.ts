import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { maxTimerMs } from "../lib/sleep.ts";
import { type BrokerTransport, CallFailure } from "../transport/seam.ts";
import type { Credentials } from "./credentials.ts";
import { type CallContext, endLease, LeasedCall, type LeasedRequest } from "./leased-call.ts";
import { presentable } from "./presentable.ts";
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

  /**
   * A call by a promise of the transport's. `result`: what its answer is to the caller, and the lease's end. Ends with the signal
   * whatever the transport does about it: there may be a user's interceptor in it that never comes to an end.
   */
  function promised<A, R>(
    { signal, ...limits }: CallOptions & Pick<LeasedRequest<A>, "target">,
    send: (transport: BrokerTransport, header: Headers) => Promise<A>,
    result: (answer: A, lease: Lease) => R,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      const over = () => signal?.removeEventListener("abort", giveUp);
      const call = new LeasedCall<A>(context, {
        ...limits,
        send(transport, header, call) {
          send(transport, header).then(
            (answer) => call.onAnswer(answer),
            (reason) => call.onFailure(reason),
          );
          return undefined;
        },
        onSending() {},
        onAnswer(answer, lease) {
          over();
          resolve(result(answer, lease));
        },
        onFailure(reason) {
          over();
          reject(reason);
        },
      });
      const giveUp = () => {
        call.cancel();
        reject(new CallFailure("aborted", "the call was aborted"));
      };
      if (signal?.aborted) {
        giveUp();
      } else {
        signal?.addEventListener("abort", giveUp, { once: true });
        call.begin();
      }
    });
  }

  return {
    call: (request) => new LeasedCall(context, request),
    unary: (target, method, request, limits) => {
      const timeoutMs = Math.min(maxTimeoutMs, limits.timeoutMs);
      return promised(
        { ...limits, target },
        // What a user's own transport gives may be anything.
        async (transport, header) => (await transport.unary(method, limits.signal, timeoutMs, header, request)).message,
        (message, lease) => {
          lease.done();
          return message;
        },
      );
    },
    stream: (target, method, request, signal) =>
      promised(
        { target, signal, timeoutMs: maxTimerMs },
        async (transport, header) => (await transport.stream(method, signal, undefined, header, once(request))).message,
        (messages, lease) => whileRead(lease, messages, signal, credentials.hide),
      ),
    status: transports.status,
    opened: transports.opened,
    close() {
      closed = true;
      transports.close();
    },
  };
}

/** A stream is a call in flight until it has ended, its reader breaks off, or the signal ends it. */
function whileRead<T>(
  lease: Lease,
  messages: AsyncIterable<T>,
  signal: AbortSignal,
  hide: Credentials["hide"],
): AsyncIterable<T> {
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
    } catch (failure) {
      const reason = failure instanceof CallFailure ? presentable(failure, hide) : failure;
      release(reason);
      throw reason;
    } finally {
      release();
    }
  })();
}

/** What a call has beside its request. */
interface Metadata {
  authorization: string | undefined;
  behindProxy: string | undefined;
  header: Headers;
}

/**
 * Calls come in rows with the same metadata, or go to many brokers behind a proxy in turn: it is made once for each, and changed by
 * nobody, so that transports know it again.
 */
function createHeaders() {
  const made = new WeakMap<Target, Metadata>();
  let last: Metadata | undefined;
  return (target: Target, authorization: string | undefined): Headers => {
    const { behindProxy } = target;
    if (last?.authorization !== authorization || last?.behindProxy !== behindProxy || !last) {
      const before = made.get(target);
      last =
        before && before.authorization === authorization
          ? before
          : { authorization, behindProxy, header: headersOf(authorization, behindProxy) };
      made.set(target, last);
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
