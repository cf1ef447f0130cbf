import { Code, ConnectError } from "@connectrpc/connect";
import { requestHeader, trailerParse } from "@connectrpc/connect/protocol-grpc-web";
import { concat } from "../lib/concat.ts";
import { createDeadlines, type Due } from "../lib/deadlines.ts";
import { toCallFailure } from "./failure.ts";
import type { PostWeb } from "./fetch-calls.ts";
import { failureByStatus } from "./grpc-status.ts";
import { CallFailure, type Cancelable, prefixBytes, type UnaryBytesCall, type UnaryListener } from "./seam.ts";

// The short way of a unary call over `fetch`: the bytes there and back, without what Connect does around them. No interceptors.

/** The short way to one URL. */
export interface FetchUnary {
  call(call: UnaryBytesCall, listener: UnaryListener): Cancelable;
  /** Ends the calls in flight, and those to come. */
  close(): void;
}

interface Call extends Due<Call> {
  /** Ends it with that. */
  fail(failure: CallFailure): void;
}

/** `maxBytes`: an answer that is longer is none. */
export function createFetchUnary(post: PostWeb, url: string, maxBytes: number): FetchUnary {
  const deadlines = createDeadlines<Call>(({ fail }) =>
    fail(new CallFailure("deadline", `${url} did not answer in time`)),
  );
  const open = deadlines.group();
  let last: { header: Headers; timeoutMs: number; all: Headers } | undefined;
  let closed = false;

  /** What requests begin with: the same for many of them. */
  function headerOf(header: Headers, timeoutMs: number): Headers {
    if (last?.header !== header || last.timeoutMs !== timeoutMs) {
      last = { header, timeoutMs, all: requestHeader(true, timeoutMs, header, false) };
    }
    return last.all;
  }

  /** The message of the answer. */
  async function ask({ path, request, header, timeoutMs }: UnaryBytesCall, signal: AbortSignal): Promise<Uint8Array> {
    const answer = await post({ path, header: headerOf(header, timeoutMs), body: request, signal });
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of answer.body) {
      pieces.push(piece);
      length += piece.length;
      if (length > maxBytes) {
        throw new CallFailure("garbled", `the answer of ${url} is longer than ${maxBytes} bytes`);
      }
    }
    return messageOf(url, answer.header, pieces.length === 1 ? (pieces[0] as Uint8Array) : concat(pieces));
  }

  const givenUp = () => new CallFailure("lost", `the connection to ${url} was given up`);

  return {
    call(request, listener) {
      const ended = new AbortController();
      const call: Call = {
        deadline: Date.now() + request.timeoutMs,
        older: undefined,
        newer: undefined,
        fail(failure) {
          cancel();
          listener.onFailure(failure);
        },
      };
      let over = false;
      const cancel = () => {
        finish();
        ended.abort();
      };
      /** Whether it was still going on. */
      const finish = () => {
        const first = !over;
        over = true;
        open.delete(call);
        return first;
      };
      if (closed) {
        call.fail(givenUp());
        return { cancel };
      }
      open.add(call);
      ask(request, ended.signal).then(
        (answer) => finish() && listener.onAnswer(answer),
        (reason) => {
          if (finish()) {
            // What is neither a failure nor of gRPC is what Connect could not read.
            listener.onFailure(toCallFailure(reason, { url, signal: undefined, spokeHttp2: undefined }));
          }
        },
      );
      return { cancel };
    },
    close() {
      closed = true;
      for (const call of [...open]) {
        call.fail(givenUp());
      }
      deadlines.close();
    },
  };
}

/** The message in an answer, behind its prefix. Throws what else it is. The frames are whole, the trailers the last of them. */
function messageOf(url: string, header: Headers, body: Uint8Array): Uint8Array {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const ends: number[] = [];
  for (let at = 0; at < body.length; ) {
    at += prefixBytes + view.getUint32(at + 1);
    ends.push(at);
  }
  const messages = Math.max(0, ends.length - 1);
  const from = ends.at(-2) ?? 0;
  const text = body.length === 0 ? undefined : decoder.decode(body.subarray(from + prefixBytes));
  if (messages === 1 && text !== undefined && isOk.test(text)) {
    return body.subarray(0, from);
  }
  const last = text === undefined ? header : trailerOf(url, text);
  const failure = failureByStatus(url, header, last);
  if (failure) {
    throw failure;
  }
  if (messages === 1) {
    return body.subarray(0, from);
  }
  // Without metadata: it is not the broker's word.
  throw new ConnectError(`${messages} messages in the answer to a unary call`, Code.Unimplemented);
}

const decoder = new TextDecoder();

/** As Envoy writes it, and others do, where there is nothing else to say. */
const isOk = /^grpc-status: ?0\r\n$/;

function trailerOf(url: string, text: string): Headers {
  try {
    return trailerParse(new TextEncoder().encode(text));
  } catch (cause) {
    throw new CallFailure("garbled", `the trailer of ${url}'s answer is none`, { cause });
  }
}
