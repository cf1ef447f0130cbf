import { createTransport } from "@connectrpc/connect/protocol-grpc";
import type { Dial } from "./byte-stream.ts";
import { toCallFailure } from "./failure.ts";
import { CallFailure, type CreateTransport } from "./seam.ts";
import { createHttpClient } from "./socket-http.ts";
import { createSocketSession } from "./socket-session.ts";
import { createUnaryBytes } from "./socket-unary.ts";
import { translated } from "./translate.ts";

/** Nothing a broker answers is near this. */
const maxReceiveBytes = 64 * 1024 * 1024;

/** How a runtime opens sockets and ends turns. */
export interface SocketRuntime {
  dial: Dial;
  /** Runs a function at the end of this turn of the event loop. */
  schedule(work: () => void): void;
}

/** gRPC over our own HTTP/2 connection on a plain socket. The first call opens it. */
export function socketTransport({ dial, schedule }: SocketRuntime): CreateTransport {
  return (url, options) => {
    const session = createSocketSession({ url, tls: options.tls, dial, schedule });
    const grpc = createTransport({
      baseUrl: url,
      httpClient: createHttpClient(session, url),
      useBinaryFormat: true,
      interceptors: options.interceptors ?? [],
      acceptCompression: [],
      sendCompression: null,
      compressMinBytes: Number.MAX_SAFE_INTEGER,
      readMaxBytes: maxReceiveBytes,
      writeMaxBytes: 0xff_ff_ff_ff,
    });
    const short = createUnaryBytes(session, url, maxReceiveBytes);
    let closed = false;
    const failure = (reason: unknown, signal: AbortSignal | undefined) =>
      closed && !signal?.aborted
        ? new CallFailure("lost", `the connection to ${url} was given up`, { cause: reason })
        : toCallFailure(reason, { url, signal, spokeHttp2: undefined });
    return {
      ...translated(grpc, failure),
      ...(!options.interceptors?.length && { unaryBytes: short.call }),
      close() {
        closed = true;
        session.close();
        short.close();
      },
    };
  };
}
