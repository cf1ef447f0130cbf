import { create } from "@bufbuild/protobuf";
import { type SchemaReference, SchemaReferenceSchema } from "../../gen/danube/danube_api_pb.ts";
import { DanubeError, type DanubeErrorCode, isDanubeError } from "../errors.ts";
import type { EventLog } from "../events.ts";
import { singleFlight } from "../lib/single-flight.ts";
import { sleep } from "../lib/sleep.ts";
import type { Sweeper } from "../lib/sweeper.ts";
import { sameDefinition } from "./definitions.ts";
import type { RegisteredSchema, Registration, Registry } from "./registry.ts";
import type { Schema, SchemaType } from "./schema.ts";

/** What a producer's messages are marked with, and what its broker is told. */
export interface ResolvedSchema {
  readonly schemaId: bigint;
  readonly version: number;
  readonly reference: SchemaReference;
}

/** Finds out what a producer's schema is in the registry, and registers it where that is asked for. */
export interface SchemaResolver {
  /** Once for however many producers ask at the same time. Gives `undefined` for schemas without a subject. */
  resolve(schema: Schema<never, unknown>, signal: AbortSignal): Promise<ResolvedSchema | undefined>;
  /** The subject changed: what is known about its newest version is forgotten. */
  changed(subject: string): void;
}

/** How long the newest version of a subject is believed to be the newest, in milliseconds. */
const trustMs = 1_000;

/** How often a definition is registered that others write over. */
const maxEvolutions = 8;

/** How often a subject is looked for that was just registered. */
const maxLooks = 20;

/** Who registered a version, where nobody else is named. */
export const defaultCreatedBy = "danube-js";

type Found = Pick<RegisteredSchema, "schemaId" | "version">;
type Named = Schema<never, unknown> & { readonly subject: string };

