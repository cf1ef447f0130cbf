import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { SchemaRegistry } from "../../../gen/danube_schema/schema_registry_pb.ts";
import type { Around } from "../around.ts";
import type { Broker } from "../broker.ts";
import type { Shared } from "../shared.ts";
import { incompatibilities, modeOf } from "./compatibility.ts";
import { parseSchema } from "./definitions.ts";
import type { SchemaVersion, Subject } from "./store.ts";
import type { ValidationPolicy } from "./topic-schema.ts";

interface SchemaServiceOptions {
  broker: Broker;
  shared: Shared;
  around: Around;
}

/** The schema registry of one broker. All brokers answer for the schemas; a topic's settings are told by its owner. */
export function registerSchemaService(router: ConnectRouter, { broker, shared, around }: SchemaServiceOptions): void {
  const { schemas } = shared.metadata;

  function topicHere(name: string) {
    const topic = broker.loaded.get(name);
    if (!topic) {
      throw new ConnectError(`Topic '${name}' not found on this broker`, Code.NotFound);
    }
    return topic;
  }

  router.service(SchemaRegistry, {
    registerSchema: (request, context) =>
      around("RegisterSchema", context, () =>
        or("Failed to register schema", Code.Internal, async () => {
          const { subject, description, createdBy, tags } = request;
          const schema = await parseSchema(request.schemaType, request.schemaDefinition);
          const { id, version, isNew } = schemas.register(subject, schema, { description, createdBy, tags });
          return { schemaId: id, version, isNewVersion: isNew, fingerprint: schema.fingerprint };
        }),
      ),
    getSchema: ({ schemaId, version }, context) =>
      around("GetSchema", context, () => {
        const name = schemas.nameOf(schemaId);
        const missing = `Schema not found for ID: ${schemaId}`;
        if (name === undefined) {
          throw new ConnectError(missing, Code.NotFound);
        }
        return found(missing, () => {
          const wanted = version === undefined ? schemas.latest(name) : schemas.version(name, version);
          return answer(schemas.subject(name), name, wanted);
        });
      }),
    getLatestSchema: ({ subject }, context) =>
      around("GetLatestSchema", context, () =>
        found(`Schema not found for subject: ${subject}`, () =>
          answer(schemas.subject(subject), subject, schemas.latest(subject)),
        ),
      ),
    listVersions: ({ subject }, context) =>
      around("ListVersions", context, () => {
        const { id } = found(`Subject not found: ${subject}`, () => schemas.subject(subject));
        return {
          versions: schemas.versions(subject).map(({ version, createdAt, createdBy, description, schema }) => ({
            version,
            createdAt,
            createdBy,
            description,
            fingerprint: schema.fingerprint,
            schemaId: id,
          })),
        };
      }),
    checkCompatibility: (request, context) =>
      around("CheckCompatibility", context, () =>
        or("Failed to check compatibility", Code.Internal, async () => {
          const schema = await parseSchema(request.schemaType, request.newSchemaDefinition);
          const { mode } = schemas.subject(request.subject);
          const newest = schemas.latest(request.subject).schema;
          // A mode that nobody knows is none at all.
          const errors = incompatibilities(newest, schema, modeOf(request.compatibilityMode ?? "") ?? mode);
          return { isCompatible: errors.length === 0, errors };
        }),
      ),
    deleteSchemaVersion: ({ subject, version }, context) =>
      around("DeleteSchemaVersion", context, () => {
        // Answered in the same way when there is nothing to delete.
        schemas.deleteVersion(subject, version);
        return { success: true, message: `Deleted version ${version} for subject ${subject}` };
      }),
    setCompatibilityMode: ({ subject, compatibilityMode }, context) =>
      around("SetCompatibilityMode", context, () => {
        const mode = modeOf(compatibilityMode);
        if (mode === undefined) {
          throw new ConnectError(`Invalid compatibility mode: ${compatibilityMode}`, Code.InvalidArgument);
        }
        return or("Failed to set compatibility mode", Code.Internal, async () => {
          schemas.setMode(subject, mode);
          return { success: true, message: `Set compatibility mode to ${compatibilityMode} for subject ${subject}` };
        });
      }),
    configureTopicSchema: (request, context) =>
      around("ConfigureTopicSchema", context, async () => {
        const { topicName, schemaSubject: subject, enablePayloadValidation: checksPayload } = request;
        const policy = policyOf(request.validationPolicy);
        const unknown = `Schema subject '${subject}' not found in registry`;
        await or(unknown, Code.NotFound, async () => schemas.subject(subject));
        const { schema, record } = topicHere(topicName);
        await or(`Failed to set schema subject '${subject}'`, Code.Internal, async () => schema.assign(subject));
        schema.setPolicy(policy, checksPayload);
        record.schemaConfig = { subject, policy, checksPayload };
        const settings = `validation policy '${capital(policy)}', payload validation ${onOff(checksPayload)}`;
        return { success: true, message: `Topic '${topicName}' configured with schema '${subject}', ${settings}` };
      }),
    updateTopicValidationPolicy: (request, context) =>
      around("UpdateTopicValidationPolicy", context, () => {
        const { topicName, enablePayloadValidation: checksPayload } = request;
        const policy = policyOf(request.validationPolicy);
        const { schema, record } = topicHere(topicName);
        // It holds from here on, also when the answer is an error.
        schema.setPolicy(policy, checksPayload);
        const { subject } = schema;
        if (subject === undefined) {
          throw new ConnectError(
            `Topic '${topicName}' has no schema subject configured. Use ConfigureTopicSchema first.`,
            Code.FailedPrecondition,
          );
        }
        record.schemaConfig = { subject, policy, checksPayload };
        const message = `Validation policy updated to '${capital(policy)}', payload validation ${onOff(checksPayload)}`;
        return { success: true, message };
      }),
    getTopicSchemaConfig: ({ topicName }, context) =>
      around("GetTopicSchemaConfig", context, () => {
        const { subject = "", policy, checksPayload } = topicHere(topicName).schema;
        // The id is always 0: brokers look for it in a field that their records do not have.
        return {
          schemaSubject: subject,
          validationPolicy: policy,
          enablePayloadValidation: checksPayload,
          schemaId: 0n,
        };
      }),
    listSubjects: (_request, context) =>
      around("ListSubjects", context, () => ({ subjects: schemas.subjects().map(summary) })),
  });
}

