import { createGrpcTransport } from "@connectrpc/connect-node";
import { createSessionManager } from "./node-session.ts";
import type { CreateTransport } from "./seam.ts";
import { brokerTransport, maxReceiveBytes } from "./translate.ts";

/** gRPC over node:http2, by connect-node: Node, Deno and Bun. The first call opens the connection. */
export const createNodeTransport: CreateTransport = (url, options) => {
  const sessions = createSessionManager(url, options.tls);
  const grpc = createGrpcTransport({
    baseUrl: url,
    sessionManager: sessions,
    interceptors: options.interceptors ?? [],
    // Brokers compress nothing, and what cannot be compressed cannot be a bomb.
    acceptCompression: [],
    readMaxBytes: maxReceiveBytes,
  });
  return brokerTransport(grpc, { ...sessions, url });
};
