import type { BrokerGeneration } from "./generations.ts";

/** What the embedded broker is asked to be. Without options: what Danube 0.15.1 is. */
export interface BrokerOptions {
  /**
   * The brokers to be like: `"0.4"` (0.4.0), `"0.5"` (0.5.2), `"0.6"` (0.6.0), `"0.7"` (0.7.2) or `"0.15"` (0.15.1, the
   * default). It takes the requests that these take, has the calls that they have, and answers in their words; what it
   * does beyond that is what 0.15.1 does. Retention (0.4) is told by `topics()` and not acted on.
   */
  generation?: BrokerGeneration | undefined;
  /** How many brokers. 1 (default) is `--mode standalone`, more are a cluster; before 0.9 one is a cluster too. */
  brokers?: number | undefined;
  /**
   * `"standalone"`: topics are served at once, and after a restart by nobody. `"cluster"`: a new topic is assigned to
   * one of the brokers, and the topics of a dead one to others. Default: by the number of brokers; brokers before 0.9
   * are never standalone.
   */
  mode?: "standalone" | "cluster" | undefined;
  /** The port of the first broker; the others take the following ones. Default 0: any that is free. */
  port?: number | undefined;
  /** The address to listen on. Default `127.0.0.1`. */
  host?: string | undefined;
  /** The address that brokers give to clients, for `http://host:port` with their port. Default: `host`. */
  advertisedHost?: string | undefined;
  /** Refuses a second producer beside an exclusive one. Default `false`, as every broker up to 0.15.1. */
  enforceExclusive?: boolean | undefined;
  /** Puts a proxy in front, as Danube's Envoy: clients reach brokers only through it, by `x-danube-broker-url`. */
  proxy?: boolean | undefined;
  /**
   * The URL of a proxy of your own (an Envoy, say), as the brokers' `--connect-url`: clients are told to go there and to
   * name the broker, by its own URL, in `x-danube-broker-url`. The brokers can be reached without it, too.
   */
  connectUrl?: string | undefined;
  /** Namespaces beside `default` and `system`. */
  namespaces?: readonly string[] | undefined;
  /** Default `true`. */
  autoCreateTopics?: boolean | undefined;
  /** Producers per topic, 0 (default) for any number. */
  maxProducersPerTopic?: number | undefined;
  /** The namespace's limit on payloads, in bytes; 0 (default) for none but the protocol's 4,194,304. */
  maxMessageSize?: number | undefined;
  /** Serves TLS; with `ca`, asks clients for a certificate. PEM. */
  tls?: { cert: string; key: string; ca?: string | undefined } | undefined;
  /** The tokens that are let in; behind `Bearer`, and until 0.10 alone. Without them, and without `apiKeys`, everybody is. */
  tokens?: readonly string[] | undefined;
  /** The API keys that Authenticate gives tokens for, at brokers until 0.10. */
  apiKeys?: readonly string[] | undefined;
  /** Milliseconds until the topics of a dead broker go to others. Default 1,000; real clusters take 32,000 to 40,000. */
  failoverMs?: number | undefined;
  /** Milliseconds until a broker has loaded a topic that was assigned to it. Default 50; real ones take up to 500. */
  loadMs?: number | undefined;
}

/** The calls that brokers answer. `"GetSchema"` is the registry's, and before 0.6 the one that tells a topic's schema. */
export type Rpc =
  | "TopicLookup"
  | "TopicPartitions"
  | "Authenticate"
  | "CreateProducer"
  | "SendMessage"
  | "HealthCheck"
  | "Subscribe"
  | "ReceiveMessages"
  | "Ack"
  | "Nack"
  | "RegisterSchema"
  | "GetSchema"
  | "GetLatestSchema"
  | "ListVersions"
  | "CheckCompatibility"
  | "DeleteSchemaVersion"
  | "SetCompatibilityMode"
  | "ConfigureTopicSchema"
  | "UpdateTopicValidationPolicy"
  | "GetTopicSchemaConfig"
  | "ListSubjects";

