import type { StreamFailure } from "./failures.ts";
import type { Fields } from "./fields.ts";

/** Told what comes on a stream, in order; after the end, or a failure, nothing more. */
export interface StreamListener {
  /** The response's fields, and then its trailers; interim responses (1xx) are left out. `end`: nothing follows. */
  onHeaders(fields: Fields, end: boolean): void;
  /** `bytes` may be kept. They count against the stream's window until {@link Stream.consumed}. */
  onData(bytes: Uint8Array, end: boolean): void;
  /** Everything given to {@link Connection.write} is on its way. */
  onDrain?(): void;
  onFailure(failure: StreamFailure): void;
}

/** A request and its response on a connection (RFC 9113 §5). Its members are the connection's own. */
export interface Stream<Head> {
  /** 0 until it is opened: there may be too many before it. */
  id: number;
  readonly head: Head;
  readonly listener: StreamListener;
  /** What is to be sent, and how much of the first piece has been. */
  readonly outgoing: Uint8Array[];
  sent: number;
  /** Nothing will be added to `outgoing`. */
  ending: boolean;
  /** END_STREAM was sent. */
  sentEnd: boolean;
  /** The response's fields came; what comes next are trailers. */
  gotHeaders: boolean;
  /** §6.9.1: what may be sent. Can be negative. */
  window: number;
  /** What the peer may send still, and what it has sent and was consumed since it was told so. */
  credit: number;
  consumed: number;
  /** It came to an end, one way or the other. */
  done: boolean;
}

export function newStream<Head>(head: Head, outgoing: Uint8Array[], listener: StreamListener): Stream<Head> {
  return {
    id: 0,
    head,
    listener,
    outgoing,
    sent: 0,
    ending: false,
    sentEnd: false,
    gotHeaders: false,
    window: 0,
    credit: 0,
    consumed: 0,
    done: false,
  };
}
