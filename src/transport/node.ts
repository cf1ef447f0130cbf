import { createGrpcTransport } from "@connectrpc/connect-node";
import { toCallFailure } from "./failure.ts";
import { createSessionManager } from "./node-session.ts";
import { type BrokerTransport, CallFailure, type CreateTransport } from "./seam.ts";

// connect-node's own limit is 4 GiB; nothing a broker answers is near this.
const maxReceiveBytes = 64 * 1024 * 1024;

/** gRPC over node:http2, by connect-node: Node, Deno and Bun. The first call opens the connection. */
export const createNodeTransport: CreateTransport = (url, options) => {
  const sessions = createSessionManager(url, options.tls);
  const grpc = createGrpcTransport({
    baseUrl: url,
    sessionManager: sessions,
    interceptors: options.interceptors ?? [],
    readMaxBytes: maxReceiveBytes,
  });
  let closed = false;
  const failure = (reason: unknown, signal: AbortSignal | undefined) =>
    closed && !signal?.aborted
      ? new CallFailure("lost", `the connection to ${url} was given up`, { cause: reason })
      : toCallFailure(reason, { url, signal, spokeHttp2: sessions.spokeHttp2() });
  return {
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      try {
        return await grpc.unary(method, signal, timeoutMs, header, input, contextValues);
      } catch (reason) {
        throw failure(reason, signal);
      }
    },
    async stream(method, signal, timeoutMs, header, input, contextValues) {
      try {
        const response = await grpc.stream(method, signal, timeoutMs, header, input, contextValues);
        return { ...response, message: translate(response.message, (reason) => failure(reason, signal)) };
      } catch (reason) {
        throw failure(reason, signal);
      }
    },
    close() {
      closed = true;
      sessions.close();
    },
  } satisfies BrokerTransport;
};

async function* translate<T>(messages: AsyncIterable<T>, failure: (reason: unknown) => CallFailure): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (reason) {
    throw failure(reason);
  }
}
