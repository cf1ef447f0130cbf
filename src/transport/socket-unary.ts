import { Code, ConnectError } from "@connectrpc/connect";
import {
  codeFromHttpStatus,
  findTrailerError,
  parseContentType,
  requestHeader,
} from "@connectrpc/connect/protocol-grpc";
import { createDeadlines } from "../lib/deadlines.ts";
import { toCallFailure } from "./failure.ts";
import type { Fields } from "./http2/fields.ts";
import { type PreparedFields, prepareFields } from "./http2/hpack/encoder.ts";
import { CallFailure, type UnaryBytesCall } from "./seam.ts";
import { requestFields, toFields, toHeaders } from "./socket-http.ts";
import type { Running, SocketCall, SocketSession } from "./socket-session.ts";

// The short way of a unary call, for the one that is made for every message: what Connect does for any call takes longer
// than the call itself. No interceptors, no compression.

interface Waiting {
  readonly deadline: number;
  expire(): void;
}

/** `maxBytes`: an answer that is longer is none. */
export function createUnaryBytes(
  session: SocketSession,
  url: string,
  maxBytes: number,
): (call: UnaryBytesCall) => Promise<Uint8Array> {
  const { host, protocol } = new URL(url);
  const deadlines = createDeadlines<Waiting>((waiting) => waiting.expire());
  const isGood: AnswerChecks = { header: remembering(isGrpc), trailer: remembering(isOk) };
  let last: { path: string; header: Headers; timeoutMs: number; prepared: PreparedFields } | undefined;

  /** What requests begin with: the same for many of them. */
  function prepare(path: string, header: Headers, timeoutMs: number): PreparedFields {
    if (last?.path !== path || last.header !== header || last.timeoutMs !== timeoutMs) {
      const all = [...requestFields(protocol, host, path), ...toFields(requestHeader(true, timeoutMs, header))];
      last = { path, header, timeoutMs, prepared: prepareFields(all) };
    }
    return last.prepared;
  }

  return ({ path, request, header, timeoutMs, signal }) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(new CallFailure("aborted", "the call was aborted", { cause: signal.reason }));
        return;
      }
      const answer = createAnswer(url, isGood);
      const settle = () => {
        signal?.removeEventListener("abort", abort);
        deadlines.delete(waiting);
      };
      const fail = (failure: CallFailure) => {
        settle();
        reject(failure);
      };
      const abort = () => {
        running.cancel();
        fail(new CallFailure("aborted", "the call was aborted", { cause: signal?.reason }));
      };
      const waiting: Waiting = {
        deadline: Date.now() + timeoutMs,
        expire() {
          running.cancel();
          fail(new CallFailure("deadline", `${url} did not answer in time`));
        },
      };
      const end = () => {
        settle();
        let failure: unknown;
        try {
          failure = answer.failure();
        } catch (reason) {
          // What Connect cannot read: a message that is not percent-encoded, or details that are none.
          failure = reason;
        }
        if (failure) {
          reject(toCallFailure(failure, { url, signal, spokeHttp2: undefined }));
        } else {
          resolve(answer.message());
        }
      };
      const call: SocketCall = {
        head: { prepared: prepare(path, header, timeoutMs), rest: none },
        body: request,
        onHeaders(fields, isEnd) {
          answer.fields(fields);
          if (isEnd) {
            end();
          }
        },
        onData(bytes, isEnd) {
          if (answer.data(bytes) > maxBytes) {
            running.cancel();
            const reason = new ConnectError(`an answer of more than ${maxBytes} bytes`, Code.ResourceExhausted);
            fail(toCallFailure(reason, { url, signal, spokeHttp2: undefined }));
            return;
          }
          running.consume(bytes.length);
          if (isEnd) {
            end();
          }
        },
        onFailure: fail,
      };
      // A call that fails at once has no handle yet.
      let running: Running = idle;
      deadlines.add(waiting);
      signal?.addEventListener("abort", abort, { once: true });
      running = session.start(call);
    });
}

const none: Fields = [];
const idle: Running = { write() {}, consume() {}, cancel() {} };

