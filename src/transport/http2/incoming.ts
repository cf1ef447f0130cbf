import { ErrorCode, Flag, FrameType } from "./constants.ts";
import { type ControlOptions, createControlFrames, size, uint32 } from "./control-frames.ts";
import { ConnectionError, StreamError, StreamFailure } from "./failures.ts";
import { checkTrailers, type Fields, statusOf } from "./fields.ts";
import type { OnFrame } from "./frame-reader.ts";
import type { GivenUp, Late } from "./given-up.ts";
import { contentEnd, contentStart, createHeaderBlocks } from "./header-blocks.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Stream } from "./stream.ts";

export interface IncomingOptions<Head> extends ControlOptions {
  outgoing: Outgoing<Head>;
  /** Of a header block, in the order of their coming: HPACK needs all of them. Throws {@link ConnectionError}, {@link StreamError}. */
  decodeFields(bytes: Uint8Array, from: number, end: number): Fields;
  maxHeaderBytes: number;
  /** §6.9: what the peer may send on the whole connection before it is told to go on. */
  connectionWindow: number;
  /** Streams that we gave up. */
  givenUp: GivenUp;
  /** Bytes of a stream that nobody has to read. */
  onPadding(stream: Stream<Head>, bytes: number): void;
  /** The response has come to its end. */
  onEnd(stream: Stream<Head>): void;
  /** The stream has failed: it is to be forgotten, and its listener told. `code`: the peer is told, too. */
  onFailure(stream: Stream<Head>, failure: StreamFailure, code?: ErrorCode): void;
}

