import { createTransport } from "@connectrpc/connect/protocol-grpc";
import type { Dial } from "./byte-stream.ts";
import { createQuiets } from "./keepalive.ts";
import type { CreateTransport } from "./seam.ts";
import { createHttpClient } from "./socket-http.ts";
import { createSocketSession } from "./socket-session.ts";
import { createUnaryBytes } from "./socket-unary.ts";
import { maxReceiveBytes } from "./translate.ts";
import { transportOver } from "./transport-over.ts";

/** gRPC over our own HTTP/2 connection on a plain socket. The first call opens it. */
export function socketTransport(dial: Dial): CreateTransport {
  // Whatever becomes of a transport, the next one to the same broker goes by what this one was told.
  const quiets = createQuiets();
  return (url, options) => {
    // What is written in a turn of the event loop goes out when those have run who were to go on in it.
    const schedule = (work: () => void) => queueMicrotask(work);
    const session = createSocketSession({ url, tls: options.tls, dial, schedule, quiet: quiets(url) });
    const httpClient = createHttpClient(session, url);
    const short = createUnaryBytes(session, url, maxReceiveBytes);
    return transportOver(createTransport, url, options, { httpClient, short, close: session.close });
  };
}
