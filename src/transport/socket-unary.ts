import { Code, ConnectError } from "@connectrpc/connect";
import { requestHeader } from "@connectrpc/connect/protocol-grpc";
import type { Chain } from "../lib/chain.ts";
import { concat } from "../lib/concat.ts";
import { createDeadlines, type Due } from "../lib/deadlines.ts";
import { toCallFailure } from "./failure.ts";
import type { Fields } from "./http2/fields.ts";
import { type PreparedFields, prepareFields } from "./http2/hpack/encoder.ts";
import { CallFailure, type Cancelable, type UnaryBytesCall, type UnaryListener } from "./seam.ts";
import type { RequestHead, Running, SocketCall } from "./socket-call.ts";
import { requestFields, toFields } from "./socket-http.ts";
import type { SocketSession } from "./socket-session.ts";
import { type AnswerChecks, createAnswerChecks, failureOf } from "./unary-answer.ts";

// The short way of a unary call, for the one that is made for every message: what Connect does for any call takes longer
// than the call itself. No interceptors, no compression.

/** The short way on one session. */
export interface UnaryBytes {
  call(call: UnaryBytesCall, listener: UnaryListener): Cancelable;
  /** The session is closed: there is no call any more. */
  close(): void;
}

/** `maxBytes`: an answer that is longer is none. */
export function createUnaryBytes(session: SocketSession, url: string, maxBytes: number): UnaryBytes {
  const { host, protocol } = new URL(url);
  const deadlines = createDeadlines<UnaryCall>((call) => call.expire());
  const shared: Shared = { url, maxBytes, open: deadlines.group(), isGood: createAnswerChecks() };
  let last: { path: string; header: Headers; timeoutMs: number; head: RequestHead } | undefined;

  /** What requests begin with: the same for many of them. */
  function headOf(path: string, header: Headers, timeoutMs: number): RequestHead {
    if (last?.path !== path || last.header !== header || last.timeoutMs !== timeoutMs) {
      const all = [...requestFields(protocol, host, path), ...toFields(requestHeader(true, timeoutMs, header))];
      const prepared: PreparedFields = prepareFields(all);
      last = { path, header, timeoutMs, head: { prepared, rest: none } };
    }
    return last.head;
  }

  return {
    call({ path, request, header, timeoutMs }, listener) {
      const call = new UnaryCall(shared, headOf(path, header, timeoutMs), request, Date.now() + timeoutMs, listener);
      call.start(session);
      return call;
    },
    close: deadlines.close,
  };
}

const none: Fields = [];
const empty = new Uint8Array(0);

/** What the calls of a connection have in common. */
interface Shared {
  readonly url: string;
  readonly maxBytes: number;
  /** The calls, until their time is over. */
  readonly open: Chain<UnaryCall>;
  readonly isGood: AnswerChecks;
}

/** A class, because there is one for every message: its methods are made once. */
class UnaryCall implements SocketCall, Cancelable, Due<UnaryCall> {
  readonly head: RequestHead;
  readonly body: Uint8Array;
  readonly deadline: number;
  older: UnaryCall | undefined = undefined;
  newer: UnaryCall | undefined = undefined;
  readonly #shared: Shared;
  readonly #listener: UnaryListener;
  // A call that fails at once has none yet.
  #running: Running | undefined;
  #header: Fields = none;
  #trailer: Fields | undefined;
  // Most answers come in one piece.
  #answer: Uint8Array = empty;
  #more: Uint8Array[] | undefined;
  #length = 0;

  constructor(shared: Shared, head: RequestHead, body: Uint8Array, deadline: number, listener: UnaryListener) {
    this.#shared = shared;
    this.head = head;
    this.body = body;
    this.deadline = deadline;
    this.#listener = listener;
  }

  start(session: SocketSession): void {
    this.#shared.open.add(this);
    this.#running = session.start(this);
  }

  onHeaders(fields: Fields, end: boolean): void {
    if (this.#header === none) {
      this.#header = fields;
    } else {
      this.#trailer = fields;
    }
    if (end) {
      this.#end();
    }
  }

  onData(bytes: Uint8Array, end: boolean): void {
    this.#length += bytes.length;
    const { maxBytes } = this.#shared;
    if (this.#length > maxBytes) {
      this.#giveUp(this.#told(new ConnectError(`an answer of more than ${maxBytes} bytes`, Code.ResourceExhausted)));
      return;
    }
    if (this.#answer.length === 0) {
      this.#answer = bytes;
    } else {
      this.#more ??= [this.#answer];
      this.#more.push(bytes);
    }
    this.#running?.consume(bytes.length);
    if (end) {
      this.#end();
    }
  }

  onFailure(failure: CallFailure): void {
    this.#shared.open.delete(this);
    this.#listener.onFailure(failure);
  }

  cancel(): void {
    this.#shared.open.delete(this);
    this.#running?.cancel();
  }

  /** Its time is over. */
  expire(): void {
    this.#giveUp(new CallFailure("deadline", `${this.#shared.url} did not answer in time`));
  }

  #giveUp(failure: CallFailure): void {
    this.cancel();
    this.#listener.onFailure(failure);
  }

  #end(): void {
    this.#shared.open.delete(this);
    const body = this.#more ? concat(this.#more) : this.#answer;
    let failure: unknown;
    try {
      failure = failureOf(this.#shared.url, this.#shared.isGood, this.#header, this.#trailer, body);
    } catch (reason) {
      // What Connect cannot read: a message that is not percent-encoded, or details that are none.
      failure = reason;
    }
    if (failure) {
      this.#listener.onFailure(this.#told(failure));
    } else {
      this.#listener.onAnswer(body);
    }
  }

  #told(reason: unknown): CallFailure {
    return toCallFailure(reason, { url: this.#shared.url, signal: undefined, spokeHttp2: undefined });
  }
}
