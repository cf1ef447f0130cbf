import { defaultWindow, ErrorCode, maxStreamId, maxWindow } from "./constants.ts";
import { ConnectionError, StreamError } from "./failures.ts";
import type { FrameWriter } from "./frame-writer.ts";
import type { PeerSettings } from "./settings.ts";
import type { Stream } from "./stream.ts";

/** The half of a connection that sends: which streams are open, and what each may send when. */
export interface Outgoing<Head> {
  readonly open: Map<number, Stream<Head>>;
  /** §5.1.2: those that wait until the peer allows one more. */
  readonly waiting: Set<Stream<Head>>;
  /** Begins a stream, now or when the peer allows it. */
  begin(stream: Stream<Head>): void;
  /** Sends what the stream has, as far as the windows go. */
  pump(stream: Stream<Head>): void;
  /** The stream is over: another one may begin. */
  leave(stream: Stream<Head>): void;
  /** §6.9: the peer takes more, of a stream or (0) of the connection. Throws for more than there is. */
  widen(stream: Stream<Head> | undefined, increment: number): void;
  /** §6.9.2, §6.5.2: the peer's settings changed. */
  adjust(windowChange: number): void;
  /** Whether the socket takes no more for the moment. */
  hold(on: boolean): void;
  /** The connection is over: nothing goes out any more. Gives the streams that were on it. */
  clear(): { waiting: Stream<Head>[]; open: Stream<Head>[] };
  /** The number of the next stream to be opened: those below it were. */
  nextId(): number;
}

export interface OutgoingOptions<Head> {
  writer: FrameWriter;
  settings: PeerSettings;
  /** The header block of a request. Called when it goes out, in the order of sending: HPACK needs it so. */
  encodeHead(head: Head): Uint8Array;
  /** A frame of a request went out. */
  onSent(): void;
  /** §5.1.1: there are no numbers left. */
  onExhausted(): void;
  /** The number of the first stream. */
  firstStreamId: number;
}

export function createOutgoing<Head>(options: OutgoingOptions<Head>): Outgoing<Head> {
  const { writer, settings, encodeHead, onSent, onExhausted } = options;
  const open = new Map<number, Stream<Head>>();
  const waiting = new Set<Stream<Head>>();
  // Could send, if the connection let them. Those whose own window is used up are not among them: a peer that opens the
  // window of the connection by 1 and again by 1 would make us look at all of them each time.
  const blocked = new Set<Stream<Head>>();
  let window = defaultWindow;
  let held = false;
  let nextId = options.firstStreamId;

  function start(stream: Stream<Head>): void {
    stream.id = nextId;
    stream.window = settings.initialWindowSize;
    nextId += 2;
    open.set(stream.id, stream);
    const onlyHead = stream.ending && stream.outgoing.length === 0;
    writer.headers(stream.id, encodeHead(stream.head), onlyHead, settings.maxFrameSize);
    onSent();
    stream.sentEnd = onlyHead;
    pump(stream);
    if (nextId > maxStreamId) {
      onExhausted();
    }
  }

  function startWaiting(): void {
    for (const stream of waiting) {
      if (open.size >= settings.maxConcurrentStreams || nextId > maxStreamId) {
        return;
      }
      waiting.delete(stream);
      start(stream);
    }
  }

  function pump(stream: Stream<Head>): void {
    const { outgoing } = stream;
    blocked.delete(stream);
    while (!stream.sentEnd && stream.id !== 0 && !stream.done) {
      const piece = outgoing[0];
      if (!piece) {
        if (stream.ending) {
          writer.data(stream.id, nothing, 0, 0, true);
          stream.sentEnd = true;
        }
        return;
      }
      const left = piece.length - stream.sent;
      if (held || window <= 0 || stream.window <= 0) {
        if (stream.window > 0) {
          blocked.add(stream);
        }
        return;
      }
      const length = Math.min(left, stream.window, window, settings.maxFrameSize);
      const end = stream.ending && length === left && outgoing.length === 1;
      writer.data(stream.id, piece, stream.sent, length, end);
      onSent();
      stream.sent += length;
      stream.window -= length;
      window -= length;
      stream.sentEnd = end;
      if (length === left) {
        outgoing.shift();
        stream.sent = 0;
        if (outgoing.length === 0) {
          stream.listener.onDrain?.();
        }
      }
    }
  }

  function pumpBlocked(): void {
    for (const stream of blocked) {
      if (held || window <= 0) {
        return;
      }
      // Sends all it may: it is blocked again only when the connection is, and then stands behind the others.
      pump(stream);
    }
  }

  return {
    open,
    waiting,
    begin(stream) {
      if (open.size >= settings.maxConcurrentStreams) {
        waiting.add(stream);
      } else {
        start(stream);
      }
    },
    pump,
    leave(stream) {
      blocked.delete(stream);
      waiting.delete(stream);
      if (stream.id !== 0) {
        open.delete(stream.id);
        startWaiting();
      }
    },
    widen(stream, increment) {
      if (stream) {
        if (stream.window + increment > maxWindow) {
          throw new StreamError(ErrorCode.flowControlError, `a stream's window beyond 2^31-1`);
        }
        stream.window += increment;
        pump(stream);
        return;
      }
      if (window + increment > maxWindow) {
        throw new ConnectionError(ErrorCode.flowControlError, `the connection's window beyond 2^31-1`);
      }
      window += increment;
      pumpBlocked();
    },
    adjust(windowChange) {
      for (const stream of open.values()) {
        stream.window += windowChange;
        if (stream.window > maxWindow) {
          throw new ConnectionError(
            ErrorCode.flowControlError,
            "INITIAL_WINDOW_SIZE makes a window of more than 2^31-1",
          );
        }
      }
      if (windowChange > 0) {
        for (const stream of open.values()) {
          pump(stream);
        }
      }
      startWaiting();
    },
    hold(on) {
      held = on;
      if (!on) {
        pumpBlocked();
      }
    },
    clear() {
      const streams = { waiting: [...waiting], open: [...open.values()] };
      waiting.clear();
      open.clear();
      blocked.clear();
      return streams;
    },
    nextId: () => nextId,
  };
}

const nothing = new Uint8Array(0);