/** The half of a connection that receives: what each frame means (§6). Throws {@link ConnectionError}. */
export function createIncoming<Head>(options: IncomingOptions<Head>): OnFrame {
  const { writer, outgoing, guard, givenUp, connectionWindow } = options;
  const control = createControlFrames(options, outgoing.adjust);
  const blocks = createHeaderBlocks(options.maxHeaderBytes, onHeaderBlock);
  let began = false;
  // What came on the connection since the peer was told to go on.
  let received = 0;
  // Equal blocks may give the same array: what was right about the last one is right about it.
  let lastHeader: Fields | undefined;
  let lastTrailer: Fields | undefined;

  /** A frame on a stream that does not live: we gave it up, or it is over. */
  function onLate(streamId: number, late: Late): void {
    if (late === "never") {
      throw new ConnectionError(ErrorCode.streamClosed, `a frame on stream ${streamId}, which is over`);
    }
    if (late === "surplus") {
      guard();
    }
  }

  /** §5.1, §5.1.1: only we open streams, with odd numbers. */
  function refuseIdle(streamId: number): void {
    if (streamId === 0 || streamId % 2 === 0 || streamId >= outgoing.nextId()) {
      throw new ConnectionError(ErrorCode.protocolError, `a frame on stream ${streamId}, which nobody opened`);
    }
  }

  /** §6.1. */
  function onData(flags: number, streamId: number, bytes: Uint8Array, start: number, length: number): void {
    const end = (flags & Flag.endStream) !== 0;
    const from = contentStart(flags, bytes, start, length);
    const to = contentEnd(flags, bytes, start, length);
    refuseIdle(streamId);
    // §6.9.1: also of streams that are over. Given back in any case: what a reader does not take is bounded by the window of
    // its stream, and must not stop others.
    received += length;
    if (received >= connectionWindow >> 1) {
      writer.windowUpdate(0, received);
      received = 0;
    }
    const stream = outgoing.open.get(streamId);
    if (!stream) {
      onLate(streamId, givenUp.data(streamId, length, end));
      return;
    }
    if (!stream.gotHeaders) {
      throw new StreamError(ErrorCode.protocolError, "DATA before the response's fields");
    }
    stream.credit -= length;
    if (stream.credit < 0) {
      throw new StreamError(ErrorCode.flowControlError, "more than the stream's window");
    }
    if (from === to && !end) {
      guard();
    }
    if (end) {
      options.onEnd(stream);
    } else if (to - from < length) {
      options.onPadding(stream, length - (to - from));
    }
    if (to > from || end) {
      stream.listener.onData(bytes.subarray(from, to), end);
    }
  }

  function onHeaderBlock(streamId: number, endStream: boolean, bytes: Uint8Array, from: number, end: number): void {
    const stream = outgoing.open.get(streamId);
    if (!stream) {
      onLate(streamId, givenUp.headers(streamId, endStream));
    }
    // §4.3: also of one that means nothing any more.
    const fields = options.decodeFields(bytes, from, end);
    if (!stream) {
      return;
    }
    if (stream.gotHeaders) {
      if (!endStream) {
        throw new StreamError(ErrorCode.protocolError, "trailers that are not the end");
      }
      if (fields !== lastTrailer) {
        checkTrailers(fields);
        lastTrailer = fields;
      }
    } else {
      if (fields !== lastHeader) {
        const status = statusOf(fields);
        if (status < 200) {
          onInterim(status, endStream);
          return;
        }
        lastHeader = fields;
      }
      stream.gotHeaders = true;
    }
    if (endStream) {
      options.onEnd(stream);
    }
    stream.listener.onHeaders(fields, endStream);
  }

  /** §8.1: the response is still to come. §8.6: 101 is not for HTTP/2. */
  function onInterim(status: number, endStream: boolean): void {
    if (endStream || status === 101) {
      throw new StreamError(ErrorCode.protocolError, `an interim response of ${status}`);
    }
    guard();
  }

  /** §6.4. */
  function onReset(streamId: number, bytes: Uint8Array, start: number, length: number): void {
    size(length === 4, "RST_STREAM");
    refuseIdle(streamId);
    const code = uint32(bytes, start);
    const stream = outgoing.open.get(streamId);
    if (!stream) {
      guard();
      givenUp.reset(streamId);
      return;
    }
    // §8.7: refused before anything was done. Who has answered has done something.
    const kind = code === ErrorCode.refusedStream && !stream.gotHeaders ? "refused" : "reset";
    options.onFailure(stream, new StreamFailure(kind, "the peer reset the stream", { code }));
  }

  /** §6.9. */
  function onWindowUpdate(streamId: number, bytes: Uint8Array, start: number, length: number): void {
    size(length === 4, "WINDOW_UPDATE");
    const increment = uint32(bytes, start) & 0x7f_ff_ff_ff;
    if (streamId === 0) {
      if (increment === 0) {
        throw new ConnectionError(ErrorCode.protocolError, "a WINDOW_UPDATE by 0");
      }
      outgoing.widen(undefined, increment);
      return;
    }
    refuseIdle(streamId);
    const stream = outgoing.open.get(streamId);
    if (!stream) {
      guard();
      return;
    }
    if (increment === 0) {
      throw new StreamError(ErrorCode.protocolError, "a WINDOW_UPDATE by 0");
    }
    outgoing.widen(stream, increment);
  }

  function onFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Uint8Array,
    start: number,
    length: number,
  ): void {
    // §3.4: the first frame is the peer's SETTINGS.
    if (!began && (type !== FrameType.settings || flags & Flag.ack)) {
      throw new ConnectionError(ErrorCode.protocolError, "no SETTINGS in the beginning");
    }
    began = true;
    // §6.10.
    if (blocks.unfinished() && type !== FrameType.continuation) {
      throw new ConnectionError(ErrorCode.protocolError, "a header block that was broken off");
    }
    switch (type) {
      case FrameType.data:
        onData(flags, streamId, bytes, start, length);
        break;
      case FrameType.headers:
        refuseIdle(streamId);
        blocks.headers(flags, streamId, bytes, start, length);
        break;
      case FrameType.continuation:
        blocks.continuation(flags, streamId, bytes, start, length);
        break;
      case FrameType.rstStream:
        onReset(streamId, bytes, start, length);
        break;
      case FrameType.settings:
        control.settings(flags, streamId, bytes, start, length);
        break;
      case FrameType.windowUpdate:
        onWindowUpdate(streamId, bytes, start, length);
        break;
      case FrameType.ping:
        control.ping(flags, streamId, bytes, start, length);
        break;
      case FrameType.goaway:
        control.goaway(streamId, bytes, start, length);
        break;
      case FrameType.priority:
        // §5.3.2, §6.3: of no interest, but it has a form.
        if (streamId === 0) {
          throw new ConnectionError(ErrorCode.protocolError, "PRIORITY on stream 0");
        }
        size(length === 5, "PRIORITY");
        guard();
        break;
      case FrameType.pushPromise:
        // §8.4: we said that we take none.
        throw new ConnectionError(ErrorCode.protocolError, "a PUSH_PROMISE");
      default:
        // §5.5: of no interest.
        guard();
    }
  }

  return (type, flags, streamId, bytes, start, length) => {
    try {
      onFrame(type, flags, streamId, bytes, start, length);
    } catch (error) {
      if (!(error instanceof StreamError)) {
        throw error;
      }
      // §5.4.2: what is wrong with one stream ends that one; with one that we gave up nothing can be wrong any more.
      const stream = outgoing.open.get(streamId);
      if (stream) {
        options.onFailure(stream, new StreamFailure("malformed", error.message, { code: error.code }), error.code);
      }
    }
  };
}
