import { ErrorCode, maxStreamId, Setting } from "./constants.ts";
import { ConnectionError, StreamFailure, type StreamFailureKind } from "./failures.ts";
import type { Fields } from "./fields.ts";
import { createFloodGuard } from "./flood-guard.ts";
import { createFrameReader } from "./frame-reader.ts";
import { createFrameWriter } from "./frame-writer.ts";
import { createGivenUp } from "./given-up.ts";
import { createIncoming } from "./incoming.ts";
import { createOutgoing } from "./outgoing.ts";
import { initialSettings } from "./settings.ts";
import { newStream, type Stream, type StreamListener } from "./stream.ts";

/** A client's HTTP/2 connection (RFC 9113) over bytes that somebody else carries. */
export interface Connection<Head> {
  /**
   * Begins a request: `head` as the encoder takes it, and `body` all of it, unless `more` follows by `write`. When the connection
   * takes no more requests, the listener is told "refused" at once.
   */
  request(head: Head, body: Uint8Array | undefined, more: boolean, listener: StreamListener): Stream<Head>;
  /** Sends more of a request. Its listener's `onDrain` tells when all of it is on its way. */
  write(stream: Stream<Head>, bytes: Uint8Array | undefined, end: boolean): void;
  /** The reader took so many bytes: the peer may send as many more. */
  consume(stream: Stream<Head>, bytes: number): void;
  /** Gives a stream up; its listener is told nothing more. */
  cancel(stream: Stream<Head>): void;
  /** §6.7: asks the peer for a sign of life. Anything that comes is one; see {@link lastReceivedAt}. */
  ping(): void;
  /** Whether it takes requests: not after GOAWAY, nor when it has ended or no stream is left to be numbered. */
  takesRequests(): boolean;
  /** Streams that are open or waiting to be. */
  load(): number;
  /** When the last bytes came, by `now`. */
  lastReceivedAt(): number;
  /** Ends the connection: streams on it fail with "lost". */
  close(): void;

  // What whoever carries the bytes calls.
  /** Bytes came. */
  receive(chunk: Uint8Array): void;
  /** The socket can take bytes again, after `write` said that it cannot. */
  drained(): void;
  /** The bytes ended. `cause`: why, where there is a reason. */
  ended(cause?: unknown): void;
}

export interface ConnectionOptions<Head> {
  /** Takes bytes, and may keep them. `false`: no more until `drained()`, please. */
  write(bytes: Uint8Array): boolean;
  /** Ends the bytes, after those that were written. */
  end(): void;
  /** Runs a function at the end of this turn of the event loop, or soon. */
  schedule(work: () => void): void;
  /** The header block of a request: called in the order of sending. */
  encodeHead(head: Head): Uint8Array;
  /** What the peer allows the encoder's table to hold. */
  onHeaderTableSize(bytes: number): void;
  /**
   * The fields of a header block, `bytes` from `from` to `end`: called with each that comes. Equal blocks may give the same array.
   * Throws {@link ConnectionError}, or a StreamError.
   */
  decodeFields(bytes: Uint8Array, from: number, end: number): Fields;
  /** The peer has spoken HTTP/2: its SETTINGS came. */
  onBegin(): void;
  /** It takes no more requests; streams on it go on. `code` and `words`: what the peer says of it. */
  onDraining(code: number, words: string): void;
  /** It has ended. `failure`: of the peer's making, or of the way there. */
  onEnd(failure: Error | undefined): void;
  /** Milliseconds, of any beginning. */
  now(): number;
  /** What a stream takes before its reader does, in bytes. Default 1 MiB. */
  streamWindow?: number;
  /** What all streams together take before the peer is told to go on, in bytes. Default 16 MiB. */
  connectionWindow?: number;
  /** The largest header block, in bytes, compressed or not. Default 64 KiB. */
  maxHeaderBytes?: number;
  /** §5.1.1: the number of the first stream, an odd one. Default 1. */
  firstStreamId?: number;
}