/** Something that goes wrong on purpose. */
export interface Fault {
  /** The RPC that goes wrong. */
  rpc: Rpc;
  /** How many calls it happens to. Default 1. */
  times?: number | undefined;
  /** Only on this broker. */
  broker?: number | undefined;
  /** Milliseconds to wait first. */
  delayMs?: number | undefined;
  /** Answers with this gRPC status (its number: 14 is UNAVAILABLE) instead of doing what was asked. */
  code?: number | undefined;
  /** The text that goes with `code`. */
  message?: string | undefined;
  /**
   * Cuts the client's connection: `"request"` without having done anything, `"response"` when all is done but the
   * answer.
   */
  drop?: "request" | "response" | undefined;
}

/** A message that the broker accepted. */
export interface AcceptedMessage {
  /** The topic, or the partition. */
  topic: string;
  /** The bytes that were sent. */
  payload: Uint8Array;
  /** The payload as UTF-8. */
  text: string;
  /** The attributes that went with it. */
  attributes: Record<string, string>;
  /** The routing key. */
  key: string | undefined;
  /** The name of the producer that sent it. */
  producer: string;
  /** The producer's own counter. */
  requestId: bigint;
  /** When it was sent by the producer's clock, in milliseconds since 1970. */
  publishTime: bigint;
  /** The id of the schema's subject, where the producer has a schema. */
  schemaId: bigint | undefined;
  /** The version of the schema. */
  schemaVersion: number | undefined;
  /** Which broker accepted it. */
  broker: number;
}

/** How long a reliable topic of a 0.4 broker is to keep its messages. The embedded broker keeps them anyway. */
export interface TopicRetention {
  /** The size of a piece of the log, in MiB. */
  segmentSizeMb: number;
  /** When a piece may go: when all subscriptions have acknowledged it, or when it is old enough. */
  retention: "until-acknowledged" | "until-expired";
  /** How old that is. */
  retentionSeconds: number;
}

/** What `topics()` tells. */
export interface TopicState {
  /** The topic, or the partition. */
  topic: string;
  /** Fixed by the producer that created it. */
  dispatch: "reliable" | "non-reliable";
  /** The schema that it was created with, at brokers before 0.6, which keep one with each topic. */
  schema?: { name: string; type: "bytes" | "string" | "int64" | "json"; definition: string } | undefined;
  /** What the producer that created it wanted kept, at brokers of 0.4. */
  retention?: TopicRetention | undefined;
  /** The broker that it is assigned to; `undefined` while nobody serves it. */
  owner: number | undefined;
  /** The brokers that serve it; more than one when an owner was mistaken for another. */
  servedBy: number[];
  /** The producers that are known, by broker. */
  producers: { name: string; access: "shared" | "exclusive"; broker: number }[];
}

/** A running embedded broker or cluster. */
export interface EmbeddedBroker {
  /** Where clients connect: the brokers, or the proxy in front of them. */
  readonly urls: string[];
  /** Everything that was accepted for a topic, in the order of acceptance; the newest 100,000. */
  messages(topic: string): AcceptedMessage[];
  /** Every topic of the cluster. */
  topics(): TopicState[];
  /** How often an RPC was called, at all brokers or at one. */
  calls(rpc: Rpc, broker?: number): number;
  /** Ends broker `i` as `kill -9` does. */
  kill(i: number): Promise<void>;
  /** Starts broker `i` again, at the same address. */
  restart(i: number): Promise<void>;
  /** Unloads a topic, reliable or not, and gives it to broker `i`. */
  moveTopic(topic: string, i: number): Promise<void>;
  /**
   * What `danube-admin topics unload` does: a reliable topic goes to another broker, a non-reliable one to nobody.
   */
  unloadTopic(topic: string): Promise<void>;
  /** Makes the next calls of an RPC go wrong. Gives a function that ends it. */
  fault(fault: Fault): () => void;
  /** Ends everything. May be called again. */
  close(): Promise<void>;
  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
