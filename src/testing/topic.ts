import type { StreamMessage } from "../../gen/danube/danube_api_pb.ts";
import type { Log, TopicRecord } from "./metadata.ts";
import type { SchemaStore } from "./schema/store.ts";
import { createTopicSchema, type TopicSchema } from "./schema/topic-schema.ts";
import {
  type Consumer,
  nonReliableSubscription,
  reliableSubscription,
  type Stored,
  type Subscription,
} from "./subscription.ts";

/** A producer, as the topic knows it until it is unloaded. */
export interface KnownProducer {
  readonly id: bigint;
  readonly name: string;
  readonly exclusive: boolean;
}

/** A topic while a broker has it loaded. */
export interface Topic {
  readonly record: TopicRecord;
  readonly producers: Map<bigint, KnownProducer>;
  readonly subscriptions: Map<string, Subscription>;
  readonly schema: TopicSchema;
  /** Refuses messages: the topic is about to go. */
  draining: boolean;
  publish(message: StreamMessage, broker: number): void;
  subscribe(name: string, exclusive: boolean): Subscription;
  findConsumer(id: bigint): { consumer: Consumer; subscription: Subscription } | undefined;
  /** Ends the consumers' streams and gives the log back to the cluster. */
  unload(): void;
}

/** What `messages()` gives of a topic; up to twice as many are kept. */
export const maxAccepted = 100_000;
const decoder = new TextDecoder();

export function loadTopic(record: TopicRecord, schemas: SchemaStore): Topic {
  // A second instance of a topic (see Metadata.findBroker) has a log of its own.
  const log: Log = record.log ?? { messages: [], cursors: new Map() };
  record.log = undefined;
  const subscriptions = new Map<string, Subscription>();
  const live = new Set<{ publish(stored: Stored): void }>();

  return {
    record,
    producers: new Map(),
    subscriptions,
    schema: createTopicSchema(record.name, schemas, record.schemaConfig),
    draining: false,
    publish(message, broker) {
      const offset = BigInt(log.messages.length);
      if (record.reliable) {
        log.messages.push({ offset, message });
      }
      note(record, message, broker);
      for (const subscription of subscriptions.values()) {
        subscription.wake();
      }
      for (const subscription of live) {
        subscription.publish({ offset: 0n, message });
      }
    },
    subscribe(name, exclusive) {
      let subscription = subscriptions.get(name);
      if (!subscription && record.reliable) {
        // A new subscription begins with what comes next; one that was here before goes on.
        const start = log.cursors.get(name) ?? BigInt(log.messages.length);
        subscription = reliableSubscription(name, exclusive, log.messages, start);
      } else if (!subscription) {
        const nonReliable = nonReliableSubscription(name, exclusive);
        live.add(nonReliable);
        subscription = nonReliable;
      }
      subscriptions.set(name, subscription);
      return subscription;
    },
    findConsumer(id) {
      for (const subscription of subscriptions.values()) {
        const consumer = subscription.consumers.find((candidate) => candidate.id === id);
        if (consumer) {
          return { consumer, subscription };
        }
      }
      return undefined;
    },
    unload() {
      for (const subscription of subscriptions.values()) {
        log.cursors.set(subscription.name, subscription.cursor());
        for (const consumer of subscription.consumers) {
          consumer.end?.();
        }
      }
      record.log ??= log;
    },
  };
}

function note(record: TopicRecord, message: StreamMessage, broker: number): void {
  const { payload, attributes, routingKey, producerName, requestId, publishTime, schemaId, schemaVersion } = message;
  record.accepted.push({
    topic: record.name,
    payload,
    // Most are never looked at.
    get text() {
      return decoder.decode(payload);
    },
    attributes,
    key: routingKey,
    producer: producerName,
    requestId,
    publishTime,
    schemaId,
    schemaVersion,
    broker,
  });
  // In one go: to take the oldest from so many costs as much as to take half of them.
  if (record.accepted.length >= 2 * maxAccepted) {
    record.accepted.splice(0, maxAccepted);
  }
}
