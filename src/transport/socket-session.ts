import type { Dial } from "./byte-stream.ts";
import { notHttp2Hint } from "./failure.ts";
import { createConnection } from "./http2/connection.ts";
import { ErrorCode, errorName } from "./http2/constants.ts";
import { ConnectionError, StreamError, type StreamFailure } from "./http2/failures.ts";
import { createDecoder } from "./http2/hpack/decoder.ts";
import { defaultTableSize } from "./http2/hpack/dynamic-table.ts";
import { createEncoder } from "./http2/hpack/encoder.ts";
import { HpackError } from "./http2/hpack/hpack-error.ts";
import { type Quiet, tooManyPings, watchOver } from "./keepalive.ts";
import { CallFailure, type TlsOptions } from "./seam.ts";
import { type Line, type Lines, type RequestHead, type Running, RunningCall, type SocketCall } from "./socket-call.ts";

/** The connection to one broker: opened by the first call, and again when it is lost or the broker wants another one. */
export interface SocketSession {
  start(call: SocketCall): Running;
  /** Ends the connection and every call on it. */
  close(): void;
}

export interface SocketSessionOptions {
  url: string;
  tls: TlsOptions | undefined;
  dial: Dial;
  /** Runs a function at the end of this turn of the event loop. */
  schedule(work: () => void): void;
  quiet: Quiet;
}

/** A peer that does not take note of the end of a connection has it ended for it, so many milliseconds later. */
const lingerMs = 1_000;

export function createSocketSession({ url, tls, dial, schedule, quiet }: SocketSessionOptions): SocketSession {
  // Also those that have ended, until their sockets have.
  const lines = new Set<Line>();
  let current: Line | undefined;
  let closed = false;
  let spoke = false;

  function open(): Line {
    const encoder = createEncoder();
    // Servers are asked to have no table (`connection`). Some do not listen (Bun's), and need the one that there is by default.
    const decoder = createDecoder({ maxTableSize: defaultTableSize, maxListSize: 1 << 16 });
    let opened = false;
    let why: CallFailure | undefined;
    let gone = false;
    let linger: ReturnType<typeof setTimeout> | undefined;
    const socket = dial(url, tls, {
      onOpen() {
        opened = true;
      },
      onBytes: (chunk) => connection.receive(chunk),
      onDrain: () => connection.drained(),
      onClose(failure) {
        why = failure;
        gone = true;
        lines.delete(line);
        clearTimeout(linger);
        connection.ended(failure);
      },
    });
    const connection = createConnection<RequestHead>({
      write: socket.write,
      end() {
        if (!opened) {
          socket.destroy();
        } else if (!gone) {
          socket.end();
          linger = setTimeout(socket.destroy, lingerMs);
          // Where timers are numbers, a second more.
          (linger as { unref?: () => void }).unref?.();
        }
      },
      schedule,
      now: () => performance.now(),
      encodeHead: ({ prepared, rest }) => encoder.encodePrepared(prepared, rest),
      onHeaderTableSize: encoder.setMaxTableSize,
      decodeFields(bytes, from, end) {
        try {
          return decoder.decode(bytes, from, end);
        } catch (error) {
          // With nothing in the table, what is too long for one call means nothing to the others.
          const bomb = error instanceof HpackError && error.code === "LIST_TOO_LARGE" && decoder.table.length === 0;
          throw bomb
            ? new StreamError(ErrorCode.enhanceYourCalm, error.message)
            : new ConnectionError(ErrorCode.compressionError, (error as Error).message);
        }
      },
      onBegin() {
        spoke = true;
      },
      onDraining(code, words) {
        if (code === ErrorCode.enhanceYourCalm && words === tooManyPings) {
          quiet.double();
        }
        if (current === line) {
          current = undefined;
        }
      },
      onEnd() {
        if (current === line) {
          current = undefined;
        }
        stopWatching();
      },
    });
    const line: Line = {
      connection,
      socket,
      held: true,
      told(failure) {
        // What waited for its turn never went out, however the connection was lost.
        const unsent = failure.kind === "refused" && why?.kind === "lost";
        return unsent ? understood(failure, opened) : (why ?? understood(failure, opened));
      },
    };
    const stopWatching = watchOver(connection, quiet, () => {
      connection.ended(new Error("the peer gives no sign of life"));
      socket.destroy();
    });
    lines.add(line);
    return line;
  }

  function understood(failure: StreamFailure, opened: boolean): CallFailure {
    const { kind, code, message } = failure;
    const named = code === undefined || kind === "malformed" ? message : `${message} (${errorName(code)})`;
    if (closed) {
      return new CallFailure("lost", `the connection to ${url} was given up`, { cause: failure });
    }
    if (!opened) {
      return new CallFailure("unreachable", `cannot connect to ${url}: ${named}`, { cause: failure });
    }
    if (kind === "refused") {
      return new CallFailure("refused", `${url} refused the call: ${named}`, { cause: failure });
    }
    if (!spoke) {
      const how = failure.cause instanceof ConnectionError || kind === "malformed" ? "garbled" : "silent";
      const hint = `${url} does not speak HTTP/2 (${named}); ${notHttp2Hint(url)}`;
      return new CallFailure(how, hint, { cause: failure });
    }
    return kind === "reset"
      ? new CallFailure("reset", `${url} broke the call off: ${named}`, { cause: failure })
      : new CallFailure("lost", `the connection to ${url} was lost: ${named}`, { cause: failure });
  }

  /** Idle connections keep no process alive; those with calls do. */
  function hold(line: Line): void {
    const busy = line.connection.load() > 0;
    if (busy !== line.held) {
      line.held = busy;
      line.socket.hold(busy);
    }
  }

  /** What calls need of their session. */
  const way: Lines = {
    take() {
      if (!current?.connection.takesRequests()) {
        current = open();
      }
      return current;
    },
    hold,
    refusal: () => (closed ? new CallFailure("aborted", `the connection to ${url} was closed`) : undefined),
  };

  return {
    start(call) {
      const running = new RunningCall(way, call);
      running.attempt();
      return running;
    },
    close() {
      closed = true;
      for (const { connection, socket } of [...lines]) {
        connection.close();
        socket.destroy();
      }
    },
  };
}
