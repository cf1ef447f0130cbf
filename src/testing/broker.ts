import { Code, ConnectError } from "@connectrpc/connect";
import type { StreamMessage } from "../../gen/danube/danube_api_pb.ts";
import { ErrorType } from "../../gen/danube_0_4/danube_api_pb.ts";
import { has } from "../protocol/features.ts";
import { isTopicName, type TopicRecord } from "./metadata.ts";
import { newTopic } from "./new-topic.ts";
import { panic } from "./panic.ts";
import type { WantedProducer } from "./producer-request.ts";
import type { Shared } from "./shared.ts";
import { type KnownProducer, loadTopic, type Topic } from "./topic.ts";

/** One broker's state: what it has loaded. Its answers are the real broker's, word for word where clients look. */
export interface Broker {
  readonly index: number;
  readonly loaded: Map<string, Topic>;
  /** Loads a topic that is assigned to this broker. */
  load(record: TopicRecord): Topic;
  unload(topic: string): void;
  createProducer(wanted: WantedProducer): bigint;
  publish(message: StreamMessage, encodedBytes: number): void;
  knowsProducer(id: bigint): boolean;
  /** The loaded topic for a consumer; consumers create none. */
  topicForConsumer(name: string): Topic;
}

/** tonic's default limit on a message, which Danube does not raise. */
const maxGrpcMessage = 4_194_304;

