import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { describe } from "../lib/check.ts";
import { atOnce } from "../lib/foreign-code.ts";
import { toCallFailure } from "./failure.ts";
import { type BrokerTransport, CallFailure, type CreateTransport, type TransportOptions } from "./seam.ts";

/** A Connect transport, or one that is a {@link BrokerTransport} already. */
export type TransportFactory = (url: string, options: TransportOptions) => BrokerTransport | Transport;

/** Nothing a broker answers is near this. */
export const maxReceiveBytes: number = 64 * 1024 * 1024;

/** What is below a Connect transport of ours. */
export interface Below {
  url: string;
  /** Whether the broker has ever spoken HTTP/2; `undefined` where that is told otherwise. */
  spokeHttp2(): boolean | undefined;
  /** Ends the connection and every call on it. */
  close(): void;
}

/** A Connect transport as one to a broker: what it fails with, and its end. */
export function brokerTransport(transport: Transport, { url, spokeHttp2, close }: Below): BrokerTransport {
  let closed = false;
  const failure = (reason: unknown, signal: AbortSignal | undefined) =>
    closed && !signal?.aborted
      ? new CallFailure("lost", `the connection to ${url} was given up`, { cause: reason })
      : toCallFailure(reason, { url, signal, spokeHttp2: spokeHttp2() });
  return {
    ...translated(transport, failure),
    close() {
      closed = true;
      close();
    },
  };
}

/** `transport`, with its failures as `failure` understands them. */
export function translated(
  transport: Transport,
  failure: (reason: unknown, signal: AbortSignal | undefined) => CallFailure,
): Transport {
  return {
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      try {
        return await transport.unary(method, signal, timeoutMs, header, input, contextValues);
      } catch (reason) {
        throw failure(reason, signal);
      }
    },
    async stream(method, signal, timeoutMs, header, input, contextValues) {
      try {
        const response = await transport.stream(method, signal, timeoutMs, header, input, contextValues);
        return { ...response, message: messages(response.message, (reason) => failure(reason, signal)) };
      } catch (reason) {
        throw failure(reason, signal);
      }
    },
  };
}

async function* messages<T>(source: AsyncIterable<T>, failure: (reason: unknown) => CallFailure): AsyncGenerator<T> {
  try {
    yield* source;
  } catch (reason) {
    throw failure(reason);
  }
}

/** What transports make up themselves; other codes are the broker's word. */
const ownCodes: readonly Code[] = [Code.Canceled, Code.Unknown, Code.DeadlineExceeded, Code.Internal];

/** Lets any Connect transport be a way to a broker. It need not have an end, nor know {@link CallFailure}. */
export function adapted(create: TransportFactory): CreateTransport {
  return (url, options) => {
    const given = atOnce(create(url, options));
    if (typeof given?.unary !== "function") {
      throw new TypeError(`"transport" must give a Connect transport, not ${describe(given)}`);
    }
    const failure = (reason: unknown, signal: AbortSignal | undefined) =>
      reason instanceof ConnectError && !signal?.aborted && !ownCodes.includes(reason.code)
        ? new CallFailure("status", reason.rawMessage, {
            status: reason.code,
            metadata: reason.metadata,
            cause: reason,
          })
        : toCallFailure(reason, { url, signal, spokeHttp2: undefined });
    return { ...translated(given, failure), close: () => ("close" in given ? given.close() : undefined) };
  };
}
