import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import {
  type GetSchemaResponse,
  type RegisterSchemaResponse,
  SchemaRegistry as Service,
} from "../../gen/danube_schema/schema_registry_pb.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { judge, type RegistryCall } from "../cluster/error-table.ts";
import { recover } from "../cluster/recovery.ts";
import { directly } from "../cluster/transports.ts";
import type { DanubeError } from "../errors.ts";
import { isUnknownCall } from "../protocol/foreign.ts";
import { CallFailure } from "../transport/seam.ts";
import { unwrapDefinition } from "./definitions.ts";
import type { SchemaType } from "./schema.ts";

/**
 * Which new versions a subject takes, against its newest one. `"backward"`: those that read what the old one wrote.
 * `"forward"`: those whose messages the old one reads. `"full"`: both. `"none"`: any. What that means the broker
 * decides, and those up to 0.15.1 look at little: docs/brokers.md tells at what.
 */
export type Compatibility = "none" | "backward" | "forward" | "full";

/** A version of a subject. */
export interface RegisteredSchema {
  /** The subject. */
  subject: string;
  /** The subject's number, the same for all its versions: what messages are marked with, beside the version. */
  schemaId: bigint;
  /** From 1. */
  version: number;
  /** The kind of definition. */
  type: SchemaType;
  /** What was registered; `""` for the types that have no definition. */
  definition: string;
  /** For people. */
  description: string;
  /** When this version was registered by the broker's clock, in milliseconds since 1970, to the second. */
  createdAtMs: number;
  /** Who registered it, by their own word. */
  createdBy: string;
  /** For people. */
  tags: string[];
  /** Equal definitions have equal ones. */
  fingerprint: string;
  /** The subject's. */
  compatibility: Compatibility;
}

/** What came of a registration. */
export interface Registration {
  /** The subject's number. */
  schemaId: bigint;
  /** The version that has this definition. */
  version: number;
  /** `false`: the subject had it already. */
  isNewVersion: boolean;
  /** Equal definitions have equal ones. */
  fingerprint: string;
}

/** A definition, as it is registered. */
export interface Definition {
  type: SchemaType;
  definition: string;
}

/** How a registration is described, for people. */
export interface RegistrationNotes {
  description: string;
  createdBy: string;
  tags: readonly string[];
}

/** Calls to the registry, which every broker answers; all end with `signal`, and reject with `DanubeError`. */
export interface Registry {
  register(subject: string, what: Definition, notes: RegistrationNotes, signal: AbortSignal): Promise<Registration>;
  get(schemaId: bigint, version: number | undefined, signal: AbortSignal): Promise<RegisteredSchema>;
  latest(subject: string, signal: AbortSignal): Promise<RegisteredSchema>;
  /** Why the latest call about `subject` has not succeeded yet. */
  trouble(subject: string): DanubeError | undefined;
  /** Any other call that every broker answers, about `subject`. */
  call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    subject: string,
    signal: AbortSignal,
  ): Promise<MessageShape<O>>;
}

/** Asks the seeds, in turn: each has the whole registry. Does no I/O yet. */
export function createRegistry(cluster: Cluster): Registry {
  const { seeds, connections, events, backoff, attemptTimeoutMs: timeoutMs } = cluster;

  const troubles = new Map<string, DanubeError>();

  const call: Registry["call"] = async (method, request, subject, signal) => {
    const ask = (url: string) => connections.unary(directly(url), method, request, { timeoutMs, signal });
    const verdict = (reason: unknown) => judge(method.name as RegistryCall, reason, subject);
    // Every broker has the whole registry: what is final at one is so at the others, "not found" included. Only in an
    // upgrade some have none.
    const isAnswer = (reason: unknown) =>
      isSaid(reason) && verdict(reason).action === "fail" && !(reason instanceof CallFailure && isUnknownCall(reason));
    try {
      return await recover(() => seeds.ask(ask, isAnswer), {
        backoff,
        events,
        topic: subject,
        signal,
        judge: verdict,
        onRetry: (error) => troubles.set(subject, error),
      });
    } finally {
      troubles.delete(subject);
    }
  };

  return {
    call,
    trouble: (subject) => troubles.get(subject),
    async register(subject, { type, definition }, notes, signal) {
      const schemaDefinition = encoder.encode(definition);
      const request = { subject, schemaType: type, schemaDefinition, ...notes, tags: [...notes.tags] };
      return toRegistration(await call(Service.method.registerSchema, request, subject, signal));
    },
    async get(schemaId, version, signal) {
      const request = { schemaId, ...(version !== undefined && { version }) };
      const what = version === undefined ? `schema ${schemaId}` : `version ${version} of schema ${schemaId}`;
      return toRegistered(await call(Service.method.getSchema, request, what, signal));
    },
    latest: async (subject, signal) =>
      toRegistered(await call(Service.method.getLatestSchema, { subject }, subject, signal)),
  };
}

/** Said by a broker, or by the client itself; not what became of a connection. */
function isSaid(reason: unknown): boolean {
  return !(reason instanceof CallFailure) || reason.kind === "status" || reason.kind === "aborted";
}

const encoder = new TextEncoder();

function toRegistration({ schemaId, version, isNewVersion, fingerprint }: RegisterSchemaResponse): Registration {
  return { schemaId, version, isNewVersion, fingerprint };
}

function toRegistered(answer: GetSchemaResponse): RegisteredSchema {
  const { subject, schemaId, version, description, createdBy, tags, fingerprint } = answer;
  return {
    subject,
    schemaId,
    version,
    type: answer.schemaType as SchemaType,
    definition: unwrapDefinition(answer.schemaDefinition),
    description,
    createdAtMs: Number(answer.createdAt) * 1_000,
    createdBy,
    tags: [...tags],
    fingerprint,
    compatibility: answer.compatibilityMode as Compatibility,
  };
}
