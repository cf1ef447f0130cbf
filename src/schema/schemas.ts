import { SchemaRegistry as Service } from "../../gen/danube_schema/schema_registry_pb.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { checkTopic } from "../cluster/topic-name.ts";
import { closedError, DanubeError, isDanubeError } from "../errors.ts";
import { checkInteger } from "../lib/check.ts";
import { maxTimerMs } from "../lib/sleep.ts";
import {
  checkCheckOptions,
  checkCompatibility,
  checkRegisterOptions,
  checkSchemaId,
  checkValidationOptions,
  definitionText,
} from "./check.ts";
import type { Compatibility, RegisteredSchema, Registration, Registry } from "./registry.ts";
import { defaultCreatedBy, type SchemaResolver } from "./resolve.ts";
import { checkSubject, maxVersion, type SchemaType } from "./schema.ts";
import { createTopicSchemas, type TopicSchemaConfig, type ValidationOptions } from "./topic-schemas.ts";
import { createRegistryWrites } from "./writes.ts";

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
  /** What a topic's messages are checked for (GetTopicSchemaConfig, likewise). `TOPIC_NOT_FOUND`. */
  topicConfig(topic: string): Promise<TopicSchemaConfig>;
}

export interface SchemasOptions {
  cluster: Cluster;
  registry: Registry;
  resolver: SchemaResolver;
  /** Milliseconds for each call. */
  timeoutMs: number;
  /** Aborted when the client is closed. */
  whenClosed: AbortSignal;
}

export function createSchemas({ cluster, registry, resolver, timeoutMs, whenClosed }: SchemasOptions): Schemas {
  const topics = createTopicSchemas(cluster, registry);
  const writes = createRegistryWrites(registry);
  const { method } = Service;

  /** Within the time of a call, and the life of the client. */
  async function inTime<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (whenClosed.aborted) {
      throw closedError("the client");
    }
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), Math.min(maxTimerMs, timeoutMs));
    try {
      return await work(AbortSignal.any([timeout.signal, whenClosed]));
    } catch (reason) {
      if (whenClosed.aborted) {
        throw closedError("the client");
      }
      if (timeout.signal.aborted) {
        const why = isDanubeError(reason) ? reason.message : "nothing has answered yet";
        throw new DanubeError("TIMEOUT", `${what}: not done within ${timeoutMs} ms: ${why}`, { cause: reason });
      }
      throw reason;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async register(subject, options) {
      checkSubject(subject);
      checkRegisterOptions(options);
      const { type, description = "", createdBy = defaultCreatedBy, tags = [] } = options;
      const definition = definitionText(options);
      const registration = await inTime(`register ${subject}`, (signal) =>
        writes.register(subject, { type, definition }, { description, createdBy, tags }, signal),
      );
      resolver.changed(subject);
      return registration;
    },
    async get(schemaId, version) {
      checkSchemaId(schemaId);
      if (version !== undefined) {
        checkInteger("version", version, 1, maxVersion);
      }
      return inTime(`get schema ${schemaId}`, (signal) => registry.get(schemaId, version, signal));
    },
    async latest(subject) {
      checkSubject(subject);
      return inTime(`latest of ${subject}`, (signal) => registry.latest(subject, signal));
    },
    async versions(subject) {
      checkSubject(subject);
      const { versions } = await inTime(`versions of ${subject}`, (signal) =>
        registry.call(method.listVersions, { subject }, subject, signal),
      );
      return versions.map(({ version, schemaId, description, createdAt, createdBy, fingerprint }) => ({
        version,
        schemaId,
        description,
        createdAtMs: Number(createdAt) * 1_000,
        createdBy,
        fingerprint,
      }));
    },
    async check(subject, options) {
      checkSubject(subject);
      checkCheckOptions(options);
      const { type, compatibility } = options;
      const newSchemaDefinition = new TextEncoder().encode(definitionText(options));
      const request = {
        subject,
        schemaType: type,
        newSchemaDefinition,
        ...(compatibility !== undefined && { compatibilityMode: compatibility }),
      };
      const { isCompatible, errors } = await inTime(`check ${subject}`, (signal) =>
        registry.call(method.checkCompatibility, request, subject, signal),
      );
      return { compatible: isCompatible, errors: [...errors] };
    },
    async setCompatibility(subject, compatibilityMode) {
      checkSubject(subject);
      checkCompatibility(compatibilityMode);
      await inTime(`compatibility of ${subject}`, (signal) =>
        writes.setCompatibility(subject, compatibilityMode, signal),
      );
      resolver.changed(subject);
    },
    async delete(subject, version) {
      checkSubject(subject);
      checkInteger("version", version, 1, maxVersion);
      await inTime(`delete version ${version} of ${subject}`, (signal) => writes.delete(subject, version, signal));
      resolver.changed(subject);
    },
    async subjects() {
      const { subjects } = await inTime("subjects", (signal) =>
        registry.call(method.listSubjects, {}, "all subjects", signal),
      );
      // Brokers give them in the order of a hash table.
      const sorted = [...subjects].sort((a, b) => (a.subject < b.subject ? -1 : 1));
      return sorted.map(({ subject, schemaId, schemaType, latestVersion, compatibilityMode, tags }) => ({
        subject,
        schemaId,
        type: schemaType as SchemaType,
        latestVersion,
        compatibility: compatibilityMode as Compatibility,
        tags: [...tags],
      }));
    },
    async configureTopic(topic, options) {
      checkTopic(topic);
      checkValidationOptions(options, ["subject"]);
      checkSubject(options.subject);
      await inTime(`schema of ${topic}`, (signal) => topics.configure(topic, options, signal));
    },
    async validationPolicy(topic, options) {
      checkTopic(topic);
      checkValidationOptions(options);
      await inTime(`validation policy of ${topic}`, (signal) => topics.validate(topic, options, signal));
    },
    async topicConfig(topic) {
      checkTopic(topic);
      return inTime(`schema of ${topic}`, (signal) => topics.config(topic, signal));
    },
  };
}
