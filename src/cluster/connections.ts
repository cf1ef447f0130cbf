import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { closedError } from "../errors.ts";
import { maxTimerMs } from "../lib/sleep.ts";
import { timeLimit } from "../lib/time-limit.ts";
import { withPlainStatus } from "../protocol/error-trailer.ts";
import { CallFailure } from "../transport/seam.ts";
import type { Credentials } from "./credentials.ts";
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
  /** Called when the request goes out: from here on its fate can be unknown. */
  onSending?: (() => void) | undefined;
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
  /** The same for a request that can be encoded in a shorter way, where the transport has one for it. Gives no answer. */
  unaryBytes<I extends DescMessage>(
    target: Target,
    method: DescMethodUnary<I, DescMessage>,
    request: EncodedRequest<I>,
    options: CallOptions,
  ): Promise<void>;
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

/** A request, as a message or in bytes. */
export interface EncodedRequest<I extends DescMessage> {
  message(): MessageInitShape<I>;
  /** Encoded, behind its gRPC prefix. */
  bytes(): Uint8Array;
}

export interface ConnectionsOptions extends TransportsOptions {
  credentials: Credentials;
}

/** gRPC writes a time-out with eight digits at most. */
const maxTimeoutMs = 99_999_999;

/** Makes a call on a lease, and ends the lease unless it fails. */
type Send<T> = (lease: Lease, header: Headers) => Promise<T>;

export function createConnections({ credentials, ...options }: ConnectionsOptions): Connections {
  const transports = createTransports(options);
  const headers = createHeaders();
  let closed = false;

  async function call<T>(target: Target, send: Send<T>, limits: CallOptions, refusals = 0): Promise<T> {
    refuseWhenClosed();
    const token = limits.withoutToken ? undefined : credentials.authorization(target.url);
    const authorization = typeof token === "function" ? await inTime(token, limits) : token;
    refuseWhenClosed();
    const lease = transports.lease(target);
    limits.onSending?.();
    try {
      return await send(lease, headers(target, authorization));
    } catch (reason) {
      noteEnd(lease, reason);
      if (!(reason instanceof CallFailure)) {
        throw reason;
      }
      if (!isRefusal(reason) || !authorization || !credentials.refused(authorization, refusals + 1)) {
        throw withPlainStatus(reason);
      }
    }
    // With another token, or the same one in another form.
    return call(target, send, limits, refusals + 1);
  }

  function refuseWhenClosed(): void {
    if (closed) {
      throw closedError("the client");
    }
  }

  return {
    unary: (target, method, request, limits) => {
      const timeoutMs = Math.min(maxTimeoutMs, limits.timeoutMs);
      const send: Send<MessageShape<typeof method.output>> = async (lease, header) => {
        const { message } = await lease.transport.unary(method, limits.signal, timeoutMs, header, request);
        lease.answered();
        lease.done();
        return message;
      };
      return call(target, send, limits);
    },
    unaryBytes: (target, method, request, limits) => {
      const timeoutMs = Math.min(maxTimeoutMs, limits.timeoutMs);
      const send: Send<void> = async (lease, header) => {
        const { transport } = lease;
        if (transport.unaryBytes) {
          const path = `/${method.parent.typeName}/${method.name}`;
          await transport.unaryBytes({ path, request: request.bytes(), header, timeoutMs, signal: limits.signal });
        } else {
          await transport.unary(method, limits.signal, timeoutMs, header, request.message());
        }
        lease.answered();
        lease.done();
      };
      return call(target, send, limits);
    },
    stream: (target, method, request, signal) => {
      const send: Send<AsyncIterable<MessageShape<typeof method.output>>> = async (lease, header) => {
        const { message } = await lease.transport.stream(method, signal, undefined, header, once(request));
        lease.answered();
        return whileRead(lease, message, signal);
      };
      return call(target, send, { signal, timeoutMs: maxTimerMs });
    },
    status: transports.status,
    opened: transports.opened,
    close() {
      closed = true;
      transports.close();
    },
  };
}

/** Ends a lease, with what the call failed with. */
function noteEnd(lease: Lease, reason: unknown): void {
  if (reason instanceof CallFailure) {
    if (reason.kind === "status") {
      lease.answered();
    } else {
      lease.failed(reason);
    }
  }
  lease.done();
}

/** A stream is a call in flight until it has ended, its reader breaks off, or the signal ends it. */
function whileRead<T>(lease: Lease, messages: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  let open = true;
  const release = (reason?: unknown) => {
    if (open) {
      open = false;
      signal.removeEventListener("abort", onAbort);
      noteEnd(lease, reason);
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

function isRefusal(failure: CallFailure): boolean {
  return failure.status === Code.Unauthenticated;
}

/** A token that does not come is no reason to wait longer than the call may take. */
async function inTime(
  ask: (signal: AbortSignal) => Promise<string>,
  { signal, timeoutMs }: CallOptions,
): Promise<string> {
  const limit = timeLimit(timeoutMs, signal);
  try {
    return await ask(limit.signal);
  } catch (reason) {
    if (signal?.aborted) {
      throw new CallFailure("aborted", "the call was aborted while its token was awaited", { cause: signal.reason });
    }
    if (limit.isOver()) {
      throw new CallFailure("unreachable", "there was no token to be had in time");
    }
    throw reason;
  } finally {
    limit.end();
  }
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
