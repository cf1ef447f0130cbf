import type { Stream } from "./stream.ts";

/** What a frame on a stream is that does not live any more. */
export type Late =
  /** Under way when the stream was given up. */
  | "expected"
  /** More than could have been. */
  | "surplus"
  /** The stream was not given up, but came to its end. */
  | "never";

/** Streams that we gave up (RST_STREAM): what was under way then still comes, and is lawful (RFC 9113 §5.1). */
export interface GivenUp {
  add(stream: Pick<Stream<unknown>, "id" | "credit" | "gotHeaders">): void;
  /** DATA came. `end`: nothing follows. */
  data(streamId: number, length: number, end: boolean): Late;
  /** A header block came. */
  headers(streamId: number, end: boolean): Late;
  /** RST_STREAM came. */
  reset(streamId: number): void;
  size(): number;
}

/** `most`: so many are remembered. */
export function createGivenUp(most = 10_000): GivenUp {
  // A whole answer, and as much of a long one as its window takes, may be under way for each of them, all at once.
  const streams = new Map<number, { credit: number; gotHeaders: boolean }>();
  // Of those up to here nothing is known any more.
  let forgotten = 0;

  function unknown(streamId: number): Late {
    return streamId <= forgotten ? "surplus" : "never";
  }

  function done(streamId: number, end: boolean): void {
    if (end) {
      streams.delete(streamId);
    }
  }

  return {
    add({ id, credit, gotHeaders }) {
      streams.set(id, { credit, gotHeaders });
      if (streams.size > most) {
        const oldest = streams.keys().next().value as number;
        streams.delete(oldest);
        forgotten = Math.max(forgotten, oldest);
      }
    },
    data(streamId, length, end) {
      const stream = streams.get(streamId);
      if (!stream) {
        return unknown(streamId);
      }
      stream.credit -= length;
      done(streamId, end);
      return stream.credit < 0 || (length === 0 && !end) ? "surplus" : "expected";
    },
    headers(streamId, end) {
      const stream = streams.get(streamId);
      if (!stream) {
        return unknown(streamId);
      }
      const surplus = stream.gotHeaders && !end;
      stream.gotHeaders = true;
      done(streamId, end);
      return surplus ? "surplus" : "expected";
    },
    reset: (streamId) => done(streamId, true),
    size: () => streams.size,
  };
}
