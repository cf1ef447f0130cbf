import type { TopicSchema } from "../protocol/dialect.ts";
import type { Compatibility, RegisteredSchema, Registration } from "./registry.ts";
import type { SchemaType } from "./schema.ts";
import type { TopicSchemaConfig, ValidationOptions } from "./topic-schemas.ts";

/** A definition, to be registered or checked. */
export interface DefinitionOptions {
  /** The kind of definition. */
  type: SchemaType;
  /** The text of an Avro, JSON or Protobuf schema; an object is written as JSON. The other types have none. */
  definition?: string | object | undefined;
}

/** What `schemas.register` is told. */
export interface RegisterOptions extends DefinitionOptions {
  /** For people. */
  description?: string | undefined;
  /** Who registers it. Default `"danube-js"`. */
  createdBy?: string | undefined;
  /** For people. */
  tags?: readonly string[] | undefined;
}

/** What `schemas.check` is told. */
export interface CheckOptions extends DefinitionOptions {
  /** Checks by this instead of the subject's own. */
  compatibility?: Compatibility | undefined;
}

/** What came of a check. */
export interface CheckResult {
  /** Whether the subject would take the definition as its next version. */
  compatible: boolean;
  /** Why not. */
  errors: string[];
}

/** A version, in a list. */
export interface SchemaVersionSummary {
  /** From 1. */
  version: number;
  /** The subject's number. */
  schemaId: bigint;
  /** For people. */
  description: string;
  /** When it was registered, in milliseconds since 1970, to the second. */
  createdAtMs: number;
  /** Who registered it, by their own word. */
  createdBy: string;
  /** Equal definitions have equal ones. */
  fingerprint: string;
}

/** A subject, in a list. */
export interface SubjectSummary {
  /** The subject. */
  subject: string;
  /** The subject's number. */
  schemaId: bigint;
  /** The kind of definition. */
  type: SchemaType;
  /** The newest version. */
  latestVersion: number;
  /** Which new versions it takes. */
  compatibility: Compatibility;
  /** Those of the newest version. */
  tags: string[];
}

/** What `schemas.configureTopic` is told. */
export interface TopicSchemaOptions extends ValidationOptions {
  /** The subject that the topic's messages must be of. */
  subject: string;
}

/**
 * The schema registry. Its calls go to the seeds, those about a topic to the topic's owner; all wait for brokers that
 * are away, up to the client's `createTimeoutMs`. They reject with a `DanubeError`: `TIMEOUT`, `CLOSED`,
 * `UNAUTHENTICATED`, `PERMISSION_DENIED` (brokers with access control want ManageSchema), `UNSUPPORTED` from brokers
 * without a registry (before 0.6), and what each call says. Wrong arguments are `TypeError`.
 */
export interface Schemas {
  /**
   * Registers a definition (RegisterSchema): as version 1 of a new subject, as the next one where no version has it, or
   * not at all. `SCHEMA_INCOMPATIBLE` with the reasons, when the subject's compatibility does not allow it;
   * `SCHEMA_REJECTED` for a definition that is none.
   */
  register(subject: string, options: RegisterOptions): Promise<Registration>;
  /** A version by the number of its subject, or the newest (GetSchema). `SCHEMA_NOT_FOUND`. */
  get(schemaId: bigint, version?: number): Promise<RegisteredSchema>;
  /** The newest version of a subject (GetLatestSchema). `SCHEMA_NOT_FOUND`. */
  latest(subject: string): Promise<RegisteredSchema>;
  /** All versions of a subject, oldest first (ListVersions). `SCHEMA_NOT_FOUND`. */
  versions(subject: string): Promise<SchemaVersionSummary[]>;
  /** Whether a subject would take a definition (CheckCompatibility). `SCHEMA_NOT_FOUND`, `SCHEMA_REJECTED`. */
  check(subject: string, options: CheckOptions): Promise<CheckResult>;
  /** Sets which new versions a subject takes (SetCompatibilityMode). `SCHEMA_NOT_FOUND`. */
  setCompatibility(subject: string, compatibility: Compatibility): Promise<void>;
  /**
   * Deletes a version (DeleteSchemaVersion): `get` and `versions` no longer have it. `latest`, in brokers up to
   * 0.15.1, still does, and they say nothing when there was none.
   */
  delete(subject: string, version: number): Promise<void>;
  /** All subjects, by name (ListSubjects). */
  subjects(): Promise<SubjectSummary[]>;
  /**
   * Ties a topic to a subject, instead of the one it may have, and says what its messages are checked for (ConfigureTopicSchema, at the
   * owner; of a partitioned topic at each partition's). `TOPIC_NOT_FOUND`, `SCHEMA_NOT_FOUND`.
   */
  configureTopic(topic: string, options: TopicSchemaOptions): Promise<void>;
  /**
   * Changes what a topic's messages are checked for (UpdateTopicValidationPolicy, likewise). `TOPIC_NOT_FOUND`;
   * `SCHEMA_NOT_FOUND` for a topic without a subject.
   */
  validationPolicy(topic: string, options: ValidationOptions): Promise<void>;
  /**
   * The schema of a topic, `undefined` where it has none: that of its subject (GetTopicSchemaConfig, GetLatestSchema), or the
   * one that a broker before 0.6 keeps with the topic (Discovery's GetSchema). `TOPIC_NOT_FOUND`.
   */
  ofTopic(topic: string): Promise<TopicSchema | undefined>;
  /** What a topic's messages are checked for (GetTopicSchemaConfig, likewise). `TOPIC_NOT_FOUND`. */
  topicConfig(topic: string): Promise<TopicSchemaConfig>;
}
