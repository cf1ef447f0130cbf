import { closedError, DanubeError, withOutcome } from "../errors.ts";
import type { EventLog } from "../events.ts";
import { atOnce } from "../lib/foreign-code.ts";
import type { Codec } from "../protocol/dialect.ts";
import { encode } from "../schema/encode.ts";
import { attachAll } from "./attach.ts";
import type { Attachment } from "./attachment.ts";
import { createFlow, type Flow, type ProducerContext } from "./flow.ts";
import { type Lane, tooLarge } from "./lane.ts";
import { encodeMessage, type MessageId } from "./message.ts";
import { encodedSize, type Fields, noAttributes, releaseAddress } from "./message-encoder.ts";
import {
  type CloseOptions,
  checkCloseOptions,
  checkSendOptions,
  type ResolvedProducerOptions,
  type SendOptions,
} from "./options.ts";
import { type Closing, closeOutbox } from "./outbox.ts";
import type { Producer, ProducerStatus } from "./producer.ts";
import { createWritable } from "./writable.ts";

/** A producer, and what its client has to do with it. */
export interface OwnedProducer<T = never> {
  producer: Producer<T>;
  status(): ProducerStatus;
  onClosed(listener: () => void): void;
}

export async function createProducer<T>(
  context: ProducerContext,
  options: ResolvedProducerOptions,
  closing: AbortSignal,
): Promise<OwnedProducer<T>> {
  const { cluster, maxMessageBytes } = context;
  const { topic, name, route, sendTimeoutMs } = options;
  const { partitions, all: attachments } = await attachAll(context, options, closing);
  warnOfLimits(cluster.events, options);

  const session = randomSession();
  let flow: Flow | undefined;
  const listeners: (() => void)[] = [];
  let sequence = 0;
  let closed: Closing | undefined;
  // Of flows that were let go.
  const past = { acknowledged: 0, failed: 0 };
  // The newest message at the last sweep.
  let sweptAt = 0;

  function flowing(): Flow {
    if (!flow) {
      flow = createFlow(context, options, attachments);
      cluster.sweeper.add(letGo);
    }
    return flow;
  }

  /** Many producers have nothing to send for long: those that have sent nothing since the last sweep hold nothing. */
  function letGo(): boolean {
    const idle = sweptAt === sequence && flow?.gate.messages() === 0;
    sweptAt = sequence;
    if (idle && flow && !closed) {
      past.acknowledged += flow.outbox.acknowledged();
      past.failed += flow.outbox.failed();
      flow = undefined;
      for (const attachment of attachments) {
        releaseAddress(attachment.latest().address);
      }
    }
    return !flow || closed !== undefined;
  }

  // Not async: whoever awaits a send goes on before whoever awaits the flush that it was the last of.
  function send(payload: T, sendOptions: SendOptions = noOptions): Promise<MessageId> {
    try {
      return accept(payload, sendOptions);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  function accept(payload: T, sendOptions: SendOptions): Promise<MessageId> {
    if (sendOptions !== noOptions) {
      checkSendOptions(sendOptions);
    }
    const { attributes, key, signal, timeoutMs = sendTimeoutMs } = sendOptions;
    refuseWhenOver(signal);
    const routed = { key, attributes: attributes ?? noAttributes };
    const partition = partitions === 0 ? undefined : checkedPartition(atOnce(route(routed, partitions)), partitions);
    const attachment = attachments[partition ?? 0] as Attachment;
    const { address, codec } = attachment.latest();
    const bytes = encode(codec as Codec<T>, payload);
    // The user's own functions may have closed the producer, or given the message up.
    refuseWhenOver(signal);
    const fields: Fields = {
      payloadLength: bytes.length,
      attributes: attributes === undefined ? noAttributes : { ...attributes },
      key,
      sequence: sequence + 1,
      publishTime: Date.now(),
    };
    const size = encodedSize(fields, address);
    if (size > maxMessageBytes) {
      throw tooLarge(size, maxMessageBytes);
    }
    const { gate, outbox, lanes } = flowing();
    if (!gate.enter(size)) {
      const held = `${gate.messages()} messages, ${gate.bytes()} bytes`;
      const message = `the producer of ${topic} holds ${held}; await ready() before send()`;
      throw new DanubeError("QUEUE_FULL", message, { outcome: "not-sent" });
    }
    sequence++;
    const message = encodeMessage(fields, bytes, codec, address, size);
    const lane = lanes[partition ?? 0] as Lane;
    return outbox.post(message, timeoutMs, signal, lane, messageId(partition, sequence));
  }

  function messageId(partition: number | undefined, count: number): MessageId {
    const sequence = BigInt(count);
    return partition === undefined
      ? { topic, producer: name, session, sequence }
      : { topic, partition, producer: name, session, sequence };
  }

  function refuseWhenOver(signal: AbortSignal | undefined): void {
    if (closed) {
      throw withOutcome(closedError(`the producer of ${topic}`), "not-sent");
    }
    if (signal?.aborted) {
      const message = "the signal was aborted before the message was sent";
      throw new DanubeError("CANCELED", message, { cause: signal.reason, outcome: "not-sent" });
    }
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
    const { gate, outbox } = flowing();
    const begun = closeOutbox(topic, outbox);
    // Senders that wait for room find the producer closed.
    gate.open();
    void begun.done.then(() => {
      for (const attachment of attachments) {
        attachment.leave();
      }
      for (const listener of listeners) {
        listener();
      }
    });
    return begun;
  }

  async function ready(): Promise<void> {
    if (!closed) {
      await flowing().gate.ready();
    }
  }

  async function flush(): Promise<void> {
    await flow?.outbox.flush();
  }

  const producer: Producer<T> = {
    send,
    ready,
    writable: (writableOptions = {}) => createWritable({ send, ready, flush }, writableOptions),
    flush,
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
      queuedMessages: flow?.gate.messages() ?? 0,
      queuedBytes: flow?.gate.bytes() ?? 0,
      acknowledged: BigInt(past.acknowledged + (flow?.outbox.acknowledged() ?? 0)),
      failed: BigInt(past.failed + (flow?.outbox.failed() ?? 0)),
      recovering: attachments.flatMap((attachment) => {
        const error = attachment.trouble();
        return error ? [{ topic: attachment.topic, since: attachment.troubledSince(), error }] : [];
      }),
    }),
    onClosed: (listener) => listeners.push(listener),
  };
}

const noOptions: SendOptions = {};

/** What was asked for, and no broker up to 0.15.1 does. */
function warnOfLimits(events: EventLog, { topic, access }: ResolvedProducerOptions): void {
  if (access === "exclusive") {
    const message = `${topic}: access "exclusive" is asked for, and Danube brokers up to 0.15.1 do not enforce it: others can publish too`;
    events.emit({ type: "warning", code: "ACCESS_NOT_ENFORCED", message });
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
