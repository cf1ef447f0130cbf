import { defaultMaxFrameSize, type ErrorCode, Flag, FrameType, frameHeaderBytes, preface } from "./constants.ts";

/** Where frames go. The bytes of one turn of the event loop leave together. */
export interface FrameWriter {
  /** §3.4, §6.5: the preface and our settings. */
  begin(settings: readonly (readonly [id: number, value: number])[]): void;
  /** §6.2, §6.10: a header block, in as many frames as it takes. */
  headers(streamId: number, block: Uint8Array, endStream: boolean, maxFrameSize: number): void;
  /** §6.1: bytes of `body` from `start`; no longer than the peer's largest frame. */
  data(streamId: number, body: Uint8Array, start: number, length: number, endStream: boolean): void;
  rstStream(streamId: number, code: number): void;
  settingsAck(): void;
  ping(payload: Uint8Array, ack: boolean): void;
  goaway(code: ErrorCode): void;
  windowUpdate(streamId: number, increment: number): void;
  /** Hands over what has been written so far. */
  flush(): void;
}

/** As much as a turn usually writes. A piece of it that was handed over is never written to again. */
const arenaBytes = 65_536;

/**
 * `send` gets the bytes and may keep them. `schedule` runs a function at the end of this turn of the event loop, or soon.
 */
export function createFrameWriter(
  send: (bytes: Uint8Array) => void,
  schedule: (flush: () => void) => void,
): FrameWriter {
  let arena = new Uint8Array(0);
  let from = 0;
  let at = 0;
  let scheduled = false;

  function flush(): void {
    scheduled = false;
    if (at > from) {
      const bytes = arena.subarray(from, at);
      from = at;
      send(bytes);
    }
  }

  /** Room for `bytes` more, and a flush for them. */
  function reserve(bytes: number): void {
    if (at + bytes > arena.length) {
      const wasScheduled = scheduled;
      flush();
      scheduled = wasScheduled;
      arena = new Uint8Array(Math.max(arenaBytes, bytes));
      from = 0;
      at = 0;
    }
    if (!scheduled) {
      scheduled = true;
      schedule(flush);
    }
  }

  function uint32(value: number): void {
    arena[at++] = value >>> 24;
    arena[at++] = value >>> 16;
    arena[at++] = value >>> 8;
    arena[at++] = value;
  }

  /** §4.1. */
  function frame(type: number, flags: number, streamId: number, length: number): void {
    reserve(frameHeaderBytes + length);
    arena[at++] = length >>> 16;
    arena[at++] = length >>> 8;
    arena[at++] = length;
    arena[at++] = type;
    arena[at++] = flags;
    uint32(streamId);
  }

  /** Most pieces are whole: a view would cost more than a small copy. */
  function copy(bytes: Uint8Array, start: number, length: number): void {
    arena.set(start === 0 && length === bytes.length ? bytes : bytes.subarray(start, start + length), at);
    at += length;
  }

  return {
    begin(settings) {
      reserve(preface.length);
      for (let i = 0; i < preface.length; i++) {
        arena[at++] = preface.charCodeAt(i);
      }
      frame(FrameType.settings, 0, 0, 6 * settings.length);
      for (const [id, value] of settings) {
        arena[at++] = id >>> 8;
        arena[at++] = id;
        uint32(value);
      }
    },
    headers(streamId, block, endStream, maxFrameSize = defaultMaxFrameSize) {
      const end = endStream ? Flag.endStream : 0;
      for (let start = 0; start === 0 || start < block.length; start += maxFrameSize) {
        const length = Math.min(maxFrameSize, block.length - start);
        const last = start + length === block.length ? Flag.endHeaders : 0;
        const type = start === 0 ? FrameType.headers : FrameType.continuation;
        frame(type, start === 0 ? end | last : last, streamId, length);
        copy(block, start, length);
      }
    },
    data(streamId, body, start, length, endStream) {
      frame(FrameType.data, endStream ? Flag.endStream : 0, streamId, length);
      copy(body, start, length);
    },
    rstStream(streamId, code) {
      frame(FrameType.rstStream, 0, streamId, 4);
      uint32(code);
    },
    settingsAck: () => frame(FrameType.settings, Flag.ack, 0, 0),
    ping(payload, ack) {
      frame(FrameType.ping, ack ? Flag.ack : 0, 0, 8);
      copy(payload, 0, 8);
    },
    goaway(code) {
      frame(FrameType.goaway, 0, 0, 8);
      // §6.8: the last stream of the peer's that we processed. Servers open none with us.
      uint32(0);
      uint32(code);
    },
    windowUpdate(streamId, increment) {
      frame(FrameType.windowUpdate, 0, streamId, 4);
      uint32(increment);
    },
    flush,
  };
}
