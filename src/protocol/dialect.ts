import type { CallOptions } from "../cluster/connections.ts";
import type { Target } from "../cluster/transports.ts";
import type { Schema, SchemaType } from "../schema/schema.ts";
import type { Generation } from "./generation.ts";

/** How long a reliable topic keeps its messages, for brokers that are told so with CreateProducer. */
export interface Retention {
  readonly segmentSizeMb: number;
  readonly retention: "until-acknowledged" | "until-expired";
  readonly retentionSeconds: number;
  /** Whether any of it was asked for, and not only left to the defaults. */
  readonly chosen: boolean;
}

/** A producer as it is asked for. */
export interface WantedProducer {
  /** The topic, or the partition. */
  readonly topic: string;
  readonly name: string;
  readonly access: "shared" | "exclusive";
  readonly dispatch: "reliable" | "non-reliable";
  readonly retention: Retention;
  /** No broker knew the topic a moment ago: this may create it. */
  readonly isNew: boolean;
}

/** What makes bytes of the values that `send` is given. */
export type Codec<T = never> = Pick<Schema<T, unknown>, "subject" | "encode" | "decode">;

/** There is always something that ends it. */
export type Limits = CallOptions & { signal: AbortSignal };

/** What messages are marked with. */
export interface SchemaMark {
  readonly schemaId: bigint;
  readonly version: number;
}

/** A producer's schema, as brokers of one generation have it. */
export interface SpokenSchema {
  readonly codec: Codec;
  /** `undefined`: messages say nothing of it. */
  readonly mark: SchemaMark | undefined;
  /** Whether a producer that asks for another dispatch than the topic's is refused: else it is not known what it is. */
  readonly comparesDispatch: boolean;
  /** CreateProducer, with this schema. Gives the producer's id. Rejects with `CallFailure` or `DanubeError`. */
  createProducer(target: Target, wanted: WantedProducer, limits: Limits): Promise<bigint>;
}

/** The schema that a topic has. */
export interface TopicSchema {
  /** The subject; at brokers before 0.6, which have no registry, the schema's name. */
  subject: string;
  /** The kind of definition. */
  type: SchemaType;
  /** The text of it; `""` for the types that have none. */
  definition: string;
}

/** What one generation of brokers is told in its own way. */
export interface Dialect {
  readonly generation: Generation;
  /** Finds out what the schema is to these brokers, and makes it known to them where that comes first. */
  schema(schema: Schema<never, unknown>, signal: AbortSignal): Promise<SpokenSchema>;
  /** The schema of a topic (not of a partitioned one), by its owner. `undefined` where it has none. */
  topicSchema(target: Target, topic: string, limits: Limits): Promise<TopicSchema | undefined>;
}
