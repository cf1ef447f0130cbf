import {
  type Connection,
  type ConnectionOptions,
  createConnection,
} from "../../../../src/transport/http2/connection.ts";
import { ConnectionError, StreamError, type StreamFailure } from "../../../../src/transport/http2/failures.ts";
import { createDecoder } from "../../../../src/transport/http2/hpack/decoder.ts";
import type { HpackError } from "../../../../src/transport/http2/hpack/hpack-error.ts";
import type { Stream } from "../../../../src/transport/http2/stream.ts";
import { brief, type Frame, join, latin1, parse, prefaceText, settings } from "./frames.ts";

/** A request as a test sees it. Its header block is what the test says, not HPACK. */
export interface Call {
  stream: Stream<Uint8Array>;
  /** What was told, in order; DATA that follows DATA is joined to it. */
  events: string[];
  received: Uint8Array[];
  failure: StreamFailure | undefined;
}

export interface Harness {
  connection: Connection<Uint8Array>;
  /** The peer sends. */
  feed(...bytes: Uint8Array[]): void;
  /** What we sent since it was asked last. */
  frames(): Frame[];
  /** The same, in short. */
  sent(): string[];
  /** A request: `undefined` for a body that comes piece by piece. */
  call(body?: Uint8Array | undefined, options?: { more?: boolean; head?: Uint8Array; consume?: boolean }): Call;
  /** What the connection told of itself: begin, draining, end, table sizes. */
  told: string[];
  clock: { ms: number };
  /** What `write` gives: whether the socket takes more. */
  socket: { takes: boolean; ended: number; bytes: number };
}

export const head: Uint8Array = Uint8Array.of(0x82);

/** A connection, and its peer in the hands of the test. `greeted`: the peer's SETTINGS have come, and ours were read. */
export function harness(options: Partial<ConnectionOptions<Uint8Array>> = {}, greeted = true): Harness {
  const decoder = createDecoder({ maxTableSize: 0, maxListSize: 1 << 16 });
  const scheduled: (() => void)[] = [];
  const told: string[] = [];
  const clock = { ms: 0 };
  const socket = { takes: true, ended: 0, bytes: 0 };
  let written: Uint8Array[] = [];
  let rest: Uint8Array = new Uint8Array(0);
  let begun = false;

  const connection = createConnection<Uint8Array>({
    write(bytes) {
      written.push(bytes);
      socket.bytes += bytes.length;
      return socket.takes;
    },
    end: () => void socket.ended++,
    schedule: (work) => void scheduled.push(work),
    encodeHead: (block) => block,
    onHeaderTableSize: (bytes) => void told.push(`table ${bytes}`),
    decodeFields(bytes, from, end) {
      try {
        return decoder.decode(bytes, from, end);
      } catch (error) {
        throw (error as HpackError).code === "LIST_TOO_LARGE"
          ? new StreamError(0xb, "long")
          : new ConnectionError(0x9, "no HPACK");
      }
    },
    onBegin: () => void told.push("begin"),
    onDraining: () => void told.push("draining"),
    onEnd: (failure) =>
      void told.push(`end ${failure instanceof ConnectionError ? failure.code : (failure?.name ?? "")}`),
    now: () => clock.ms,
    ...options,
  });

  function frames(): Frame[] {
    for (const work of scheduled.splice(0)) {
      work();
    }
    let bytes = join(rest, ...written);
    written = [];
    if (!begun && bytes.length >= prefaceText.length) {
      begun = true;
      if (latin1(bytes.subarray(0, prefaceText.length)) !== prefaceText) {
        throw new Error("no preface");
      }
      bytes = bytes.slice(prefaceText.length);
    }
    const parsed = parse(bytes);
    rest = parsed.rest;
    return parsed.frames;
  }

  function call(
    body: Uint8Array | undefined = undefined,
    { more = false, head: block = head, consume = true }: { more?: boolean; head?: Uint8Array; consume?: boolean } = {},
  ): Call {
    const call: Call = { stream: undefined as never, events: [], received: [], failure: undefined };
    call.stream = connection.request(block, body, more, {
      onHeaders: (fields, end) => void call.events.push(`headers ${fields.join(" ")}${end ? " end" : ""}`),
      onData(bytes, end) {
        call.received.push(bytes);
        call.events.push(`data ${bytes.length}${end ? " end" : ""}`);
        if (consume) {
          connection.consume(call.stream, bytes.length);
        }
      },
      onDrain: () => void call.events.push("drain"),
      onFailure(failure) {
        call.failure = failure;
        call.events.push(`failed ${failure.kind} ${failure.code ?? ""}`.trim());
      },
    });
    return call;
  }

  if (greeted) {
    connection.receive(settings());
    frames();
    told.length = 0;
  }
  return {
    connection,
    feed: (...bytes) => connection.receive(join(...bytes)),
    frames,
    sent: () => frames().map(brief),
    call,
    told,
    clock,
    socket,
  };
}

/** The body of a call's answer. */
export const body = (call: Call): string => latin1(join(...call.received));
