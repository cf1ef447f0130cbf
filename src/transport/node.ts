import { createGrpcTransport } from "@connectrpc/connect-node";
import { toCallFailure } from "./failure.ts";
import { createSessionManager } from "./node-session.ts";
import { CallFailure, type CreateTransport } from "./seam.ts";
import { translated } from "./translate.ts";

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
    ...translated(grpc, failure),
    close() {
      closed = true;
      sessions.close();
    },
  };
};
