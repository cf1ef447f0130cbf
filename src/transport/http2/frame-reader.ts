import { defaultMaxFrameSize, ErrorCode, frameHeaderBytes } from "./constants.ts";
import { ConnectionError } from "./failures.ts";

/** A frame as it lies in the bytes that came: the payload is `bytes` from `start` on, and only good until the next call. */
export type OnFrame = (
  type: number,
  flags: number,
  streamId: number,
  bytes: Uint8Array,
  start: number,
  length: number,
) => void;

/**
 * Finds the frames in what comes (§4.1), however it is cut. Throws {@link ConnectionError} for one that is too large
 * (§4.2), and what `onFrame` throws.
 */
export function createFrameReader(onFrame: OnFrame): (chunk: Uint8Array) => void {
  // What is there of a frame that has not come to its end.
  let rest = new Uint8Array(0);
  let held = 0;

  /** Reads the whole frames of `bytes`. Gives where the first begins that is not. */
  function read(bytes: Uint8Array, end: number): number {
    let at = 0;
    while (end - at >= frameHeaderBytes) {
      const length = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
      if (length > defaultMaxFrameSize) {
        throw new ConnectionError(ErrorCode.frameSizeError, `a frame of ${length} bytes`);
      }
      const start = at + frameHeaderBytes;
      if (end - start < length) {
        break;
      }
      // §4.1: the first bit of the stream's number means nothing.
      const streamId =
        (((bytes[at + 5] as number) & 0x7f) << 24) |
        ((bytes[at + 6] as number) << 16) |
        ((bytes[at + 7] as number) << 8) |
        (bytes[at + 8] as number);
      onFrame(bytes[at + 3] as number, bytes[at + 4] as number, streamId, bytes, start, length);
      at = start + length;
    }
    return at;
  }

  /** Puts what came behind what was held. */
  function append(chunk: Uint8Array, from: number): void {
    const needed = held + chunk.length - from;
    if (rest.length < needed) {
      // As large as the largest frame at once, so that one that comes byte by byte is not copied as often.
      const larger = new Uint8Array(Math.max(needed, frameHeaderBytes + defaultMaxFrameSize));
      larger.set(rest.subarray(0, held));
      rest = larger;
    }
    rest.set(from === 0 ? chunk : chunk.subarray(from), held);
    held = needed;
  }

  return (chunk) => {
    if (held === 0) {
      const end = read(chunk, chunk.length);
      if (end < chunk.length) {
        append(chunk, end);
      }
      return;
    }
    append(chunk, 0);
    const end = held;
    const done = read(rest, end);
    // A frame may have handed out views of `rest`: what is left is moved to bytes of its own.
    held = end - done;
    rest = done === 0 ? rest : rest.slice(done, end);
    if (held === 0) {
      rest = empty;
    }
  };
}

const empty = new Uint8Array(0);
