import type { InlineSchema } from "./inline-schema.ts";
import { createSchemaStore, type SchemaStore } from "./schema/store.ts";
import type { TopicSchemaConfig } from "./schema/topic-schema.ts";
import type { Stored } from "./subscription.ts";
import type { AcceptedMessage, TopicRetention } from "./types.ts";

/** What outlives a topic's instance on a broker: a reliable topic's messages and how far each subscription is. */
export interface Log {
  messages: Stored[];
  cursors: Map<string, bigint>;
}

/** A topic as the cluster knows it, wherever it is served. */
export interface TopicRecord {
  readonly name: string;
  readonly reliable: boolean;
  /** What it was created with, at brokers that keep it with the topic. */
  readonly schema: InlineSchema | undefined;
  readonly retention: TopicRetention | undefined;
  /** The index of the broker it is assigned to. */
  owner: number | undefined;
  /** The log, while no broker has the topic loaded. */
  log: Log | undefined;
  readonly accepted: AcceptedMessage[];
  /** The schema that it was configured with; the one that a producer assigned is not kept here. */
  schemaConfig: TopicSchemaConfig | undefined;
}

/** The cluster's shared records; brokers replicate theirs through raft. */
export interface Metadata {
  readonly topics: Map<string, TopicRecord>;
  readonly namespaces: ReadonlySet<string>;
  readonly schemas: SchemaStore;
  /** The broker that brokers believe to serve `topic`. */
  findBroker(topic: string): number | undefined;
  /** The names of the namespace that begin with `topic`. */
  namesFrom(topic: string): string[];
  /** What brokers take for the partitions of `topic`: itself, if it is there, or else all that begin with it. */
  partitionsOf(topic: string): string[];
}

export function createMetadata(namespaces: readonly string[]): Metadata {
  const topics = new Map<string, TopicRecord>();
  const namesFrom = (topic: string) => [...topics.keys()].filter((name) => name.startsWith(topic)).sort();
  return {
    topics,
    namespaces: new Set(["default", "system", ...namespaces]),
    schemas: createSchemaStore(),
    findBroker(topic) {
      // As the real one: the first assignment, by broker and then by name, that has the name somewhere in its path.
      // A name that another one begins with can so be found at the other one's broker.
      let first: TopicRecord | undefined;
      for (const record of topics.values()) {
        if (record.owner !== undefined && record.name.includes(topic) && (!first || isBefore(record, first))) {
          first = record;
        }
      }
      return first?.owner;
    },
    namesFrom,
    partitionsOf: (topic) => (topics.has(topic) ? [topic] : namesFrom(topic)),
  };
}

function isBefore(a: TopicRecord, b: TopicRecord): boolean {
  return a.owner === b.owner ? a.name < b.name : (a.owner as number) < (b.owner as number);
}

/** How brokers read a topic's name: three parts, of which only the characters are checked. */
export function isTopicName(name: string): boolean {
  const parts = name.split("/");
  return parts.length === 3 && parts.every((part) => /^[\p{Alphabetic}\p{N}_-]*$/u.test(part));
}

export function namespaceOf(topic: string): string {
  return topic.split("/")[1] ?? "";
}
