import type { ByteStreamListener, Dial } from "../../../../src/transport/byte-stream.ts";
import type { CallFailure } from "../../../../src/transport/seam.ts";
import { brief, type Frame, join, parse, prefaceText, settings } from "../http2/frames.ts";

/** One connection that was dialled, in the hands of the test. */
export interface FakeLine {
  /** It stands; with `greet`, the peer's SETTINGS come at once. */
  open(greet?: boolean): void;
  /** The peer sends. */
  speak(...bytes: Uint8Array[]): void;
  /** It is over. */
  close(failure?: CallFailure): void;
  /** What was sent on it since it was asked last. */
  frames(): Frame[];
  sent(): string[];
  /** What the session did with the socket: `end`, `destroy`, `hold`, `free`. */
  readonly done: string[];
}

export interface FakePeer {
  dial: Dial;
  readonly lines: FakeLine[];
  /** The line that was dialled last, opened and greeted. */
  accept(): FakeLine;
}

/** What a session dials: sockets that do only what the test says. */
export function fakePeer(): FakePeer {
  const lines: FakeLine[] = [];
  return {
    lines,
    dial(_, __, listener) {
      const { line, stream } = createLine(listener);
      lines.push(line);
      return stream;
    },
    accept() {
      const line = lines.at(-1) as FakeLine;
      line.open();
      return line;
    },
  };
}

function createLine(listener: ByteStreamListener) {
  const done: string[] = [];
  let written: Uint8Array[] = [];
  let greeted = false;
  let closed = false;

  const line: FakeLine = {
    done,
    open(greet = true) {
      listener.onOpen();
      if (greet) {
        listener.onBytes(settings());
      }
    },
    speak: (...bytes) => listener.onBytes(join(...bytes)),
    close(failure) {
      if (!closed) {
        closed = true;
        listener.onClose(failure);
      }
    },
    frames() {
      const bytes = join(...written);
      written = [];
      const { frames } = parse(greeted ? bytes : bytes.slice(prefaceText.length));
      greeted ||= bytes.length > 0;
      return frames;
    },
    sent: () => line.frames().map(brief),
  };
  const stream = {
    write(bytes: Uint8Array) {
      written.push(bytes);
      return true;
    },
    end: () => void done.push("end"),
    destroy() {
      done.push("destroy");
      line.close();
    },
    hold: (on: boolean) => void done.push(on ? "hold" : "free"),
  };
  return { line, stream };
}

/** Until what was scheduled in this turn has run. */
export const turn = (): Promise<void> => new Promise<void>((resolve) => setImmediate(resolve));
