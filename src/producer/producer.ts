import type { DanubeError } from "../errors.ts";
import type { Dispatch } from "./dispatch.ts";
import type { MessageId, Payload } from "./message.ts";
import type { CloseOptions, SendOptions } from "./options.ts";
import type { WritableOptions } from "./writable.ts";

/** A producer of values of type `T`. Every member is a closure and may be taken out of the object. */
export interface Producer<T = Payload> {
  /**
   * Publishes one message (SendMessage) and resolves with its id when the owner has accepted it: a reliable topic has
   * it in its log then (on disk within about 5 s), a non-reliable one has handed it to whoever is attached, possibly
   * nobody. The payload is encoded during the call, by the producer's schema.
   *
   * While the owner is away the message waits, and is sent again to wherever the topic went; after an unknown outcome
   * it may arrive twice. Rejects with a {@link DanubeError} that tells the `outcome`: `TIMEOUT` after `timeoutMs`,
   * `QUEUE_FULL` at once, `MESSAGE_TOO_LARGE` at once, `SCHEMA_REJECTED` at once where the schema can tell, `CANCELED`,
   * `CLOSED`, or what the broker has against it. Wrong arguments are `TypeError`.
   */
  readonly send: (payload: T, options?: SendOptions) => Promise<MessageId>;
  /**
   * Resolves when the queue has room, and a message that is sent now would come to its turn within a quarter of
   * `sendTimeoutMs`, at the pace at which they get through: await it before each `send` to go as fast as the broker does.
   */
  ready(): Promise<void>;
  /**
   * A stream that publishes what is written to it, with backpressure: `readable.pipeTo(writable())`. Its end flushes
   * and leaves the producer open; the first send that fails errors it.
   */
  writable<V extends T = T>(options?: WritableOptions<V>): WritableStream<V>;
  /** Resolves when everything sent before this call is settled. Never rejects. */
  flush(): Promise<void>;
  /**
   * Takes no more messages, waits until those taken are settled, at most `timeoutMs` milliseconds (default: as long
   * as they take, which is at most their own time), and rejects the rest with `CLOSED`. Local: the broker keeps the
   * name. May be called again; rejects only with a `TypeError` for wrong options.
   */
  close(options?: CloseOptions): Promise<void>;
  /** As it was given. */
  readonly topic: string;
  /** The producer's name, given or by default. */
  readonly name: string;
  /** The number of partitions; 0 for a topic without. */
  readonly partitions: number;
  /** The topic's dispatch: the one asked for, or the one that the topic has. */
  readonly dispatch: Dispatch;
  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What `status()` tells about a producer. */
export interface ProducerStatus {
  /** The topic. */
  topic: string;
  /** The producer's name. */
  name: string;
  /** Messages taken and not settled. */
  queuedMessages: number;
  /** The same in bytes of encoded messages. */
  queuedBytes: number;
  /** Messages that the broker has accepted. */
  acknowledged: bigint;
  /** Messages whose `send` was rejected after they were taken. */
  failed: bigint;
  /** The topic, or such of its partitions, whose owner was lost and not found since. It is looked for while messages wait. */
  recovering: {
    topic: string;
    /** Milliseconds since 1970. */
    since: number;
    /** The latest failure. */
    error: DanubeError;
  }[];
}
