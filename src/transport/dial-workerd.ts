import { connect, type Socket } from "cloudflare:sockets";
import { type ByteStream, type ByteStreamListener, type Dial, failedStream } from "./byte-stream.ts";
import { chainText } from "./failure.ts";
import { CallFailure } from "./seam.ts";

/** So many bytes may wait for the socket; then no more are wanted until half of them are gone. */
const maxWaitingBytes = 256 * 1024;

/** Dials by cloudflare:sockets: Cloudflare Workers, whose TLS has no settings. */
export const dialWorkerd: Dial = (url, _tls, listener) => {
  try {
    return carry(openSocket(url), url, listener);
  } catch (reason) {
    // Outside of a request there are no sockets.
    return failedStream(listener, dialFailure(url, reason));
  }
};

/** No ALPN is offered, nor can be: brokers take HTTP/2 for granted. */
function openSocket(url: string): Socket {
  const { protocol, hostname, port } = new URL(url);
  const secure = protocol === "https:";
  return connect(
    // An IPv6 address keeps its brackets.
    { hostname, port: Number(port || (secure ? 443 : 80)) },
    { secureTransport: secure ? "on" : "off", allowHalfOpen: false },
  );
}

function carry(socket: Socket, url: string, listener: ByteStreamListener): ByteStream {
  const reader = socket.readable.getReader();
  const writer = socket.writable.getWriter();
  let open = false;
  let ending = false;
  let over = false;
  let waiting = 0;
  let full = false;

  // Reading and writing tell the same; a rejection that nobody looks at would be reported as an error of the Worker's.
  for (const promise of [socket.closed, reader.closed, writer.closed]) {
    void quietly(() => promise);
  }
  void receive();

  async function receive(): Promise<void> {
    try {
      await socket.opened;
      if (over) {
        return;
      }
      open = true;
      listener.onOpen();
      for (let chunk = await reader.read(); !chunk.done && !over; chunk = await reader.read()) {
        listener.onBytes(chunk.value);
      }
      // The peer has nothing more to say, or was reset: Workers do not tell these apart.
      finish(undefined);
    } catch (reason) {
      fail(reason);
    }
  }

  async function send(bytes: Uint8Array): Promise<void> {
    try {
      // Resolves when the socket has taken them. What streams have for this, `desiredSize` and `ready`, is always 1 and
      // resolved here, however much is waiting.
      await writer.write(bytes);
    } catch (reason) {
      fail(reason);
      return;
    }
    waiting -= bytes.length;
    if (full && !over && waiting <= maxWaitingBytes / 2) {
      full = false;
      listener.onDrain();
    }
  }

  function fail(reason: unknown): void {
    finish(
      open
        ? new CallFailure("lost", `the connection to ${url} was lost: ${chainText(reason)}`, { cause: reason })
        : dialFailure(url, reason),
    );
  }

  function finish(failure: CallFailure | undefined): void {
    if (over) {
      return;
    }
    over = true;
    // By itself, close() would wait until the peer has taken what was written.
    void quietly(() => writer.abort());
    void quietly(() => reader.cancel());
    void quietly(() => socket.close());
    listener.onClose(failure);
  }

  return {
    write(bytes) {
      if (over || ending) {
        return true;
      }
      waiting += bytes.length;
      full ||= waiting >= maxWaitingBytes;
      void send(bytes);
      return !full;
    },
    end() {
      ending = true;
      void quietly(() => writer.close());
    },
    destroy: () => queueMicrotask(() => finish(undefined)),
    // What keeps a Worker alive is the request that it serves.
    hold() {},
  };
}

/** Workers give one text for a host that is not there and a certificate that is not trusted: the call may be tried again. */
function dialFailure(url: string, reason: unknown): CallFailure {
  const certificate = url.startsWith("https:")
    ? " (or its certificate is not trusted, which Workers do not tell apart: it must bear this host, by an authority that browsers trust)"
    : "";
  return new CallFailure("unreachable", `cannot connect to ${url}: ${chainText(reason)}${certificate}`, {
    cause: reason,
  });
}

async function quietly(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch {}
}
