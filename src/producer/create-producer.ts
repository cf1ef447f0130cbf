import type { Cluster } from "../cluster/cluster.ts";
import { DanubeError } from "../errors.ts";
import { createDeadlines } from "../lib/deadlines.ts";
import { maxTimerMs } from "../lib/sleep.ts";
import { type Attached, createAttachment, type Dispatch } from "./attachment.ts";
import { createGate } from "./gate.ts";
import { createLane, type Entry, tooLarge } from "./lane.ts";
import { type Content, encodedSize } from "./message.ts";
import {
  type CloseOptions,
  checkCloseOptions,
  checkSendOptions,
  closedError,
  type ResolvedProducerOptions,
  type SendOptions,
  toBytes,
} from "./options.ts";

/** Names one message: no two are ever equal. Ours, not the broker's: brokers return no offset. */
export interface MessageId {
  /** The topic, without the partition. */
  readonly topic: string;
  /** The partition, of a partitioned topic. */
  readonly partition?: number | undefined;
  /** The producer's name. */
  readonly producer: string;
  /** Random, one for each `createProducer`. */
  readonly session: string;
  /** Counts the messages of the session, from 1. */
  readonly sequence: bigint;
}

/** A producer. Every member is a closure and may be taken out of the object. */
export interface Producer {
  /**
   * Publishes one message (SendMessage) and resolves with its id when the owner has accepted it: a reliable topic has
   * it in its log then (on disk within about 5 s), a non-reliable one has handed it to whoever is attached, possibly
   * nobody. The payload is taken during the call; a string is sent as UTF-8.
   *
   * While the owner is away the message waits, and is sent again to wherever the topic went; after an unknown outcome
   * it may arrive twice. Rejects with a {@link DanubeError} that tells the `outcome`: `TIMEOUT` after `timeoutMs`,
   * `QUEUE_FULL` at once, `MESSAGE_TOO_LARGE` at once, `CANCELED`, `CLOSED`, or what the broker has against it. Wrong
   * arguments are `TypeError`.
   */
  send(payload: Uint8Array | string, options?: SendOptions): Promise<MessageId>;
  /** Resolves when the queue has room: await it before each `send` to go as fast as the broker does. */
  ready(): Promise<void>;
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
export interface OwnedProducer {
  producer: Producer;
  status(): ProducerStatus;
  onClosed(listener: () => void): void;
}

/** The parts of a producer that its client decides. */
export interface ProducerContext {
  cluster: Cluster;
  maxMessageBytes: number;
}

export async function createProducer(
  context: ProducerContext,
  options: ResolvedProducerOptions,
  closing: AbortSignal,
): Promise<OwnedProducer> {
  const { cluster, maxMessageBytes } = context;
  const { topic, name, maxQueuedMessages, maxQueuedBytes, sendTimeoutMs } = options;
  const attachment = createAttachment(cluster, options);
  const first = await attachInTime();

  const session = randomSession();
  const lane = createLane(cluster, attachment, { ...options, maxMessageBytes });
  const gate = createGate({ maxMessages: maxQueuedMessages, maxBytes: maxQueuedBytes, maxMessageBytes });
  const deadlines = createDeadlines<Entry>((entry) => lane.drop(entry, timedOut(entry)));
  const outstanding = new Set<Entry>();
  const flushes = new Set<{ upTo: bigint; remaining: number; resolve(): void }>();
  const listeners: (() => void)[] = [];
  let sequence = 0n;
  let acknowledged = 0n;
  let failed = 0n;
  let closed: { done: Promise<void>; giveUpAfter(timeoutMs: number): void } | undefined;

  async function attachInTime(): Promise<Attached> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), Math.min(maxTimerMs, options.createTimeoutMs));
    const signal = AbortSignal.any([timeout.signal, closing, ...(options.signal ? [options.signal] : [])]);
    try {
      return await attachment.get(signal);
    } catch (reason) {
      const cause = reason instanceof DanubeError ? reason : undefined;
      if (options.signal?.aborted) {
        throw new DanubeError("CANCELED", `createProducer for ${topic} was aborted`, { cause: options.signal.reason });
      }
      if (closing.aborted) {
        throw closedError("the client");
      }
      if (timeout.signal.aborted) {
        const why = cause?.message ?? "nothing has answered yet";
        throw new DanubeError("TIMEOUT", `no producer for ${topic} within ${options.createTimeoutMs} ms: ${why}`, {
          cause,
        });
      }
      throw reason;
    } finally {
      clearTimeout(timer);
    }
  }

  function timedOut(entry: Entry): DanubeError {
    const cause = attachment.trouble() ?? entry.failure;
    const why =
      cause?.message ?? (entry.outcome === "unknown" ? "the broker has not answered" : "others are before it");
    return new DanubeError("TIMEOUT", `not acknowledged within ${entry.timeoutMs} ms by ${topic}: ${why}`, {
      cause,
      outcome: entry.outcome,
    });
  }

  // Not async: whoever awaits a send goes on before whoever awaits the flush that it was the last of.
  function send(payload: Uint8Array | string, sendOptions: SendOptions = {}): Promise<MessageId> {
    try {
      return accept(payload, sendOptions);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  function accept(payload: Uint8Array | string, sendOptions: SendOptions): Promise<MessageId> {
    checkSendOptions(sendOptions);
    const { attributes = {}, key, signal, timeoutMs = sendTimeoutMs } = sendOptions;
    const bytes = toBytes(payload);
    if (closed) {
      throw closedError(`the producer of ${topic}`);
    }
    if (signal?.aborted) {
      throw new DanubeError("CANCELED", "the signal was aborted before the message was sent", {
        cause: signal.reason,
        outcome: "not-sent",
      });
    }
    const content: Content = {
      payload: bytes,
      attributes: { ...attributes },
      key,
      sequence: sequence + 1n,
      publishTime: Date.now(),
    };
    const { owner, producerId } = attachment.current() ?? first;
    const size = encodedSize(content, { topic, producerName: name, producerId, brokerUrl: owner.brokerUrl });
    if (size > maxMessageBytes) {
      throw tooLarge(size, maxMessageBytes);
    }
    if (!gate.enter(size)) {
      const held = `${gate.messages()} messages, ${gate.bytes()} bytes`;
      throw new DanubeError("QUEUE_FULL", `the producer of ${topic} holds ${held}; await ready() before send()`, {
        outcome: "not-sent",
      });
    }
    sequence++;
    return enqueue(content, size, timeoutMs, signal);
  }

  function enqueue(
    content: Content,
    size: number,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<MessageId> {
    return new Promise((resolve, reject) => {
      const abort = () =>
        lane.drop(
          entry,
          new DanubeError("CANCELED", "the message was given up", { cause: signal?.reason, outcome: entry.outcome }),
        );
      const entry: Entry = {
        content,
        size,
        timeoutMs,
        deadline: content.publishTime + timeoutMs,
        ended: new AbortController(),
        outcome: "not-sent",
        failure: undefined,
        settle(error) {
          signal?.removeEventListener("abort", abort);
          outstanding.delete(entry);
          deadlines.delete(entry);
          gate.leave(size);
          if (error) {
            failed++;
            reject(error);
          } else {
            acknowledged++;
            resolve({ topic, producer: name, session, sequence: content.sequence });
          }
          settled(content.sequence);
        },
      };
      outstanding.add(entry);
      deadlines.add(entry);
      signal?.addEventListener("abort", abort, { once: true });
      lane.add(entry);
    });
  }

  function settled(which: bigint): void {
    for (const waiting of flushes) {
      if (which <= waiting.upTo && --waiting.remaining === 0) {
        flushes.delete(waiting);
        waiting.resolve();
      }
    }
  }

  function flush(): Promise<void> {
    return outstanding.size === 0
      ? Promise.resolve()
      : new Promise((resolve) => flushes.add({ upTo: sequence, remaining: outstanding.size, resolve }));
  }

  async function close(closeOptions: CloseOptions = {}): Promise<void> {
    checkCloseOptions(closeOptions);
    closed ??= shutDown();
    if (closeOptions.timeoutMs !== undefined) {
      closed.giveUpAfter(closeOptions.timeoutMs);
    }
    await closed.done;
  }

  function shutDown(): NonNullable<typeof closed> {
    let timers: ReturnType<typeof setTimeout>[] | undefined = [];
    // Senders that wait for room find the producer closed.
    gate.open();
    const done = flush().then(() => {
      timers?.forEach(clearTimeout);
      timers = undefined;
      for (const listener of listeners) {
        listener();
      }
    });
    const giveUp = () => {
      for (const entry of [...outstanding]) {
        const message = `the producer of ${topic} was closed before the message was acknowledged`;
        lane.drop(entry, new DanubeError("CLOSED", message, { cause: entry.failure, outcome: entry.outcome }));
      }
    };
    return {
      done,
      giveUpAfter(ms) {
        timers?.push(setTimeout(giveUp, Math.min(maxTimerMs, Math.max(0, ms))));
      },
    };
  }

  const producer: Producer = {
    send,
    ready: async () => {
      if (!closed) {
        await gate.ready();
      }
    },
    flush,
    close,
    topic,
    name,
    partitions: 0,
    dispatch: attachment.dispatch(),
    [Symbol.asyncDispose]: () => close(),
  };
  return {
    producer,
    status: () => ({ topic, name, queuedMessages: gate.messages(), queuedBytes: gate.bytes(), acknowledged, failed }),
    onClosed: (listener) => listeners.push(listener),
  };
}

/** 16 hexadecimal digits. */
function randomSession(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
