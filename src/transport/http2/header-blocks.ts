import { concat } from "../../lib/concat.ts";
import { ErrorCode, Flag } from "./constants.ts";
import { ConnectionError } from "./failures.ts";

/** A header block that is whole: `bytes` from `from` to `end`, only good during the call. */
export type OnBlock = (streamId: number, endStream: boolean, bytes: Uint8Array, from: number, end: number) => void;

/** Puts header blocks together (§4.3): a HEADERS frame, and what CONTINUATIONs add to it. */
export interface HeaderBlocks {
  /** §6.2. */
  headers(flags: number, streamId: number, bytes: Uint8Array, start: number, length: number): void;
  /** §6.10. */
  continuation(flags: number, streamId: number, bytes: Uint8Array, start: number, length: number): void;
  /** Whether nothing but a CONTINUATION may come now. */
  unfinished(): boolean;
}

/** `maxBytes`: of one block, compressed. More is a bomb, and so are more frames than it can take. */
export function createHeaderBlocks(maxBytes: number, onBlock: OnBlock): HeaderBlocks {
  const maxFrames = 64;
  let pending: { streamId: number; endStream: boolean; parts: Uint8Array[]; bytes: number } | undefined;

  return {
    headers(flags, streamId, bytes, start, length) {
      let from = start;
      let end = start + length;
      if (flags & (Flag.padded | Flag.priority)) {
        from = contentStart(flags, bytes, start, length);
        end = contentEnd(flags, bytes, start, length);
        // §6.2: the priority of old is of no interest.
        from += flags & Flag.priority ? 5 : 0;
        if (from > end) {
          const cut = from > start + length;
          throw cut
            ? new ConnectionError(ErrorCode.frameSizeError, "a HEADERS frame that ends before its block")
            : new ConnectionError(ErrorCode.protocolError, "more padding than frame");
        }
      }
      const endStream = (flags & Flag.endStream) !== 0;
      if (flags & Flag.endHeaders) {
        onBlock(streamId, endStream, bytes, from, end);
      } else {
        pending = { streamId, endStream, parts: [bytes.slice(from, end)], bytes: end - from };
      }
    },
    continuation(flags, streamId, bytes, start, length) {
      if (pending?.streamId !== streamId) {
        throw new ConnectionError(ErrorCode.protocolError, "a CONTINUATION of nothing");
      }
      pending.parts.push(bytes.slice(start, start + length));
      pending.bytes += length;
      if (pending.bytes > maxBytes || pending.parts.length > maxFrames) {
        throw new ConnectionError(ErrorCode.enhanceYourCalm, "a header block without end");
      }
      if (!(flags & Flag.endHeaders)) {
        return;
      }
      const { endStream, parts } = pending;
      const block = concat(parts);
      pending = undefined;
      onBlock(streamId, endStream, block, 0, block.length);
    },
    unfinished: () => pending !== undefined,
  };
}

/** §6.1, §6.2: where the content begins of a frame that may be padded. */
export function contentStart(flags: number, bytes: Uint8Array, start: number, length: number): number {
  if (!(flags & Flag.padded)) {
    return start;
  }
  if (length === 0) {
    throw new ConnectionError(ErrorCode.frameSizeError, "a padded frame without a length of its padding");
  }
  if ((bytes[start] as number) >= length) {
    throw new ConnectionError(ErrorCode.protocolError, "more padding than frame");
  }
  return start + 1;
}

/** And where it ends. To be asked after {@link contentStart}, which knows whether there is such a place. */
export function contentEnd(flags: number, bytes: Uint8Array, start: number, length: number): number {
  return start + length - (flags & Flag.padded ? (bytes[start] as number) : 0);
}