export function createSchemaResolver(registry: Registry, events: EventLog, sweeper: Sweeper): SchemaResolver {
  const flights = singleFlight<string, ResolvedSchema>();
  const newest = new Map<string, { schema: RegisteredSchema; at: number }>();
  // What a version is does not change; both are kept until the next sweep.
  const pinned = new Map<string, RegisteredSchema>();
  // Counts what this client did to subjects: what was asked for before is not kept, nor shared, after.
  let changes = 0;

  function changed(subject: string): void {
    changes++;
    newest.delete(subject);
    for (const [key, schema] of pinned) {
      if (schema.subject === subject) {
        pinned.delete(key);
      }
    }
  }

  function sweep(): boolean {
    newest.clear();
    pinned.clear();
    return true;
  }

  async function latest(subject: string, signal: AbortSignal): Promise<RegisteredSchema> {
    const known = newest.get(subject);
    if (known && Date.now() - known.at < trustMs) {
      return known.schema;
    }
    const before = changes;
    const schema = await registry.latest(subject, signal);
    if (before === changes) {
      newest.set(subject, { schema, at: Date.now() });
      sweeper.add(sweep);
    }
    return schema;
  }

  async function versionOf(schema: RegisteredSchema, version: number, signal: AbortSignal): Promise<RegisteredSchema> {
    if (version === schema.version) {
      return schema;
    }
    const key = `${schema.schemaId} ${version}`;
    const known = pinned.get(key);
    if (known) {
      return known;
    }
    const before = changes;
    const found = await registry.get(schema.schemaId, version, signal).catch((error: unknown) => {
      throw isDanubeError(error) && error.code === "SCHEMA_NOT_FOUND"
        ? notFound(`${schema.subject} has no version ${version}; its latest is ${schema.version}`, error)
        : error;
    });
    if (before === changes) {
      pinned.set(key, found);
      sweeper.add(sweep);
    }
    return found;
  }

  async function register(schema: Named, signal: AbortSignal): Promise<Registration> {
    const { subject, type = "bytes", definition = emptyDefinitions[type] ?? "" } = schema;
    const notes = { description: "", createdBy: defaultCreatedBy, tags: [] };
    const registration = await registry.register(subject, { type, definition }, notes, signal);
    changed(subject);
    return registration;
  }

  /** Registers the definition as a version, and makes sure that it is one: of two that do so at once one is lost. */
  async function evolve(schema: Named, signal: AbortSignal): Promise<Found> {
    for (let attempt = 1; ; attempt++) {
      const registration = await register(schema, signal);
      const { schemaId, version } = registration;
      if (!registration.isNewVersion || schema.definition === undefined || attempt === maxEvolutions) {
        return registration;
      }
      // Asked by its number, which brokers know a moment later; one that does not know it yet has not lost it.
      // 0.6.0 knows none by its number.
      const kept = await registry.get(schemaId, version, signal).catch(unlessCode("SCHEMA_NOT_FOUND", "UNSUPPORTED"));
      if (!kept || sameDefinition(kept.definition, schema.definition)) {
        return registration;
      }
      await sleep(Math.random() * 50 * attempt, signal);
    }
  }

  /** The subject's newest version, registered where it has none. */
  async function existing(schema: Named, signal: AbortSignal): Promise<RegisteredSchema> {
    try {
      return await latest(schema.subject, signal);
    } catch (error) {
      // Of a subject that is not there, there is no version but the first to be had.
      const wanted = typeof schema.version === "object" ? schema.version.min : schema.version;
      if (schema.register === false || (typeof wanted === "number" && wanted > 1)) {
        throw error;
      }
      unlessCode("SCHEMA_NOT_FOUND")(error);
    }
    // Another one may have been faster, with a definition that ours does not go with; then the subject exists.
    await register(schema, signal).catch(unlessCode("SCHEMA_INCOMPATIBLE"));
    // Asked again: of two that register at once each gets a number, and one of them stays.
    return latestSoon(schema.subject, signal);
  }

  /** The newest version of a subject that was just registered: brokers before 0.8 know of it a moment later. */
  async function latestSoon(subject: string, signal: AbortSignal): Promise<RegisteredSchema> {
    for (let attempt = 1; attempt < maxLooks; attempt++) {
      const found = await latest(subject, signal).catch(unlessCode("SCHEMA_NOT_FOUND"));
      if (found) {
        return found;
      }
      await sleep(10 * attempt, signal);
    }
    return latest(subject, signal);
  }

  async function find(schema: Named, signal: AbortSignal): Promise<Found> {
    const { subject, version, definition, register: registers } = schema;
    let newestOf = await existing(schema, signal);
    checkType(schema, newestOf);
    if (registers === "evolve" && definition !== undefined) {
      const registered = await evolve(schema, signal);
      if (version === undefined) {
        return registered;
      }
      newestOf = await latest(subject, signal);
    }
    if (version === undefined && definition !== undefined) {
      return ownVersion(schema, newestOf, signal);
    }
    if (typeof version === "object" && newestOf.version < version.min) {
      throw notFound(`${subject} has no version from ${version.min} on; its latest is ${newestOf.version}`);
    }
    const found = typeof version === "number" ? await versionOf(newestOf, version, signal) : newestOf;
    if (schema.exact && definition !== undefined && !sameDefinition(found.definition, definition)) {
      throw new DanubeError("SCHEMA_MISMATCH", `version ${found.version} of ${subject} has another definition`);
    }
    return found;
  }

  /** The newest version that says what the schema says. */
  async function ownVersion(schema: Named, newestOf: RegisteredSchema, signal: AbortSignal): Promise<RegisteredSchema> {
    const { subject, definition = "" } = schema;
    for (let version = newestOf.version; version >= 1; version--) {
      // One that was deleted says nothing.
      const candidate = await versionOf(newestOf, version, signal).catch(unlessCode("SCHEMA_NOT_FOUND"));
      if (candidate && sameDefinition(candidate.definition, definition)) {
        return candidate;
      }
    }
    const message = `${subject} exists, and no version of it has the definition that is given here; register: "evolve" adds it`;
    if (schema.exact) {
      throw new DanubeError("SCHEMA_MISMATCH", message);
    }
    events.emit({ type: "warning", code: "SCHEMA_DIFFERS", message });
    return newestOf;
  }

  async function resolve(schema: Named, signal: AbortSignal): Promise<ResolvedSchema> {
    const { schemaId, version } = await find(schema, signal);
    return { schemaId, version, reference: referenceTo(schema, version) };
  }

  const isNamed = (schema: Schema<never, unknown>): schema is Named => schema.subject !== undefined;

  return {
    async resolve(schema, signal) {
      if (!isNamed(schema)) {
        return undefined;
      }
      const { subject, type, definition, version, register: registers, exact } = schema;
      const key = JSON.stringify([changes, subject, type, definition, version, registers, exact]);
      const resolving = flights(key, (abandoned) => resolve(schema, abandoned), signal);
      // Who gives up is told what was in the way.
      return resolving.catch((reason) => {
        throw (signal.aborted && registry.trouble(subject)) || reason;
      });
    },
    changed,
  };
}

/** What is registered for a subject that does not exist by a schema that brings no definition: one that takes all. */
const emptyDefinitions: Partial<Record<SchemaType, string>> = { json_schema: "{}" };

function checkType({ subject, type = "bytes" }: Named, registered: RegisteredSchema): void {
  if (registered.type !== type) {
    throw new DanubeError(
      "SCHEMA_MISMATCH",
      `${subject} is registered as ${registered.type}, and the schema is ${type}`,
    );
  }
}

/** What the broker is told. It takes the subject from it, and shows the rest in its own tools. */
function referenceTo({ subject, version }: Named, found: number): SchemaReference {
  const latest = version === undefined || version === "latest";
  return create(SchemaReferenceSchema, {
    subject,
    versionRef: latest
      ? { case: "useLatest", value: true }
      : typeof version === "number"
        ? { case: "pinnedVersion", value: found }
        : { case: "minVersion", value: version.min },
  });
}

function notFound(message: string, cause?: unknown): DanubeError {
  return new DanubeError("SCHEMA_NOT_FOUND", message, { cause });
}

/** Lets an error with one of these codes be none. */
function unlessCode(...codes: DanubeErrorCode[]): (error: unknown) => undefined {
  return (error) => {
    if (!isDanubeError(error) || !codes.includes(error.code)) {
      throw error;
    }
  };
}
