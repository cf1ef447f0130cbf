import { closedError, DanubeError, isDanubeError } from "../errors.ts";
import type { EventLog } from "../events.ts";
import { rejected } from "../schema/rejected.ts";
import type { Schema } from "../schema/schema.ts";
import { type AttachContext, attachAll } from "./attach.ts";
import type { Attachment } from "./attachment.ts";
import type { Dispatch } from "./dispatch.ts";
import { createGate } from "./gate.ts";
import { createLane, tooLarge } from "./lane.ts";
import { type Content, encodedSize, type MessageId, type Payload } from "./message.ts";
import {
  type CloseOptions,
  checkCloseOptions,
  checkSendOptions,
  type ResolvedProducerOptions,
  type SendOptions,
} from "./options.ts";
import { type Closing, closeOutbox, createOutbox } from "./outbox.ts";
import { createWritable, type WritableOptions } from "./writable.ts";

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
  send(payload: T, options?: SendOptions): Promise<MessageId>;
  /** Resolves when the queue has room: await it before each `send` to go as fast as the broker does. */
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
}

/** A producer, and what its client has to do with it. */
export interface OwnedProducer<T = never> {
  producer: Producer<T>;
  status(): ProducerStatus;
  onClosed(listener: () => void): void;
}

/** The parts of a producer that its client decides. */
export interface ProducerContext extends AttachContext {
  maxMessageBytes: number;
}

export async function createProducer<T>(
  context: ProducerContext,
  options: ResolvedProducerOptions,
  closing: AbortSignal,
): Promise<OwnedProducer<T>> {
  const { cluster, maxMessageBytes } = context;
  const { topic, name, route, maxQueuedMessages, maxQueuedBytes, sendTimeoutMs } = options;
  const { partitions, all: attachments, schema } = await attachAll(context, options, closing);
  warnOfLimits(cluster.events, options);

  const session = randomSession();
  const ways = attachments.map((attachment) => ({
    attachment,
    lane: createLane(cluster, attachment, { ...options, ...attachment.names, maxMessageBytes }),
  }));
  const gate = createGate({ maxMessages: maxQueuedMessages, maxBytes: maxQueuedBytes, maxMessageBytes });
  const outbox = createOutbox(topic, gate);
  const listeners: (() => void)[] = [];
  let sequence = 0n;
  let closed: Closing | undefined;

  // Not async: whoever awaits a send goes on before whoever awaits the flush that it was the last of.
  function send(payload: T, sendOptions: SendOptions = {}): Promise<MessageId> {
    try {
      return accept(payload, sendOptions);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  function accept(payload: T, sendOptions: SendOptions): Promise<MessageId> {
    checkSendOptions(sendOptions);
    const { attributes = {}, key, signal, timeoutMs = sendTimeoutMs } = sendOptions;
    if (closed) {
      throw closedError(`the producer of ${topic}`);
    }
    const bytes = encoded(options.schema as Schema<T, unknown>, payload);
    if (signal?.aborted) {
      const message = "the signal was aborted before the message was sent";
      throw new DanubeError("CANCELED", message, { cause: signal.reason, outcome: "not-sent" });
    }
    const partition =
      partitions === 0 ? undefined : checkedPartition(route({ key, attributes }, partitions), partitions);
    const { attachment, lane } = ways[partition ?? 0] as (typeof ways)[number];
    const content: Content = {
      payload: bytes,
      attributes: { ...attributes },
      key,
      schema,
      sequence: sequence + 1n,
      publishTime: Date.now(),
    };
    const size = encodedSize(content, attachment.address());
    if (size > maxMessageBytes) {
      throw tooLarge(size, maxMessageBytes);
    }
    if (!gate.enter(size)) {
      const held = `${gate.messages()} messages, ${gate.bytes()} bytes`;
      const message = `the producer of ${topic} holds ${held}; await ready() before send()`;
      throw new DanubeError("QUEUE_FULL", message, { outcome: "not-sent" });
    }
    sequence++;
    const id: MessageId = {
      topic,
      ...(partition !== undefined && { partition }),
      producer: name,
      session,
      sequence: content.sequence,
    };
    return outbox.post({ content, size, timeoutMs, signal, lane, trouble: attachment.trouble }, id);
  }

  async function close(closeOptions: CloseOptions = {}): Promise<void> {
    checkCloseOptions(closeOptions);
    closed ??= beginClose();
    if (closeOptions.timeoutMs !== undefined) {
      closed.giveUpAfter(closeOptions.timeoutMs);
    }
    await closed.done;
  }

  function beginClose(): Closing {
    const begun = closeOutbox(topic, outbox);
    // Senders that wait for room find the producer closed.
    gate.open();
    void begun.done.then(() => {
      for (const listener of listeners) {
        listener();
      }
    });
    return begun;
  }

  async function ready(): Promise<void> {
    if (!closed) {
      await gate.ready();
    }
  }

  const producer: Producer<T> = {
    send,
    ready,
    writable: (writableOptions = {}) => createWritable({ send, ready, flush: outbox.flush }, writableOptions),
    flush: outbox.flush,
    close,
    topic,
    name,
    partitions,
    dispatch: (attachments[0] as Attachment).dispatch(),
    [Symbol.asyncDispose]: () => close(),
  };
  return {
    producer,
    status: () => ({
      topic,
      name,
      queuedMessages: gate.messages(),
      queuedBytes: gate.bytes(),
      acknowledged: outbox.acknowledged(),
      failed: outbox.failed(),
    }),
    onClosed: (listener) => listeners.push(listener),
  };
}

/** The payload's bytes, which are nobody else's: the caller may use its buffer again as soon as `send` returns. */
function encoded<T>(schema: Schema<T, unknown>, payload: T): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = schema.encode(payload);
  } catch (cause) {
    const told = isDanubeError(cause) || cause instanceof TypeError;
    throw told ? cause : rejected(schema.subject, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError(`"schema.encode" must give a Uint8Array`);
  }
  return schema.fresh ? bytes : new Uint8Array(bytes);
}

/** What was asked for, and no broker up to 0.15.1 does. */
function warnOfLimits(events: EventLog, { topic, access, retention }: ResolvedProducerOptions): void {
  if (access === "exclusive") {
    const message = `${topic}: access "exclusive" is asked for, and Danube brokers up to 0.15.1 do not enforce it: others can publish too`;
    events.emit({ type: "warning", code: "ACCESS_NOT_ENFORCED", message });
  }
  if (retention?.chosen) {
    const message = `${topic}: the options of reliable() have no effect on this broker: since October 2025 retention is set in its configuration (storage.local_retention)`;
    events.emit({ type: "warning", code: "RETENTION_IGNORED", message });
  }
}

/** A user's route that answers rubbish is the program's mistake. */
function checkedPartition(index: number, partitions: number): number {
  if (!Number.isInteger(index) || index < 0 || index >= partitions) {
    throw new TypeError(`"route" must give an integer from 0 to ${partitions - 1}, not ${String(index)}`);
  }
  return index;
}

/** 16 hexadecimal digits. */
function randomSession(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