function answer({ id, mode }: Subject, subject: string, { schema, ...version }: SchemaVersion) {
  return {
    ...version,
    schemaId: id,
    subject,
    schemaType: schema.type,
    schemaDefinition: new TextEncoder().encode(JSON.stringify(schema.definition)),
    fingerprint: schema.fingerprint,
    compatibilityMode: mode,
  };
}

function summary({ id, name, versions, mode }: Subject) {
  const { schema, version, tags } = versions.at(-1) as SchemaVersion;
  return {
    subject: name,
    schemaType: schema.type,
    latestVersion: version,
    compatibilityMode: mode,
    schemaId: id,
    tags,
  };
}

function policyOf(word: string): ValidationPolicy {
  const policy = word.toLowerCase();
  if (policy !== "none" && policy !== "warn" && policy !== "enforce") {
    throw new ConnectError(
      `Invalid validation policy: '${word}'. Must be 'none', 'warn', or 'enforce'`,
      Code.InvalidArgument,
    );
  }
  return policy;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function onOff(on: boolean): string {
  return on ? "enabled" : "disabled";
}

/** What `work` gives, or this status and the reason. */
async function or<T>(what: string, code: Code, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // Not the broker's own words: a package that is missing here.
    throw error instanceof ConnectError ? error : new ConnectError(`${what}: ${(error as Error).message}`, code);
  }
}

/** What `find` gives, or NOT_FOUND without the reason. */
function found<T>(message: string, find: () => T): T {
  try {
    return find();
  } catch {
    throw new ConnectError(message, Code.NotFound);
  }
}
