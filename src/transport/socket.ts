import { createTransport } from "@connectrpc/connect/protocol-grpc";
import type { Dial } from "./byte-stream.ts";
import { createQuiets } from "./keepalive.ts";
import type { CreateTransport } from "./seam.ts";
import { createHttpClient } from "./socket-http.ts";
import { createSocketSession } from "./socket-session.ts";
import { createUnaryBytes } from "./socket-unary.ts";
import { brokerTransport, maxReceiveBytes } from "./translate.ts";

/** gRPC over our own HTTP/2 connection on a plain socket. The first call opens it. */
export function socketTransport(dial: Dial): CreateTransport {
  // Whatever becomes of a transport, the next one to the same broker goes by what this one was told.
  const quiets = createQuiets();
  return (url, options) => {
    // What is written in a turn of the event loop goes out when those have run who were to go on in it.
    const schedule = (work: () => void) => queueMicrotask(work);
    const session = createSocketSession({ url, tls: options.tls, dial, schedule, quiet: quiets(url) });
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
    const transport = brokerTransport(grpc, {
      url,
      spokeHttp2: () => undefined,
      close() {
        session.close();
        short.close();
      },
    });
    return options.interceptors?.length ? transport : { ...transport, unaryBytes: short.call };
  };
}