export function createConnection<Head>(options: ConnectionOptions<Head>): Connection<Head> {
  const { streamWindow = 1 << 20, connectionWindow = 1 << 24, maxHeaderBytes = 1 << 16, now } = options;
  const settings = initialSettings();
  const guard = createFloodGuard(now);
  const givenUp = createGivenUp();
  let began = false;
  let draining = false;
  let over = false;
  // What the peer took its leave with, where that was no good one.
  let leave: { code: number; words: string } | undefined;
  let lastReceivedAt = now();

  const writer = createFrameWriter((bytes) => {
    if (!over && !options.write(bytes)) {
      outgoing.hold(true);
    }
  }, options.schedule);
  const outgoing = createOutgoing<Head>({
    writer,
    settings,
    encodeHead: options.encodeHead,
    firstStreamId: options.firstStreamId ?? 1,
    onSent: guard.sent,
    onExhausted: () => drain(maxStreamId),
  });
  const read = createFrameReader(
    createIncoming<Head>({
      writer,
      outgoing,
      settings,
      decodeFields: options.decodeFields,
      maxHeaderBytes,
      connectionWindow,
      guard: guard.count,
      givenUp,
      onPadding: consume,
      onEnd: finish,
      onFailure: fail,
      onHeaderTableSize: options.onHeaderTableSize,
      onSettings() {
        if (!began) {
          began = true;
          options.onBegin();
        }
      },
      onGoaway: drain,
    }),
  );

  writer.begin([
    // §4.3.1: without a table, equal blocks have equal bytes, which the decoder knows how to use.
    [Setting.headerTableSize, 0],
    [Setting.enablePush, 0],
    [Setting.initialWindowSize, streamWindow],
    [Setting.maxHeaderListSize, maxHeaderBytes],
  ]);
  writer.windowUpdate(0, connectionWindow - 65_535);

  /** The peer's part is over. What of ours it has not waited for is not sent. */
  function finish(stream: Stream<Head>): void {
    if (!stream.sentEnd) {
      // §8.1: it needs the rest of the request for nothing.
      writer.rstStream(stream.id, ErrorCode.noError);
    }
    forget(stream);
  }

  function fail(stream: Stream<Head>, failure: StreamFailure, code?: ErrorCode): void {
    if (code !== undefined) {
      giveUp(stream, code);
    } else {
      forget(stream);
    }
    stream.listener.onFailure(failure);
  }

  function giveUp(stream: Stream<Head>, code: ErrorCode): void {
    if (stream.id !== 0) {
      writer.rstStream(stream.id, code);
      givenUp.add(stream);
    }
    forget(stream);
  }

  function forget(stream: Stream<Head>): void {
    stream.done = true;
    outgoing.leave(stream);
    if (draining && load() === 0) {
      end(undefined);
    }
  }

  /** §6.8: the peer processes no stream after `lastStreamId`. */
  function drain(lastStreamId: number, code: number = ErrorCode.noError, words = ""): void {
    if (!draining) {
      draining = true;
      options.onDraining(code, words);
    }
    leave = code === ErrorCode.noError ? leave : { code, words };
    const unprocessed = [...outgoing.waiting, ...outgoing.open.values()].filter(
      ({ id }) => id === 0 || id > lastStreamId,
    );
    for (const stream of unprocessed) {
      // Those who are told may cancel others.
      if (!stream.done) {
        // Who has answered has begun.
        const kind = stream.gotHeaders ? "lost" : "refused";
        fail(stream, new StreamFailure(kind, "the peer closed the connection before it began with it", { code }));
      }
    }
    if (load() === 0) {
      end(undefined);
    }
  }

  function load(): number {
    return outgoing.open.size + outgoing.waiting.size;
  }

  /** §6.9: the peer may send as many bytes more: not for every little, and not for streams that are over. */
  function consume(stream: Stream<Head>, bytes: number): void {
    stream.consumed += bytes;
    if (stream.consumed >= streamWindow >> 1 && !stream.done) {
      writer.windowUpdate(stream.id, stream.consumed);
      stream.credit += stream.consumed;
      stream.consumed = 0;
    }
  }

  function end(failure: Error | undefined): void {
    if (over) {
      return;
    }
    if (failure instanceof ConnectionError) {
      writer.goaway(failure.code);
    }
    writer.flush();
    over = true;
    options.end();
    const { waiting, open } = outgoing.clear();
    const kind = failure instanceof ConnectionError ? "malformed" : "lost";
    const why = failure?.message ?? "the connection was closed";
    const words = leave?.words ? `${why} (${leave.words})` : why;
    const tell = (stream: Stream<Head>, kind: StreamFailureKind) => {
      // Those who are told may cancel others.
      if (!stream.done) {
        stream.done = true;
        stream.listener.onFailure(new StreamFailure(kind, words, { code: leave?.code, cause: failure }));
      }
    };
    for (const stream of waiting) {
      tell(stream, "refused");
    }
    for (const stream of open) {
      tell(stream, kind);
    }
    options.onEnd(failure);
  }

  return {
    request(head, body, more, listener) {
      const stream = newStream(head, body && body.length > 0 ? [body] : [], listener);
      stream.credit = streamWindow;
      stream.ending = !more;
      if (draining || over) {
        stream.done = true;
        listener.onFailure(new StreamFailure("refused", "the connection takes no more requests"));
      } else {
        outgoing.begin(stream);
      }
      return stream;
    },
    write(stream, bytes, ending) {
      if (stream.done || stream.ending) {
        return;
      }
      if (bytes && bytes.length > 0) {
        stream.outgoing.push(bytes);
      }
      stream.ending = ending;
      outgoing.pump(stream);
    },
    consume,
    cancel(stream) {
      if (!stream.done) {
        giveUp(stream, ErrorCode.cancel);
      }
    },
    ping() {
      if (!over) {
        writer.ping(new Uint8Array(8), false);
      }
    },
    takesRequests: () => !draining && !over,
    load,
    lastReceivedAt: () => lastReceivedAt,
    close: () => end(undefined),
    receive(chunk) {
      if (over) {
        return;
      }
      lastReceivedAt = now();
      try {
        read(chunk);
      } catch (error) {
        end(error instanceof Error ? error : new Error(String(error)));
      }
    },
    drained: () => outgoing.hold(false),
    ended: (cause) => end(cause instanceof Error ? cause : new Error("the peer closed the connection", { cause })),
  };
}
