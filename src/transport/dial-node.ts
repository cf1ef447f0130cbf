import { type ByteStream, type ByteStreamListener, type Dial, failedStream } from "./byte-stream.ts";
import { chainText } from "./failure.ts";
import { dialFailure, openSocket } from "./node-socket.ts";
import { CallFailure, type TlsOptions } from "./seam.ts";

const readBytes = 65_536;

/** Dials by node:net and node:tls: Node, Deno and Bun. */
export const dialNode: Dial = (url, tls, listener) => {
  try {
    return carry(url, tls, listener);
  } catch (failure) {
    return failedStream(listener, failure as CallFailure);
  }
};

function carry(url: string, tls: TlsOptions | undefined, listener: ByteStreamListener): ByteStream {
  // One buffer for all that comes, of which a copy is made: a buffer and an event for each read would be much of what an answer costs.
  const socket = openSocket(url, tls, {
    buffer: new Uint8Array(readBytes),
    callback(length, buffer) {
      spoke = true;
      // Not the slice of a Buffer, which is no copy.
      listener.onBytes(Uint8Array.prototype.slice.call(buffer, 0, length));
      return true;
    },
  });
  let open = false;
  let spoke = false;
  let failure: CallFailure | undefined;
  let destroyed = false;

  socket.setNoDelay(true);
  socket.once(url.startsWith("https:") ? "secureConnect" : "connect", () => {
    open = true;
    listener.onOpen();
  });
  socket.resume();
  socket.on("drain", () => listener.onDrain());
  socket.on("error", (reason) => {
    // With TLS 1.3 a client certificate is refused when the handshake is over on our side.
    const refused = !spoke && /alert|certificate/i.test(chainText(reason));
    failure ??=
      open && !refused
        ? new CallFailure("lost", `the connection to ${url} was lost: ${reason.message}`, { cause: reason })
        : dialFailure(url, reason);
  });
  // The peer has nothing more to say: nor have we, and what it has not taken it may never take.
  socket.once("end", () => socket.destroy());
  socket.once("close", () => {
    if (!open && !destroyed) {
      failure ??= dialFailure(url, new Error("the connection was closed"));
    }
    listener.onClose(failure);
  });

  return {
    write: (bytes) => !socket.writable || socket.write(bytes),
    end: () => void socket.end(),
    destroy() {
      destroyed = true;
      socket.destroy();
    },
    hold: (on) => void (on ? socket.ref() : socket.unref()),
  };
}