/** What came of an answer. */
function createAnswer(url: string, isGood: AnswerChecks) {
  let header: Fields = none;
  let trailer: Fields | undefined;
  const pieces: Uint8Array[] = [];
  let length = 0;

  /** Most answers come in one piece. */
  function body(): Uint8Array {
    if (pieces.length > 1) {
      pieces.splice(0, pieces.length, joined(pieces, length));
    }
    return pieces[0] ?? empty;
  }

  return {
    fields(fields: Fields): void {
      if (header === none) {
        header = fields;
      } else {
        trailer = fields;
      }
    },
    /** Gives how much it is. */
    data(bytes: Uint8Array): number {
      if (bytes.length > 0) {
        pieces.push(bytes);
        length += bytes.length;
      }
      return length;
    },
    /** What the answer failed with: as Connect puts it, where it is an answer of gRPC. May throw what it failed with. */
    failure(): ConnectError | CallFailure | undefined {
      if (trailer && isGood.trailer(trailer) && isGood.header(header) && messagesIn(body()) === 1) {
        return undefined;
      }
      return findFailure(url, toHeaders(header), Number(header[1]), trailer && toHeaders(trailer), body());
    },
    message: () => body().subarray(prefixBytes),
  };
}

function findFailure(
  url: string,
  header: Headers,
  status: number,
  trailer: Headers | undefined,
  body: Uint8Array,
): ConnectError | CallFailure {
  if (status !== 200) {
    return new ConnectError(`HTTP ${status}`, codeFromHttpStatus(status), header);
  }
  if (!parseContentType(header.get("content-type"))) {
    return new ConnectError(`unsupported content type ${header.get("content-type")}`, Code.Unknown);
  }
  const encoding = header.get("grpc-encoding");
  if (!isPlain(encoding)) {
    return new ConnectError(`unsupported response encoding "${encoding}"`, Code.Internal, header);
  }
  const messages = messagesIn(body);
  if (typeof messages === "number" && messages > 1) {
    return new ConnectError(`${messages} messages in the answer to a unary call`, Code.Unimplemented);
  }
  // The status may stand in the fields that the answer begins with, but only where they are all of it.
  const last = trailer ?? (body.length === 0 ? header : new Headers());
  const error = findTrailerError(last);
  if (error) {
    if (trailer) {
      header.forEach((value, name) => void error.metadata.append(name, value));
    }
    return error;
  }
  if (!last.has("grpc-status")) {
    return new CallFailure("lost", `the answer of ${url} ended without a status`);
  }
  if (messages === "cut") {
    return new CallFailure("garbled", `the answer of ${url} ends within a message`);
  }
  // Without metadata: it is not the broker's word.
  return messages === "compressed"
    ? new ConnectError("a compressed message, which nobody asked for", Code.Internal)
    : new ConnectError("no message in the answer to a unary call", Code.Unimplemented);
}

const prefixBytes = 5;
const empty = new Uint8Array(0);

/** As `Headers` has it: values of the same name are one. */
function fieldOf(fields: Fields, name: string): string | null {
  let value: string | null = null;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] === name) {
      value = value === null ? (fields[i + 1] as string) : `${value}, ${fields[i + 1]}`;
    }
  }
  return value;
}

interface AnswerChecks {
  header(fields: Fields): boolean;
  trailer(fields: Fields): boolean;
}

/** Equal blocks of fields are the same array: most answers begin and end as the one before. */
function remembering(isGood: (fields: Fields) => boolean): (fields: Fields) => boolean {
  let last: Fields | undefined;
  return (fields) => {
    if (fields === last) {
      return true;
    }
    const good = isGood(fields);
    if (good) {
      last = fields;
    }
    return good;
  };
}

function isGrpc(header: Fields): boolean {
  const type = fieldOf(header, "content-type");
  return header[1] === "200" && parseContentType(type) !== undefined && isPlain(fieldOf(header, "grpc-encoding"));
}

function isOk(trailer: Fields): boolean {
  // Details come before the status, where there are some.
  return fieldOf(trailer, "grpc-status") === "0" && fieldOf(trailer, "grpc-status-details-bin") === null;
}

/** No coding was asked for. */
function isPlain(encoding: string | null): boolean {
  return encoding === null || encoding.toLowerCase() === "identity";
}

/** How many messages there are in a body, or why they are not to be had. */
function messagesIn(body: Uint8Array): number | "cut" | "compressed" {
  let count = 0;
  let at = 0;
  while (at < body.length) {
    if (body.length - at < prefixBytes) {
      return "cut";
    }
    if ((body[at] as number) & 1) {
      return "compressed";
    }
    const [a, b, c, d] = [body[at + 1], body[at + 2], body[at + 3], body[at + 4]] as [number, number, number, number];
    at += prefixBytes + (((a << 24) | (b << 16) | (c << 8) | d) >>> 0);
    count++;
  }
  return at === body.length ? count : "cut";
}

function joined(pieces: Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
