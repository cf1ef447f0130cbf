import { Code, ConnectError } from "@connectrpc/connect";
import { codeFromHttpStatus, findTrailerError, requestHeader } from "@connectrpc/connect/protocol-grpc";
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

export function createUnaryBytes(session: SocketSession, url: string): (call: UnaryBytesCall) => Promise<Uint8Array> {
  const { host, protocol } = new URL(url);
  const deadlines = createDeadlines<Waiting>((waiting) => waiting.expire());
  const isGrpc = createHeaderCheck();
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
      const answer = createAnswer(url, isGrpc);
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
        const failure = answer.failure();
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
          answer.data(bytes);
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
function createAnswer(url: string, isGrpc: (header: Fields) => boolean) {
  let header: Fields = none;
  let trailer: Fields | undefined;
  let body: Uint8Array = empty;

  return {
    fields(fields: Fields): void {
      if (header === none) {
        header = fields;
      } else {
        trailer = fields;
      }
    },
    data(bytes: Uint8Array): void {
      body = body.length === 0 ? bytes : joined(body, bytes);
    },
    /** What the answer failed with: as Connect puts it, where it is an answer of gRPC. */
    failure(): ConnectError | CallFailure | undefined {
      if (trailer && isOk(trailer) && isGrpc(header) && messagesIn(body) === 1) {
        return undefined;
      }
      return findFailure(url, toHeaders(header), Number(header[1]), trailer && toHeaders(trailer), body);
    },
    message: () => body.subarray(prefixBytes),
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
  if (!isGrpcType(header.get("content-type"))) {
    return new ConnectError(`unsupported content type ${header.get("content-type")}`, Code.Unknown);
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
  const messages = messagesIn(body);
  if (messages === undefined) {
    return new CallFailure("garbled", `the answer of ${url} ends within a message, or is compressed`);
  }
  const how = messages === 0 ? "no message" : `${messages} messages`;
  return new ConnectError(`${how} in the answer to a unary call`, Code.Unimplemented, last);
}

const prefixBytes = 5;
const empty = new Uint8Array(0);

function isOk(trailer: Fields): boolean {
  for (let i = 0; i < trailer.length; i += 2) {
    if (trailer[i] === "grpc-status") {
      return trailer[i + 1] === "0";
    }
  }
  return false;
}

/** Equal blocks of fields are the same array: most answers begin with that of the one before. */
function createHeaderCheck() {
  let last: Fields = none;
  return (header: Fields): boolean => {
    if (header === last && header !== none) {
      return true;
    }
    const at = header.indexOf("content-type");
    const good = header[1] === "200" && at >= 0 && isGrpcType(header[at + 1] as string);
    if (good) {
      last = header;
    }
    return good;
  };
}

function isGrpcType(contentType: string | null): boolean {
  return /^application\/grpc(\+proto)?(;.*)?$/i.test(contentType ?? "");
}

/** How many messages there are in a body, none of them compressed; `undefined` where that is not so. */
function messagesIn(body: Uint8Array): number | undefined {
  let count = 0;
  let at = 0;
  while (at < body.length) {
    if (body.length - at < prefixBytes || body[at] !== 0) {
      return undefined;
    }
    const [a, b, c, d] = [body[at + 1], body[at + 2], body[at + 3], body[at + 4]] as [number, number, number, number];
    at += prefixBytes + (((a << 24) | (b << 16) | (c << 8) | d) >>> 0);
    count++;
  }
  return at === body.length ? count : undefined;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
