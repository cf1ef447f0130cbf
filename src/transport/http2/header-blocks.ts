import { ErrorCode, Flag } from "./constants.ts";
import { ConnectionError } from "./failures.ts";

/** A header block and the stream it is for. */
export interface HeaderBlock {
  streamId: number;
  endStream: boolean;
  block: Uint8Array;
}

/** Puts header blocks together (§4.3): a HEADERS frame, and what CONTINUATIONs add to it. */
export interface HeaderBlocks {
  /** §6.2. The block, when it is whole. */
  headers(flags: number, streamId: number, bytes: Uint8Array, start: number, length: number): HeaderBlock | undefined;
  /** §6.10. */
  continuation(flags: number, streamId: number, bytes: Uint8Array): HeaderBlock | undefined;
  /** Whether nothing but a CONTINUATION may come now. */
  unfinished(): boolean;
}

/** `maxBytes`: of one block, compressed. More is a bomb, and so are more frames than it can take. */
export function createHeaderBlocks(maxBytes: number): HeaderBlocks {
  const maxFrames = 64;
  let pending: { streamId: number; endStream: boolean; parts: Uint8Array[]; bytes: number } | undefined;

  return {
    headers(flags, streamId, bytes, start, length) {
      const { from, end } = withoutPadding(flags, bytes, start, length);
      // §6.2: the priority of old is of no interest.
      const first = flags & Flag.priority ? from + 5 : from;
      if (first > end) {
        const cut = first > start + length;
        throw cut
          ? new ConnectionError(ErrorCode.frameSizeError, "a HEADERS frame that ends before its block")
          : new ConnectionError(ErrorCode.protocolError, "more padding than frame");
      }
      const endStream = (flags & Flag.endStream) !== 0;
      if (flags & Flag.endHeaders) {
        return { streamId, endStream, block: bytes.subarray(first, end) };
      }
      pending = { streamId, endStream, parts: [bytes.slice(first, end)], bytes: end - first };
      return undefined;
    },
    continuation(flags, streamId, bytes) {
      if (pending?.streamId !== streamId) {
        throw new ConnectionError(ErrorCode.protocolError, "a CONTINUATION of nothing");
      }
      pending.parts.push(bytes.slice());
      pending.bytes += bytes.length;
      if (pending.bytes > maxBytes || pending.parts.length > maxFrames) {
        throw new ConnectionError(ErrorCode.enhanceYourCalm, "a header block without end");
      }
      if (!(flags & Flag.endHeaders)) {
        return undefined;
      }
      const { endStream, parts } = pending;
      const block = new Uint8Array(pending.bytes);
      let at = 0;
      for (const part of parts) {
        block.set(part, at);
        at += part.length;
      }
      pending = undefined;
      return { streamId, endStream, block };
    },
    unfinished: () => pending !== undefined,
  };
}

/** §6.1, §6.2: where the content of a frame is that may be padded. */
export function withoutPadding(
  flags: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): { from: number; end: number } {
  const end = start + length;
  if (!(flags & Flag.padded)) {
    return { from: start, end };
  }
  if (length === 0) {
    throw new ConnectionError(ErrorCode.frameSizeError, "a padded frame without a length of its padding");
  }
  const padding = bytes[start] as number;
  if (padding >= length) {
    throw new ConnectionError(ErrorCode.protocolError, "more padding than frame");
  }
  return { from: start + 1, end: end - padding };
}
