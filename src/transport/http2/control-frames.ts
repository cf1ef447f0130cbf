import { ErrorCode, Flag } from "./constants.ts";
import { ConnectionError } from "./failures.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { applySettings, type PeerSettings } from "./settings.ts";

export interface ControlOptions {
  writer: FrameWriter;
  settings: PeerSettings;
  /** Counts a frame that brings nothing. */
  guard(): void;
  /** §6.5.2: what the encoder may use. */
  onHeaderTableSize(bytes: number): void;
  /** §6.5: after the encoder was told. */
  onSettings(): void;
  /** §6.8. */
  onGoaway(lastStreamId: number, code: number, words: string): void;
}

/** What frames mean that are of the connection, and of no stream. */
export interface ControlFrames {
  settings(flags: number, streamId: number, bytes: Uint8Array, start: number, length: number): void;
  ping(flags: number, streamId: number, bytes: Uint8Array, start: number, length: number): void;
  goaway(streamId: number, bytes: Uint8Array, start: number, length: number): void;
}

/** `onWindowChange`: §6.9.2, by how much the peer's settings have changed the windows of all streams. */
export function createControlFrames(options: ControlOptions, onWindowChange: (by: number) => void): ControlFrames {
  const { writer, settings, guard } = options;
  return {
    /** §6.5. */
    settings(flags, streamId, bytes, start, length) {
      ofConnection(streamId, "SETTINGS");
      guard();
      if (flags & Flag.ack) {
        size(length === 0, "SETTINGS");
        return;
      }
      size(length % 6 === 0, "SETTINGS");
      const before = settings.initialWindowSize;
      applySettings(settings, bytes, start, length, options.onHeaderTableSize);
      options.onSettings();
      writer.settingsAck();
      onWindowChange(settings.initialWindowSize - before);
    },
    /** §6.7. */
    ping(flags, streamId, bytes, start, length) {
      ofConnection(streamId, "PING");
      size(length === 8, "PING");
      guard();
      // An answer is a sign of life, as everything that comes.
      if (!(flags & Flag.ack)) {
        writer.ping(bytes.slice(start, start + 8), true);
      }
    },
    /** §6.8. */
    goaway(streamId, bytes, start, length) {
      ofConnection(streamId, "GOAWAY");
      size(length >= 8, "GOAWAY");
      guard();
      const words = debugText(bytes.subarray(start + 8, start + length));
      options.onGoaway(uint32(bytes, start) & 0x7f_ff_ff_ff, uint32(bytes, start + 4), words);
    },
  };
}

/** What the peer says of its leave, as far as it can be shown to somebody. Not in pieces, of which nobody would know that they are of a token. */
function debugText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 4_096)).replace(/[^ -~]/g, "?");
}

function ofConnection(streamId: number, frame: string): void {
  if (streamId !== 0) {
    throw new ConnectionError(ErrorCode.protocolError, `${frame} on stream ${streamId}`);
  }
}

export function size(right: boolean, frame: string): void {
  if (!right) {
    throw new ConnectionError(ErrorCode.frameSizeError, `${frame} of a wrong length`);
  }
}

export function uint32(bytes: Uint8Array, at: number): number {
  const [a, b, c, d] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]] as [number, number, number, number];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
