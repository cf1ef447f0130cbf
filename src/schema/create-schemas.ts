import { SchemaRegistry as Service } from "../../gen/danube_schema/schema_registry_pb.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { checkTopic } from "../cluster/topic-name.ts";
import { closedError, DanubeError, isDanubeError } from "../errors.ts";
import { checkInteger } from "../lib/check.ts";
import { timeLimit } from "../lib/time-limit.ts";
import type { Protocol } from "../protocol/protocol.ts";
import {
  checkCheckOptions,
  checkCompatibility,
  checkRegisterOptions,
  checkSchemaId,
  checkValidationOptions,
  definitionText,
} from "./check.ts";
import type { Compatibility, Registry } from "./registry.ts";
import { defaultCreatedBy, type SchemaResolver } from "./resolve.ts";
import { checkSubject, maxVersion, type SchemaType } from "./schema.ts";
import type { Schemas } from "./schemas.ts";
import { createTopicSchemas } from "./topic-schemas.ts";
import { createRegistryWrites } from "./writes.ts";

export interface SchemasOptions {
  cluster: Cluster;
  protocol: Protocol;
  registry: Registry;
  resolver: SchemaResolver;
  /** Milliseconds for each call. */
  timeoutMs: number;
  /** Aborted when the client is closed. */
  whenClosed: AbortSignal;
}

export function createSchemas(options: SchemasOptions): Schemas {
  const { cluster, protocol, registry, resolver, timeoutMs, whenClosed } = options;
  const topics = createTopicSchemas(cluster, registry, protocol);
  const writes = createRegistryWrites(registry);
  const { method } = Service;

  /** Within the time of a call, and the life of the client. */
  async function inTime<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (whenClosed.aborted) {
      throw closedError("the client");
    }
    const limit = timeLimit(timeoutMs, whenClosed);
    try {
      return await work(limit.signal);
    } catch (reason) {
      if (whenClosed.aborted) {
        throw closedError("the client");
      }
      if (limit.isOver()) {
        const why = isDanubeError(reason) ? reason.message : "nothing has answered yet";
        throw new DanubeError("TIMEOUT", `${what}: not done within ${timeoutMs} ms: ${why}`, { cause: reason });
      }
      throw reason;
    } finally {
      // Of several calls others may still be tried when one has failed for good.
      limit.end();
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
    async ofTopic(topic) {
      checkTopic(topic);
      return inTime(`schema of ${topic}`, (signal) => topics.schemaOf(topic, signal));
    },
    async topicConfig(topic) {
      checkTopic(topic);
      return inTime(`schema of ${topic}`, (signal) => topics.config(topic, signal));
    },
  };
}
