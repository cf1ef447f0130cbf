import type { CallFailure, TlsOptions } from "./seam.ts";

/** The bytes of a connection, on their way to the other side. Nothing here throws. */
export interface ByteStream {
  /** Takes bytes, also before the connection stands; they may not be changed after. `false`: no more until `onDrain`. */
  write(bytes: Uint8Array): boolean;
  /** No more will be written: what was, still goes out. */
  end(): void;
  /** Ends it at once. */
  destroy(): void;
  /** Whether it may keep the process alive. In the beginning it does. */
  hold(on: boolean): void;
}

/** Told what becomes of a {@link ByteStream}. Nothing is told before the dialler has returned. */
export interface ByteStreamListener {
  /** The connection stands; with TLS, the handshake is done. */
  onOpen(): void;
  /** Bytes came. They may be kept. */
  onBytes(chunk: Uint8Array): void;
  /** It takes bytes again. */
  onDrain(): void;
  /** It is over: told once, whatever it ended with. `failure`: it never stood, or broke. */
  onClose(failure: CallFailure | undefined): void;
}

/** For a dialler whose runtime gives it no socket at all: tells so when it has returned. */
export function failedStream(listener: ByteStreamListener, failure: CallFailure): ByteStream {
  queueMicrotask(() => listener.onClose(failure));
  return { write: () => true, end() {}, destroy() {}, hold() {} };
}

/** Opens a connection to a broker's URL (`http://host:port`; `https:` with TLS). */
export type Dial = (url: string, tls: TlsOptions | undefined, listener: ByteStreamListener) => ByteStream;
