import { prefixBytes } from "./seam.ts";

/** Told of each prefix. May throw. */
export interface PrefixListener {
  /** Its first byte came. */
  onFlag(flag: number): void;
  /** All of it came: so many bytes follow. */
  onLength(length: number): void;
}

/** Follows gRPC's messages, each behind five bytes with its length, through a body that comes in pieces. */
export interface Envelopes {
  /** More of the body. */
  push(bytes: Uint8Array): void;
  /** Whether what came ends with the end of a message. */
  whole(): boolean;
}

export function createEnvelopes(listener?: PrefixListener): Envelopes {
  let prefixed = 0;
  let length = 0;
  let left = 0;
  return {
    push(bytes) {
      for (let at = 0; at < bytes.length; ) {
        if (left > 0) {
          const part = Math.min(left, bytes.length - at);
          left -= part;
          at += part;
        } else {
          const byte = bytes[at++] as number;
          if (prefixed === 0) {
            listener?.onFlag(byte);
          }
          // The first byte of the prefix is no part of the length; after four more it has been shifted out.
          length = ((length << 8) | byte) >>> 0;
          if (++prefixed === prefixBytes) {
            listener?.onLength(length);
            left = length;
            prefixed = 0;
          }
        }
      }
    },
    whole: () => left === 0 && prefixed === 0,
  };
}
