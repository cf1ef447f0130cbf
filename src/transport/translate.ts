import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { toCallFailure } from "./failure.ts";
import { type BrokerTransport, CallFailure, type CreateTransport, type TransportOptions } from "./seam.ts";

/** A Connect transport, or one that is a {@link BrokerTransport} already. */
export type TransportFactory = (url: string, options: TransportOptions) => BrokerTransport | Transport;

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
    const given = create(url, options);
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
