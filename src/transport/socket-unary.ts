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
      const answer = createAnswer();
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
function createAnswer() {
  let header: Fields | undefined;
  let trailer: Fields | undefined;
  let body: Uint8Array = empty;

  return {
    fields(fields: Fields): void {
      if (header) {
        trailer = fields;
      } else {
        header = fields;
      }
    },
    data(bytes: Uint8Array): void {
      body = body.length === 0 ? bytes : joined(body, bytes);
    },
    /** The error that the answer is, if it is one: as Connect puts it. */
    failure(): ConnectError | undefined {
      // The trailers alone may be all there is.
      if (trailer && isOk(trailer) && header?.[1] === "200" && isWhole(body)) {
        return undefined;
      }
      const headers = toHeaders(header ?? none);
      const status = Number(header?.[1]);
      if (status !== 200) {
        return new ConnectError(`HTTP ${status}`, codeFromHttpStatus(status), headers);
      }
      const trailers = trailer ? toHeaders(trailer) : headers;
      const error = findTrailerError(trailers);
      if (error) {
        if (trailer) {
          headers.forEach((value, name) => void error.metadata.append(name, value));
        }
        return error;
      }
      const contentType = headers.get("content-type");
      return contentType?.startsWith("application/grpc")
        ? new ConnectError("the answer is not one whole message with a status", Code.Internal, trailers)
        : new ConnectError(`unsupported content type ${contentType}`, Code.Unknown);
    },
    message: () => body.subarray(5),
  };
}

const empty = new Uint8Array(0);

function isOk(trailer: Fields): boolean {
  for (let i = 0; i < trailer.length; i += 2) {
    if (trailer[i] === "grpc-status") {
      return trailer[i + 1] === "0";
    }
  }
  return false;
}

/** One message, not compressed, and nothing else. */
function isWhole(body: Uint8Array): boolean {
  const [flags, a, b, c, d] = body as unknown as [number, number, number, number, number];
  return body.length >= 5 && flags === 0 && body.length - 5 === ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
