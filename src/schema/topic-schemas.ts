import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { SchemaRegistry as Service } from "../../gen/danube_schema/schema_registry_pb.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { judge, type TopicSchemaCall } from "../cluster/error-table.ts";
import type { Owner } from "../cluster/ownership.ts";
import { partitionName } from "../cluster/partitions.ts";
import { recover } from "../cluster/recovery.ts";
import { findShape } from "../cluster/shape.ts";
import type { Target } from "../cluster/transports.ts";
import { DanubeError } from "../errors.ts";
import type { TopicSchema } from "../protocol/dialect.ts";
import type { Protocol } from "../protocol/protocol.ts";
import type { Registry } from "./registry.ts";

/**
 * What the broker does about a topic's messages. `"none"`: nothing. `"warn"`, with which topics begin: messages marked
 * with no schema or another subject's are let through, with a line in the broker's log. `"enforce"`: those are
 * `SCHEMA_REJECTED`.
 */
export type ValidationPolicy = "none" | "warn" | "enforce";

/** What a topic's messages are checked for. */
export interface ValidationOptions {
  /** What the broker does about messages without a schema, or with another one. */
  policy: ValidationPolicy;
  /**
   * Whether the broker also validates payloads by the schema's definition, and refuses those that do not fit, unless
   * `policy` is `"none"`. Brokers up to 0.15.1 accept Avro as object container files only, validate all versions by the
   * one they saw first, and crash on Protobuf. Default `false`.
   */
  payloadValidation?: boolean | undefined;
}

/** How a topic is tied to a schema. */
export interface TopicSchemaConfig {
  /** The subject; `undefined` while there is none. */
  subject: string | undefined;
  /** The subject's number. */
  schemaId: bigint | undefined;
  /** What the broker does about messages without a schema, or with another one. */
  policy: ValidationPolicy;
  /** Whether payloads are validated. */
  payloadValidation: boolean;
}

/** The calls that only a topic's owner answers. Of a partitioned topic each partition is asked. */
export interface TopicSchemas {
  configure(topic: string, options: ValidationOptions & { subject: string }, signal: AbortSignal): Promise<void>;
  validate(topic: string, options: ValidationOptions, signal: AbortSignal): Promise<void>;
  /** That of the first partition, where the topic has some; so is the next. */
  config(topic: string, signal: AbortSignal): Promise<TopicSchemaConfig>;
  schemaOf(topic: string, signal: AbortSignal): Promise<TopicSchema | undefined>;
}

export function createTopicSchemas(cluster: Cluster, registry: Registry, protocol: Protocol): TopicSchemas {
  const { ownership, connections, events, backoff, attemptTimeoutMs: timeoutMs } = cluster;
  const { method } = Service;

  /** Asks the owner, wherever it is by then. */
  async function atOwner<T>(
    call: TopicSchemaCall,
    topicName: string,
    ask: (target: Target) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    let owner: Owner | undefined;
    const attempt = async () => {
      owner = undefined;
      owner = await ownership.owner(topicName, signal);
      return ask(owner.target);
    };
    return recover(attempt, {
      backoff,
      events,
      topic: topicName,
      signal,
      judge: (reason) => judge(owner ? call : "TopicLookup", reason, topicName),
      forget: (error) => owner && ownership.forget(owner, error),
    });
  }

  function callOwner<I extends DescMessage, O extends DescMessage>(
    rpc: DescMethodUnary<I, O>,
    topicName: string,
    request: MessageInitShape<I>,
    signal: AbortSignal,
  ): Promise<MessageShape<O>> {
    const ask = (target: Target) => connections.unary(target, rpc, request, { timeoutMs, signal });
    return atOwner(rpc.name as TopicSchemaCall, topicName, ask, signal);
  }

  /** The names that the brokers know the topic by: its own, or those of its partitions. */
  async function namesOf(topic: string, signal: AbortSignal): Promise<string[]> {
    const shape = await findShape(cluster, topic, signal);
    if (shape.kind === "none") {
      throw new DanubeError("TOPIC_NOT_FOUND", `${topic} does not exist`);
    }
    return shape.kind === "plain"
      ? [topic]
      : Array.from({ length: shape.partitions }, (_, i) => partitionName(topic, i));
  }

  const words = ({ policy, payloadValidation = false }: ValidationOptions) => ({
    validationPolicy: policy,
    enablePayloadValidation: payloadValidation,
  });

  return {
    async configure(topic, options, signal) {
      const request = { schemaSubject: options.subject, ...words(options) };
      const names = await namesOf(topic, signal);
      // Owners that have not heard of the subject yet are asked again; one that is not there would be waited for.
      await registry.latest(options.subject, signal);
      const rpc = method.configureTopicSchema;
      await Promise.all(names.map((topicName) => callOwner(rpc, topicName, { topicName, ...request }, signal)));
    },
    async validate(topic, options, signal) {
      const names = await namesOf(topic, signal);
      const rpc = method.updateTopicValidationPolicy;
      await Promise.all(names.map((topicName) => callOwner(rpc, topicName, { topicName, ...words(options) }, signal)));
    },
    async schemaOf(topic, signal) {
      const [topicName = topic] = await namesOf(topic, signal);
      const limits = { timeoutMs, signal };
      const ask = (target: Target) =>
        protocol.speak(target, (dialect) => dialect.topicSchema(target, topicName, limits), signal, { proves: false });
      return atOwner("GetTopicSchemaConfig", topicName, ask, signal);
    },
    async config(topic, signal) {
      const [topicName = topic] = await namesOf(topic, signal);
      const answer = await callOwner(method.getTopicSchemaConfig, topicName, { topicName }, signal);
      const subject = answer.schemaSubject || undefined;
      // Brokers up to 0.15.1 look for the number where it is not, and answer 0.
      const known = answer.schemaId !== 0n || subject === undefined;
      const schemaId = known ? answer.schemaId : (await registry.latest(subject, signal)).schemaId;
      return {
        subject,
        schemaId: subject === undefined ? undefined : schemaId,
        policy: answer.validationPolicy as ValidationPolicy,
        payloadValidation: answer.enablePayloadValidation,
      };
    },
  };
}
