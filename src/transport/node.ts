import type { ClientHttp2Stream, Http2Session } from "node:http2";
import type { SecureContextOptions } from "node:tls";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { chainText, toCallFailure } from "./failure.ts";
import { type BrokerTransport, CallFailure, type CreateTransport, type TlsOptions } from "./seam.ts";

// connect-node's own limit is 4 GiB; nothing a broker answers is near this.
const maxReceiveBytes = 64 * 1024 * 1024;
const idleConnectionTimeoutMs = 5 * 60_000;

/**
 * gRPC over node:http2, by connect-node: Node, Deno and Bun.
 *
 * connect-node opens the connection with the first call, opens another after a GOAWAY, and holds the process
 * only while a call is in flight.
 */
export const createNodeTransport: CreateTransport = (url, options) => {
  const sessions = watchSessions(url, options.tls);
  const grpc = createGrpcTransport({
    baseUrl: url,
    sessionManager: sessions.manager,
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
      sessions.manager.abort();
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

/** connect-node's session manager, with two things noted: calls that never left, and whether HTTP/2 was spoken. */
function watchSessions(url: string, tls: TlsOptions | undefined) {
  const manager = new Http2SessionManager(url, { idleConnectionTimeoutMs }, url.startsWith("https:") ? tlsOptions(tls) : {});
  const known = new WeakSet<Http2Session>();
  let spoke = false;
  const request = manager.request.bind(manager);
  manager.request = async (...call) => {
    let stream: ClientHttp2Stream;
    try {
      stream = await request(...call);
    } catch (reason) {
      throw dialFailure(url, reason);
    }
    const { session } = stream;
    if (session && !known.has(session)) {
      known.add(session);
      session.once("remoteSettings", () => {
        spoke = true;
      });
    }
    // Some runtimes report settings late or not at all; an answer is proof enough.
    stream.once("response", () => {
      spoke = true;
    });
    return stream;
  };
  return { manager, spokeHttp2: () => spoke };
}

function tlsOptions(tls: TlsOptions = {}): SecureContextOptions & { servername?: string } {
  const bytes = (pem: string | Uint8Array) => (typeof pem === "string" ? pem : Buffer.from(pem));
  return {
    ...(tls.ca !== undefined && { ca: Array.isArray(tls.ca) ? tls.ca.map(bytes) : bytes(tls.ca) }),
    ...(tls.cert !== undefined && { cert: bytes(tls.cert) }),
    ...(tls.key !== undefined && { key: bytes(tls.key) }),
    ...(tls.serverName !== undefined && { servername: tls.serverName }),
  };
}

/** Node's and Deno's words for a host that cannot be reached; anything else that ends a TLS dial is TLS itself. */
const networkTrouble =
  /ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENET|EPIPE|EADDR|refused|timed out|unreachable|getaddrinfo|socket (hang|was closed|disconnected)|aborted/i;

function dialFailure(url: string, reason: unknown): CallFailure {
  const text = chainText(reason);
  return url.startsWith("https:") && !networkTrouble.test(text)
    ? new CallFailure("untrusted", `TLS with ${url} failed: ${text}`, { cause: reason })
    : new CallFailure("unreachable", `cannot connect to ${url}: ${text}`, { cause: reason });
}
