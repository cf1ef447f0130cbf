import { createEnvelopes } from "./envelopes.ts";
import { CallFailure } from "./seam.ts";

/** The first byte of a frame with the trailers; of one with a message it is 0. */
const trailerFlag = 0x80;

/** As other transports take of trailers. */
const maxTrailerBytes = 64 * 1024;

/** Follows the frames of a gRPC-Web answer, whatever the pieces that it comes in, and throws a {@link CallFailure} when they are none. */
export interface WebFrames {
  /** More of the body. */
  push(bytes: Uint8Array): void;
  /** The body ended: throws where it may not. */
  end(): void;
}

/**
 * Each frame is a byte that says what it is, four with its length, and so many more; the trailers are the last. `maxBytes`: a message that
 * is longer is none. `withoutBody`: the status was in the header already.
 */
export function createWebFrames(url: string, maxBytes: number, withoutBody: boolean): WebFrames {
  let kind = 0;
  let trailers = false;

  const garbled = (what: string) => new CallFailure("garbled", `the answer of ${url} ${what}`);

  const envelopes = createEnvelopes({
    onFlag(flag) {
      if (trailers || withoutBody) {
        throw garbled(withoutBody ? "has a status before its body" : "goes on after its trailer");
      }
      kind = flag;
    },
    onLength(length) {
      const what = kind === trailerFlag ? "a trailer" : "a message";
      const limit = kind === trailerFlag ? maxTrailerBytes : maxBytes;
      if (kind === 1 || kind === (trailerFlag | 1)) {
        throw garbled(`has ${what} that is compressed, which nobody asked for`);
      }
      if (kind !== 0 && kind !== trailerFlag) {
        throw garbled(`is no gRPC-Web: a frame that begins with ${kind}`);
      }
      if (length > limit) {
        throw garbled(`announces ${what} of ${length} bytes, and at most ${limit} are taken`);
      }
      trailers = kind === trailerFlag;
    },
  });

  return {
    push: envelopes.push,
    end() {
      if (!envelopes.whole()) {
        throw garbled(`ends within ${trailers ? "its trailer" : "a message"}`);
      }
      if (!trailers && !withoutBody) {
        throw new CallFailure("lost", `the answer of ${url} ended without a status`);
      }
    },
  };
}
