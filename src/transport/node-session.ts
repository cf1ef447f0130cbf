import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from "node:http2";
import type { Socket } from "node:net";
import type { GrpcTransportOptions } from "@connectrpc/connect-node";
import { chainText, notHttp2Hint } from "./failure.ts";
import { dialFailure, openSocket } from "./node-socket.ts";
import { CallFailure, type TlsOptions } from "./seam.ts";

type ConnectSessionManager = NonNullable<GrpcTransportOptions["sessionManager"]>;

/**
 * The HTTP/2 connection below connect-node, in the place of its own session manager: that one leaves moments in which
 * a session has no listener for errors, so that a server that sends rubbish ends the process, and it does not tell
 * calls that never left from calls that were lost.
 */
export interface SessionManager extends ConnectSessionManager {
  /** Whether the server has ever spoken HTTP/2. */
  spokeHttp2(): boolean;
  /** Ends the connection and every call on it. */
  close(): void;
}

interface Dialled {
  readonly session: ClientHttp2Session;
  /** The session's own: destroying a session before it has met its peer leaves the socket open in some runtimes. */
  readonly socket: Socket;
  /** Resolves when the connection stands; rejects with a {@link CallFailure} when it cannot be made. */
  readonly ready: Promise<void>;
  streams: number;
  /** The server takes no more calls on it; those that run go on. */
  leaving: boolean;
}

export function createSessionManager(url: string, tls: TlsOptions | undefined): SessionManager {
  const all = new Set<Dialled>();
  let current: Dialled | undefined;
  let spoke = false;
  let closed = false;

  function dial(): Dialled {
    const socket = openSocket(url, tls);
    const session = connect(url, { createConnection: () => socket });
    socket.on("error", () => {});
    const ready = new Promise<void>((resolve, reject) => {
      let failure: unknown;
      session.once("connect", () => resolve());
      // For as long as the session lives: an error that nobody listens to ends the process.
      session.on("error", (error) => {
        failure ??= error;
        reject(dialFailure(url, failure));
      });
      session.once("close", () => {
        all.delete(dialled);
        dialled.leaving = true;
        reject(dialFailure(url, failure ?? new Error("the connection was closed")));
      });
    });
    ready.catch(() => {});
    const dialled: Dialled = { session, socket, ready, streams: 0, leaving: false };
    session.once("remoteSettings", () => {
      spoke = true;
    });
    session.once("goaway", () => {
      dialled.leaving = true;
    });
    all.add(dialled);
    return dialled;
  }

  function usable(dialled: Dialled | undefined): dialled is Dialled {
    return dialled !== undefined && !dialled.leaving && !dialled.session.closed && !dialled.session.destroyed;
  }

  /** Idle connections keep no process alive; those with calls do. */
  function hold(dialled: Dialled, stream: ClientHttp2Stream): void {
    if (++dialled.streams === 1) {
      dialled.session.ref();
    }
    let answered = false;
    stream.once("response", () => {
      spoke = true;
      answered = true;
    });
    stream.once("close", () => {
      if (!answered && stream.rstCode === 0) {
        // connect-node takes such an end for none, and would wait until the call's time is over.
        stream.emit("error", new Error("the stream was closed without an answer"));
      }
      if (--dialled.streams === 0 && !dialled.session.destroyed) {
        dialled.session.unref();
      }
    });
  }

  return {
    authority: url,
    async request(method, path, headers, streamOptions) {
      for (let attempt = 1; ; attempt++) {
        if (closed) {
          throw new CallFailure("aborted", `the connection to ${url} was closed`);
        }
        if (!usable(current)) {
          current = dial();
        }
        const dialled = current;
        await dialled.ready;
        try {
          const requestHeaders: OutgoingHttpHeaders = { ...headers, ":method": method, ":path": path };
          const stream = dialled.session.request(requestHeaders, streamOptions);
          hold(dialled, stream);
          return stream;
        } catch (reason) {
          // The session ended between two turns of the event loop; nothing was sent on it.
          if (usable(dialled) || attempt === 3) {
            const kind = spoke ? "refused" : "silent";
            throw new CallFailure(kind, `${url} closed the connection (${chainText(reason)}); ${notHttp2Hint(url)}`, {
              cause: reason,
            });
          }
        }
      }
    },
    notifyResponseByteRead() {},
    spokeHttp2: () => spoke,
    close() {
      closed = true;
      for (const { session, socket } of all) {
        session.destroy();
        socket.destroy();
      }
    },
  };
}