export function createBroker(index: number, shared: Shared): Broker {
  const { metadata, options, standalone, version, failures } = shared;
  const { enforceExclusive = false, autoCreateTopics = true, maxProducersPerTopic = 0, maxMessageSize = 0 } = options;
  const dispatchCompared = has(version, "dispatchCompared");
  // The first words of the brokers with reliable options.
  const elsewhere = has(version, "reliableOptions")
    ? "The topic exist on the namespace but it is served by another broker, redo the Lookup request"
    : "The topic exists but is served by another broker, redo the Lookup request";
  const loaded = new Map<string, Topic>();
  // Of all loaded topics: producer ids, as brokers keep them.
  const producers = new Map<bigint, Topic>();

  function load(record: TopicRecord): Topic {
    const topic = loaded.get(record.name) ?? loadTopic(record, metadata.schemas);
    loaded.set(record.name, topic);
    return topic;
  }

  /** The topic if this broker serves it, or takes itself for its owner. */
  function localTopic(name: string): Topic | undefined {
    const here = loaded.get(name);
    const record = metadata.topics.get(name);
    return here ?? (record && !standalone && metadata.findBroker(name) === index ? load(record) : undefined);
  }

  /** The topic, which a producer creates where it is not there. */
  function topicFor(name: string, wanted: WantedProducer | undefined): Topic {
    if (!isTopicName(name)) {
      throw failures.invalidName(name);
    }
    const topic = localTopic(name);
    if (topic) {
      return topic;
    }
    if (metadata.topics.has(name)) {
      throw failures.of(elsewhere, Code.Unavailable, ErrorType.SERVICE_NOT_READY);
    }
    if (!wanted || !autoCreateTopics) {
      throw failures.topicNotFound(`Unable to find the topic: ${name}`);
    }
    const record = newTopic(shared, wanted);
    metadata.topics.set(name, record);
    if (standalone) {
      return load(record);
    }
    shared.assign(record);
    throw failures.of(
      "The topic metadata was created, need to redo the lookup to find the correct broker",
      Code.Unavailable,
      ErrorType.SERVICE_NOT_READY,
    );
  }

  /** The first producer that names a schema gives it to the topic. */
  function agreeOnSchema({ record: { name }, schema }: Topic, subject: string): void {
    if (schema.subject === subject) {
      return;
    }
    if (schema.subject !== undefined) {
      throw failures.of(
        `Topic '${name}' uses schema subject '${schema.subject}', cannot use '${subject}'. Only admin can change topic schema.`,
        Code.FailedPrecondition,
      );
    }
    try {
      schema.assign(subject);
    } catch (error) {
      throw failures.of(
        `Failed to assign schema '${subject}' to topic '${name}': ${(error as Error).message}. Ensure schema is registered first.`,
        Code.FailedPrecondition,
      );
    }
  }

  function attachProducer(topic: Topic, { name, exclusive }: WantedProducer): bigint {
    const known = [...topic.producers.values()];
    const same = known.find((producer) => producer.name === name);
    if (same) {
      return same.id;
    }
    if (maxProducersPerTopic > 0 && known.length >= maxProducersPerTopic) {
      throw new ConnectError(
        `Producer limit reached for topic ${topic.record.name}. Current: ${known.length}, Limit: ${maxProducersPerTopic}`,
        Code.ResourceExhausted,
      );
    }
    if (enforceExclusive && known.length > 0 && (exclusive || known.some((producer) => producer.exclusive))) {
      throw new ConnectError(
        `Not able to create the Producer: the topic ${topic.record.name} has an exclusive producer`,
        Code.PermissionDenied,
      );
    }
    const producer: KnownProducer = { id: randomId(), name, exclusive };
    topic.producers.set(producer.id, producer);
    producers.set(producer.id, topic);
    return producer.id;
  }

  return {
    index,
    loaded,
    load,
    unload(name) {
      const topic = loaded.get(name);
      loaded.delete(name);
      for (const id of topic?.producers.keys() ?? []) {
        producers.delete(id);
      }
      topic?.unload();
    },
    createProducer(wanted) {
      const { dispatch, subject } = wanted;
      const isNew = !metadata.topics.has(wanted.topic);
      const topic = topicFor(wanted.topic, wanted);
      if (dispatchCompared && typeof dispatch !== "string" && topic.record.reliable !== dispatch.reliable) {
        throw failures.of(
          "Producer requested dispatch strategy does not match topic strategy",
          Code.FailedPrecondition,
        );
      }
      // A standalone broker that creates the topic for this producer does not come to its schema.
      if (subject !== undefined && !isNew) {
        agreeOnSchema(topic, subject);
      }
      return attachProducer(topic, wanted);
    },
    publish(message, encodedBytes) {
      if (encodedBytes > maxGrpcMessage) {
        throw new ConnectError(
          `Error, decoded message length too large: found ${encodedBytes} bytes, the limit is: ${maxGrpcMessage} bytes`,
          Code.OutOfRange,
        );
      }
      const { producerId, topicName } = message.msgId ?? panic("Message ID cannot be None");
      if (!producers.has(producerId)) {
        throw new ConnectError(`The producer with id ${producerId} does not exist`, Code.NotFound);
      }
      if (maxMessageSize > 0 && message.payload.length > maxMessageSize) {
        throw new ConnectError(
          `Message size ${message.payload.length} exceeds maximum allowed ${maxMessageSize} for topic ${topicName}`,
          Code.InvalidArgument,
        );
      }
      const topic = loaded.get(topicName);
      if (!topic) {
        throw unpublishable(`Topic ${topicName} not found in ${has(version, "topicWorkers") ? "worker" : "registry"}`);
      }
      if (topic.draining) {
        throw unpublishable(`Topic ${topicName} is draining or closed; retry lookup/moved`);
      }
      const why = topic.schema.refuses(message);
      if (why !== undefined) {
        throw unpublishable(why);
      }
      if (!topic.producers.has(producerId)) {
        throw unpublishable(`the producer with id ${producerId} is not attached to topic name: ${topicName}`);
      }
      topic.publish(message, index);
    },
    knowsProducer: (id) => producers.has(id),
    topicForConsumer: (name) => topicFor(name, undefined),
  };
}

function unpublishable(why: string): ConnectError {
  return new ConnectError(`Unable to publish the message: ${why}`, Code.PermissionDenied);
}

/** Ids are random, all 64 bits of them. */
export function randomId(): bigint {
  return crypto.getRandomValues(new BigUint64Array(1))[0] as bigint;
}
