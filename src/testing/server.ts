import {
  createSecureServer,
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { addAbortSignal } from "node:stream";
import type { TLSSocket } from "node:tls";

export type RequestHandler = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

/** An HTTP/2 server that can be ended the hard way, and started again at the same address. */
export interface Server {
  /** The port it listens on, or will again. */
  port(): number;
  listening(): boolean;
  start(): Promise<void>;
  /** Cuts every connection and stops listening. */
  stop(): Promise<void>;
  /** Cuts the connection that a request came on. */
  cut(request: Http2ServerRequest): void;
}

export interface ServerOptions {
  host: string;
  port: number;
  tls: { cert: string; key: string; ca?: string | undefined } | undefined;
  handler: RequestHandler;
}

/** Ends a request without an answer: RST_STREAM with CANCEL. */
export function resetStream(request: Http2ServerRequest): void {
  // Not by closing the stream, for which Bun sends an end without headers.
  addAbortSignal(AbortSignal.abort(), request.stream);
}

export function createHttp2Server({ host, port, tls, handler }: ServerOptions): Server {
  let server: Http2Server | undefined;
  let listensOn = port;
  // The raw sockets: a session's own is not to be touched, and its end is not that of a process that dies.
  const sockets = new Set<Socket>();

  function make(): Http2Server {
    const http2 = tls
      ? createSecureServer(
          { cert: tls.cert, key: tls.key, ...(tls.ca && { ca: tls.ca, requestCert: true, rejectUnauthorized: true }) },
          handler,
        )
      : createServer(handler);
    http2.on(tls ? "secureConnection" : "connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => {});
    });
    // A client that goes away in the middle of something is nothing to report.
    http2.on("session", (session) => session.on("error", () => {}));
    http2.on("sessionError", () => {});
    // Clients without ALPN, such as Cloudflare Workers, speak HTTP/2 all the same: tonic, which brokers are made of, takes it so.
    http2.on("unknownProtocol", (socket: TLSSocket) => {
      socket.alpnProtocol = "h2";
      http2.emit("secureConnection", socket);
    });
    return http2 as Http2Server;
  }

  return {
    port: () => listensOn,
    listening: () => server !== undefined,
    start() {
      const http2 = make();
      return new Promise((resolve, reject) => {
        http2.once("error", reject);
        http2.listen(listensOn, host, () => {
          http2.off("error", reject);
          listensOn = (http2.address() as AddressInfo).port;
          server = http2;
          resolve();
        });
      });
    },
    stop() {
      const http2 = server;
      server = undefined;
      if (!http2) {
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        http2.close(() => resolve());
        for (const socket of sockets) {
          socket.destroy();
        }
      });
    },
    cut(request) {
      // Not by destroying the session, which in some runtimes leaves the connection open.
      const port = request.stream.session?.socket.remotePort;
      for (const socket of sockets) {
        if (socket.remotePort === port) {
          socket.destroy();
        }
      }
    },
  };
}
