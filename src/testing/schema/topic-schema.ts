import type { StreamMessage } from "../../../gen/danube/danube_api_pb.ts";
import { isPanic } from "../panic.ts";
import type { SchemaStore } from "./store.ts";

export type ValidationPolicy = "none" | "warn" | "enforce";

/** What ConfigureTopicSchema keeps of a topic, wherever it is served. */
export interface TopicSchemaConfig {
  readonly subject: string;
  readonly policy: ValidationPolicy;
  readonly checksPayload: boolean;
}

/** A loaded topic's schema. It goes with the topic's instance; only what was configured comes back. */
export interface TopicSchema {
  readonly subject: string | undefined;
  readonly policy: ValidationPolicy;
  readonly checksPayload: boolean;
  /** Throws an Error in the broker's words when the subject is not registered. */
  assign(subject: string): void;
  setPolicy(policy: ValidationPolicy, checksPayload: boolean): void;
  /** Why a message is refused, in the broker's words. */
  refuses(message: StreamMessage): string | undefined;
}

export function createTopicSchema(
  topic: string,
  schemas: SchemaStore,
  config: TopicSchemaConfig | undefined,
): TopicSchema {
  let subject = config?.subject;
  let policy: ValidationPolicy = config?.policy ?? "warn";
  let checksPayload = config?.checksPayload ?? false;
  // By id, with the version of the first message that had it: all others are checked against that version.
  const seen = new Map<bigint, { subject: string; version: number }>();

  function payloadFault({ schemaId, payload }: StreamMessage): string | undefined {
    const known = seen.get(schemaId as bigint) as { subject: string; version: number };
    let what = `Schema version not found: ${known.subject}/${known.version} -`;
    try {
      const { schema } = schemas.version(known.subject, known.version);
      what = "Payload validation failed:";
      schema.check(payload);
      return undefined;
    } catch (error) {
      if (isPanic(error)) {
        throw error;
      }
      return `${what} ${(error as Error).message}`;
    }
  }

  return {
    get subject() {
      return subject;
    },
    get policy() {
      return policy;
    },
    get checksPayload() {
      return checksPayload;
    },
    assign(name) {
      if (!schemas.isKnownToTopics(name)) {
        throw new Error(`Schema subject '${name}' not found in registry. Please register schema first.`);
      }
      subject = name;
    },
    setPolicy(next, checks) {
      policy = next;
      checksPayload = checks;
    },
    refuses(message) {
      const enforced = policy === "enforce";
      if (policy === "none") {
        return undefined;
      }
      if (subject === undefined) {
        return enforced ? `Topic ${topic} requires schema but none is configured` : undefined;
      }
      const { schemaId, schemaVersion = 1 } = message;
      if (schemaId === undefined) {
        return enforced ? `Message missing schema_id for topic ${topic} (expected subject: ${subject})` : undefined;
      }
      // Also where a mismatch would only be a warning, an unknown id and a payload that does not fit are refused.
      const known = seen.get(schemaId)?.subject ?? schemas.nameOf(schemaId);
      if (known === undefined) {
        return `Schema ID ${schemaId} not found in registry`;
      }
      if (known !== subject) {
        const mismatch = `message schema_id=${schemaId} belongs to subject '${known}', but topic requires '${subject}'`;
        return enforced ? `Schema subject mismatch for topic ${topic}: ${mismatch}` : undefined;
      }
      if (!seen.has(schemaId)) {
        seen.set(schemaId, { subject: known, version: schemaVersion });
      }
      return checksPayload ? payloadFault(message) : undefined;
    },
  };
}
