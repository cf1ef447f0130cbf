import type { ByteStream } from "./byte-stream.ts";
import type { Connection } from "./http2/connection.ts";
import type { StreamFailure } from "./http2/failures.ts";
import type { Fields } from "./http2/fields.ts";
import type { PreparedFields } from "./http2/hpack/encoder.ts";
import type { Stream, StreamListener } from "./http2/stream.ts";
import type { CallFailure } from "./seam.ts";

/** What a request begins with: what all of a kind have, and what this one adds. */
export interface RequestHead {
  readonly prepared: PreparedFields;
  readonly rest: Fields;
}

/** A request, and who is told of its response. */
export interface SocketCall {
  readonly head: RequestHead;
  /** All of the request's body; `undefined` where it comes piece by piece. */
  readonly body: Uint8Array | undefined;
  onHeaders(fields: Fields, end: boolean): void;
  onData(bytes: Uint8Array, end: boolean): void;
  onDrain?(): void;
  onFailure(failure: CallFailure): void;
}

/** A call under way. */
export interface Running {
  /** More of a body that comes piece by piece. */
  write(bytes: Uint8Array | undefined, end: boolean): void;
  /** What was given to `onData` is no longer held. */
  consume(bytes: number): void;
  /** Gives the call up: nothing more is told. */
  cancel(): void;
}

/** A connection with its socket. */
export interface Line {
  readonly connection: Connection<RequestHead>;
  readonly socket: ByteStream;
  held: boolean;
  /** What a stream's failure is to its caller. */
  told(failure: StreamFailure): CallFailure;
}

/** The session, as calls see it. */
export interface Lines {
  /** A connection that takes calls. */
  take(): Line;
  hold(line: Line): void;
  /** Why no call is taken at all. */
  refusal(): CallFailure | undefined;
}

/** Calls that a broker did not begin with are made again on another connection, so many times. */
const maxAttempts = 4;

/** A class, because there is one for every message: its methods are made once. */
export class RunningCall implements Running, StreamListener {
  readonly #lines: Lines;
  readonly #call: SocketCall;
  #line: Line | undefined;
  #stream: Stream<RequestHead> | undefined;
  #attempts = 0;
  #answered = false;
  #over = false;

  constructor(lines: Lines, call: SocketCall) {
    this.#lines = lines;
    this.#call = call;
  }

  attempt(): void {
    const refusal = this.#lines.refusal();
    if (refusal) {
      this.#fail(refusal);
      return;
    }
    this.#attempts++;
    const line = this.#lines.take();
    this.#line = line;
    const { head, body } = this.#call;
    this.#stream = line.connection.request(head, body, body === undefined, this);
    this.#lines.hold(line);
  }

  onHeaders(fields: Fields, end: boolean): void {
    this.#answered = true;
    if (end) {
      this.#finish();
    }
    this.#call.onHeaders(fields, end);
  }

  onData(bytes: Uint8Array, end: boolean): void {
    if (end) {
      this.#finish();
    }
    this.#call.onData(bytes, end);
  }

  onDrain(): void {
    this.#call.onDrain?.();
  }

  onFailure(failure: StreamFailure): void {
    const line = this.#line as Line;
    const told = line.told(failure);
    this.#lines.hold(line);
    // What comes piece by piece may be in part on its way already.
    const again = told.kind === "refused" && !this.#answered && this.#call.body && this.#attempts < maxAttempts;
    if (again && !this.#over) {
      this.attempt();
    } else {
      this.#fail(told);
    }
  }

  write(bytes: Uint8Array | undefined, end: boolean): void {
    if (this.#stream) {
      this.#line?.connection.write(this.#stream, bytes, end);
    }
  }

  consume(bytes: number): void {
    if (this.#stream) {
      this.#line?.connection.consume(this.#stream, bytes);
    }
  }

  cancel(): void {
    this.#over = true;
    if (this.#stream && this.#line) {
      this.#line.connection.cancel(this.#stream);
      this.#lines.hold(this.#line);
    }
  }

  #fail(failure: CallFailure): void {
    if (!this.#over) {
      this.#over = true;
      this.#call.onFailure(failure);
    }
  }

  #finish(): void {
    this.#over = true;
    if (this.#line) {
      this.#lines.hold(this.#line);
    }
  }
}
