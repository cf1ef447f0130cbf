import type { Code } from "@connectrpc/connect";
import type { ConnectOptions, Danube, DanubeErrorCode, SendOutcome } from "@danube-messaging/client";
import type { Arrivals } from "./arrivals.ts";
import type { Tamper, Wire } from "./wire.ts";

/** What a producer asks of brokers. */
export const producerRpcs = ["TopicLookup", "TopicPartitions", "CreateProducer", "SendMessage", "HealthCheck"] as const;

/** What is asked of the registry. */
export const registryRpcs = [
  "RegisterSchema",
  "GetSchema",
  "GetLatestSchema",
  "ListVersions",
  "CheckCompatibility",
  "DeleteSchemaVersion",
  "SetCompatibilityMode",
  "ConfigureTopicSchema",
  "UpdateTopicValidationPolicy",
  "GetTopicSchemaConfig",
  "ListSubjects",
] as const;

export type Rpc = (typeof producerRpcs)[number] | (typeof registryRpcs)[number];
export const allRpcs: readonly Rpc[] = [...producerRpcs, ...registryRpcs];

/** How the brokers were started; scripts/error-rows.ts tells what each takes. */
export const setups = {
  standalone: "--mode standalone",
  cluster: "three brokers by the sample configuration",
  secure: "the secure sample configuration",
  "no-jwt": "the secure sample configuration without its jwt section",
  "no-auto-create": "auto_create_topics: false",
  policies: "max_producers_per_topic: 1, max_message_size: 1000",
  "no-quorum":
    "a cluster of three of which two were killed, the leader among them, with a reliable topic (DANUBE_TOPIC) that the third serves and a subject (DANUBE_SUBJECT)",
  "no-wal": "--mode standalone, with a file in the place of the log's directory",
} as const;

export type Setup = keyof typeof setups;

/**
 * What the client does about an answer: nothing (the call fails at once), the same call a few times, or looking for the
 * way anew for as long as the call has time.
 */
export type Recovery = "none" | "few" | "time";

/** Something that a broker answers, and what comes of it. */
export interface ErrorRow {
  /** Stable, and in no other row. */
  id: string;
  /** The calls that are answered so. */
  rpcs: readonly Rpc[];
  /** When. */
  when: string;
  /** The gRPC status; 0 where it is an answer like any other, and 1 by the client's own runtime where none came. */
  status: Code | 0;
  /** The broker's words; `…` stands for names and numbers. */
  words: string;
  /** What the caller gets while it stays so; left out where it gets on. `outcome` goes with SendMessage. */
  error?: { code: DanubeErrorCode; outcome?: SendOutcome };
  recovery: Recovery;
  /** Where `provoke` finds what it needs. Default: standalone and cluster. */
  setups?: readonly Setup[];
  /** Makes a broker answer so, through the library's own calls; some change requests on their way. */
  provoke?: Provoke;
  /** Why a real broker was not brought to it. Goes with rows without `provoke`. */
  unreal?: string;
  /** The embedded broker does so on demand only: why it does not by itself. */
  onDemand?: string;
}

export type Provoke = (context: RowContext, rpc: Rpc) => Promise<Attempt>;

/** A call that is judged. */
export interface Attempt {
  result: Promise<unknown>;
  /** The trouble ends while the call has time: it must succeed. */
  passes: boolean;
  /** How many calls of the library the wire has carried. Default 1. */
  calls?: number;
  /** What was sent, and where it must arrive. */
  sent?: { text: string; arrivals: Arrivals };
}

export interface RowContext {
  readonly urls: readonly string[];
  readonly broker: "embedded" | "real";
  readonly setup: Setup;
  /** The judged client's calls, as they came and went. */
  readonly wire: Wire;
  /** The judged client. `tampers` change its calls on their way. */
  connect(tampers?: readonly Tamper[], options?: Partial<ConnectOptions>): Danube;
  /** Any other client. */
  other(): Danube;
  /** Names that nobody else uses. */
  topic(label?: string): string;
  subject(label?: string): string;
  /** Reads `topic` from now on. The topic must exist. */
  read(topic: string): Promise<Arrivals>;
  /** Tokens: of somebody who may do everything, and of somebody who may do nothing. */
  readonly tokens: { all: string; nothing: string };
  /** What was there before the setup's trouble began. */
  readonly kept: { topic: string; subject: string };
  /** What an operator does. */
  readonly admin: Admin;
  /** Called when everything is there for the call that is judged: the embedded broker's faults begin here. */
  armed(): void;
}

export interface Admin {
  /** `danube-admin topics unload`. */
  unload(topic: string): Promise<void>;
  /** `danube-admin topics delete`. */
  remove(topic: string): Promise<void>;
}
