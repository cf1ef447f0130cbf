import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { DanubeError } from "../errors.ts";
import type { EventLog } from "../events.ts";
import { type BrokerTransport, CallFailure, type CreateTransport, type TransportOptions } from "../transport/seam.ts";
import type { Credentials } from "./credentials.ts";

/** Where calls go. */
export interface Target {
  /** The URL that is dialled: a broker, or the proxy in front of it. */
  url: string;
  /** Behind a proxy: the broker that is meant, named in a header of every call. */
  behindProxy: string | undefined;
}

export interface CallOptions {
  /** Milliseconds for this one attempt. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** What `status()` tells about a connection. */
export interface ConnectionStatus {
  url: string;
  brokerUrl?: string | undefined;
  /** Whether the broker answered on it. */
  answered: boolean;
  callsInFlight: number;
}

/**
 * The transports of a client: one per broker URL (and per broker behind a proxy), shared by everybody who calls it,
 * opened by the first call, replaced when it fails, let go when unused. All calls reject with {@link CallFailure}.
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

export interface ConnectionsOptions {
  createTransport: CreateTransport;
  transportOptions: TransportOptions;
  credentials: Credentials;
  events: EventLog;
  /** Transports without a call for this long are let go. */
  idleMs?: number;
}

interface Entry {
  readonly key: string;
  readonly target: Target;
  readonly transport: BrokerTransport;
  callsInFlight: number;
  answered: boolean;
  lastAnswerAt: number;
  lastUsedAt: number;
}

export function createConnections(options: ConnectionsOptions): Connections {
  const { createTransport, transportOptions, credentials, events, idleMs = 5 * 60_000 } = options;
  const entries = new Map<string, Entry>();
  // Replaced, and still carrying calls.
  const retired = new Set<Entry>();
  // Survives the transports: an address that has answered once is a broker, whatever it says later.
  const proven = new Set<string>();
  let opened = 0;
  let closed = false;
  let sweeper: ReturnType<typeof setInterval> | undefined;

  function entryFor(target: Target): Entry {
    const key = `${target.url} ${target.behindProxy ?? ""}`;
    const current = entries.get(key);
    if (current) {
      return current;
    }
    opened++;
    const transport = createTransport(target.url, transportOptions);
    const entry: Entry = {
      key,
      target,
      transport,
      callsInFlight: 0,
      answered: false,
      lastAnswerAt: 0,
      lastUsedAt: Date.now(),
    };
    entries.set(key, entry);
    if (!sweeper) {
      sweeper = setInterval(sweep, idleMs);
      unref(sweeper);
    }
    return entry;
  }

  async function attempt<T>(
    target: Target,
    call: (transport: BrokerTransport, header: Headers) => Promise<T>,
    renewed = false,
  ): Promise<T> {
    if (closed) {
      throw new CallFailure("aborted", "the client is closed");
    }
    const authorization = await credentials.authorization(target.url);
    const entry = entryFor(target);
    const startedAt = Date.now();
    entry.callsInFlight++;
    try {
      const result = await call(entry.transport, headers(target, authorization));
      noteAnswer(entry);
      return result;
    } catch (reason) {
      if (!(reason instanceof CallFailure)) {
        throw reason;
      }
      const failure = doubtful(entry, reason);
      if (failure.kind === "status") {
        noteAnswer(entry);
        if (
          failure.status === Code.Unauthenticated &&
          authorization &&
          !renewed &&
          credentials.refused(authorization)
        ) {
          return await attempt(target, call, true);
        }
      } else {
        replaceIfDead(entry, failure, startedAt);
      }
      throw failure;
    } finally {
      entry.callsInFlight--;
      entry.lastUsedAt = Date.now();
      if (entry.callsInFlight === 0 && retired.delete(entry)) {
        entry.transport.close();
      }
    }
  }

  function noteAnswer(entry: Entry): void {
    entry.lastAnswerAt = Date.now();
    if (!entry.answered) {
      entry.answered = true;
      proven.add(entry.target.url);
      events.emit({ type: "connected", url: entry.target.url });
    }
  }

  /** Silence from an address that never was a broker is a wrong address; from a broker it is one that restarts. */
  function doubtful(entry: Entry, failure: CallFailure): CallFailure {
    return failure.kind === "silent" && !proven.has(entry.target.url)
      ? new CallFailure("garbled", failure.message, { cause: failure.cause })
      : failure;
  }

  /**
   * Runtimes differ in whether a transport finds its way back after a failure, so a failed one is replaced. Calls
   * that are still on it end by themselves: they may have been luckier.
   */
  function replaceIfDead(entry: Entry, failure: CallFailure, startedAt: number): void {
    // A call that was given up before the broker ever answered may be one that cannot even connect.
    const alive = failure.kind === "refused" || (failure.kind === "aborted" && entry.answered);
    // A time-out on a connection that answered others meanwhile says nothing about the connection.
    const onlySlow = failure.kind === "deadline" && entry.lastAnswerAt >= startedAt;
    if (alive || onlySlow || entries.get(entry.key) !== entry) {
      return;
    }
    entries.delete(entry.key);
    retired.add(entry);
    if (entry.answered) {
      const error = new DanubeError("UNAVAILABLE", failure.message, { cause: failure });
      events.emit({ type: "disconnected", url: entry.target.url, error });
    }
  }

  function sweep(): void {
    for (const [key, entry] of entries) {
      if (entry.callsInFlight === 0 && Date.now() - entry.lastUsedAt >= idleMs) {
        entries.delete(key);
        entry.transport.close();
      }
    }
    if (entries.size === 0) {
      clearInterval(sweeper);
      sweeper = undefined;
    }
  }

  return {
    unary: (target, method, request, { signal, timeoutMs }) =>
      attempt(target, async (transport, header) => {
        const response = await transport.unary(method, signal, timeoutMs, header, request);
        return response.message;
      }),
    stream: (target, method, request, signal) =>
      attempt(target, async (transport, header) => {
        const response = await transport.stream(method, signal, undefined, header, once(request));
        return response.message;
      }),
    status: () =>
      [...entries.values()].map(({ target, answered, callsInFlight }) => ({
        url: target.url,
        brokerUrl: target.behindProxy,
        answered,
        callsInFlight,
      })),
    opened: () => opened,
    close() {
      closed = true;
      clearInterval(sweeper);
      for (const entry of [...entries.values(), ...retired]) {
        entry.transport.close();
      }
      entries.clear();
      retired.clear();
    },
  };
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

/** Where timers hold a process, this one does not. */
function unref(timer: unknown): void {
  (timer as { unref?: () => void }).unref?.();
}
