import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { unlessAborted } from "../lib/single-flight.ts";
import { maxTimerMs } from "../lib/sleep.ts";
import { type BrokerTransport, CallFailure } from "../transport/seam.ts";
import type { Credentials } from "./credentials.ts";
import { type ConnectionStatus, createTransports, type Target, type TransportsOptions } from "./transports.ts";

export interface CallOptions {
  /** Milliseconds for this one attempt. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * Calls to brokers, over the transports that are there or new ones. All reject with {@link CallFailure}, or with
 * `UNAUTHENTICATED` when there is no token to be had.
 */
export interface Connections {
  unary<I extends DescMessage, O extends DescMessage>(
    target: Target,
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options: CallOptions,
  ): Promise<MessageShape<O>>;
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
const maxTimeoutMs = 99_999_999;

type Send<T> = (transport: BrokerTransport, header: Headers) => Promise<T>;

export function createConnections({ credentials, ...options }: ConnectionsOptions): Connections {
  const transports = createTransports(options);
  let closed = false;

  async function call<T>(target: Target, send: Send<T>, limits: CallOptions, renewed = false): Promise<T> {
    refuseWhenClosed();
    const token = credentials.authorization(target.url);
    const authorization = typeof token === "object" ? await inTime(token, limits) : token;
    refuseWhenClosed();
    const lease = transports.lease(target);
    try {
      const result = await send(lease.transport, headers(target, authorization));
      lease.answered();
      return result;
    } catch (reason) {
      if (!(reason instanceof CallFailure)) {
        throw reason;
      }
      if (reason.kind !== "status") {
        throw lease.failed(reason);
      }
      lease.answered();
      if (renewed || !isRefusal(reason) || !authorization || !credentials.refused(authorization)) {
        throw reason;
      }
    } finally {
      lease.done();
    }
    // Once, with another token.
    return call(target, send, limits, true);
  }

  function refuseWhenClosed(): void {
    if (closed) {
      throw new CallFailure("aborted", "the client is closed");
    }
  }

  return {
    unary: (target, method, request, limits) => {
      const timeoutMs = Math.min(maxTimeoutMs, limits.timeoutMs);
      const send: Send<{ message: MessageShape<typeof method.output> }> = (transport, header) =>
        transport.unary(method, limits.signal, timeoutMs, header, request);
      return call(target, send, limits).then((response) => response.message);
    },
    stream: async (target, method, request, signal) => {
      const send: Send<{ message: AsyncIterable<MessageShape<typeof method.output>> }> = (transport, header) =>
        transport.stream(method, signal, undefined, header, once(request));
      const response = await call(target, send, { signal, timeoutMs: maxTimerMs });
      return response.message;
    },
    status: transports.status,
    opened: transports.opened,
    close() {
      closed = true;
      transports.close();
    },
  };
}

function isRefusal(failure: CallFailure): boolean {
  return failure.status === Code.Unauthenticated;
}

/** A token that does not come is no reason to wait longer than the call may take. */
async function inTime(token: Promise<string>, { signal, timeoutMs }: CallOptions): Promise<string> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), Math.min(maxTimerMs, timeoutMs));
  const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
  try {
    return await unlessAborted(token, either);
  } catch (reason) {
    if (signal?.aborted) {
      throw new CallFailure("aborted", "the call was aborted while its token was awaited", { cause: signal.reason });
    }
    if (late.signal.aborted) {
      throw new CallFailure("unreachable", "the token function did not give a token in time");
    }
    throw reason;
  } finally {
    clearTimeout(timer);
  }
}

function headers(target: Target, authorization: string | undefined): Headers {
  const header = new Headers();
  if (authorization !== undefined) {
    header.set("authorization", authorization);
  }
  if (target.behindProxy !== undefined) {
    header.set("x-danube-broker-url", target.behindProxy);
  }
  return header;
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}
