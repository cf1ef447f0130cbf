import { type CompatibilityMode, incompatibilities, modeName } from "./compatibility.ts";
import type { Schema } from "./definitions.ts";

/** One version of a subject. */
export interface SchemaVersion {
  readonly version: number;
  readonly schema: Schema;
  readonly createdAt: bigint;
  readonly createdBy: string;
  readonly description: string;
  readonly tags: string[];
}

/** A subject's own record, which has all versions once more: what is deleted elsewhere stays here. */
export interface Subject {
  readonly id: bigint;
  readonly name: string;
  readonly versions: readonly SchemaVersion[];
  readonly mode: CompatibilityMode;
}

/** What is told with a schema that is registered. */
export type SchemaNotes = Pick<SchemaVersion, "createdBy" | "description" | "tags">;

/** The schemas of a cluster. What cannot be done is thrown as an Error in the broker's words. */
export interface SchemaStore {
  register(name: string, schema: Schema, notes: SchemaNotes): { id: bigint; version: number; isNew: boolean };
  subject(name: string): Subject;
  latest(name: string): SchemaVersion;
  /** The name of the subject with this id. */
  nameOf(id: bigint): string | undefined;
  version(name: string, version: number): SchemaVersion;
  versions(name: string): SchemaVersion[];
  deleteVersion(name: string, version: number): void;
  setMode(name: string, mode: CompatibilityMode): void;
  subjects(): Subject[];
  /** Topics ask in a way of their own, which does not find names that begin or end with a slash, nor the empty one. */
  isKnownToTopics(name: string): boolean;
}

export function createSchemaStore(): SchemaStore {
  // Under the paths that brokers give them: some names share a path, and versions are found by its beginning.
  const subjects = new Map<string, Subject>();
  const versions = new Map<string, SchemaVersion>();
  const names = new Map<bigint, string>();
  let lastId = 0n;

  function subject(name: string): Subject {
    const found = subjects.get(path(name, "metadata"));
    if (!found) {
      throw new Error(`Schema metadata not found for subject: ${name}`);
    }
    return found;
  }

  const keep = (record: Subject) => subjects.set(path(record.name, "metadata"), record);

  function add(name: string, version: number, schema: Schema, notes: SchemaNotes): SchemaVersion {
    const added = { version, schema, createdAt: BigInt(Math.floor(Date.now() / 1_000)), ...notes };
    versions.set(path(name, "versions", String(version)), added);
    return added;
  }

  return {
    register(name, schema, notes) {
      const known = subjects.get(path(name, "metadata"));
      if (!known) {
        const id = ++lastId;
        keep({ id, name, versions: [add(name, 1, schema, notes)], mode: "backward" });
        names.set(id, name);
        return { id, version: 1, isNew: true };
      }
      const same = known.versions.find((version) => version.schema.fingerprint === schema.fingerprint);
      if (same) {
        return { id: known.id, version: same.version, isNew: false };
      }
      const newest = known.versions.at(-1) as SchemaVersion;
      const errors = incompatibilities(newest.schema, schema, known.mode);
      if (errors.length > 0) {
        throw new Error(
          `Schema is not compatible with subject '${name}' (mode: ${modeName(known.mode)}): ${errors.join("; ")}`,
        );
      }
      const version = newest.version + 1;
      keep({ ...known, versions: [...known.versions, add(name, version, schema, notes)] });
      return { id: known.id, version, isNew: true };
    },
    subject,
    latest: (name) => subject(name).versions.at(-1) as SchemaVersion,
    nameOf: (id) => names.get(id),
    version(name, version) {
      const found = versions.get(path(name, "versions", String(version)));
      if (!found) {
        throw new Error(`Schema version ${version} not found for subject: ${name}`);
      }
      return found;
    },
    versions(name) {
      const beginning = path(name, "versions");
      const keys = [...versions.keys()].filter((key) => key.startsWith(beginning));
      const numbers = keys.map((key) => key.slice(key.lastIndexOf("/") + 1)).sort((a, b) => Number(a) - Number(b));
      return numbers.flatMap((number) => versions.get(path(name, "versions", number)) ?? []);
    },
    deleteVersion(name, version) {
      versions.delete(path(name, "versions", String(version)));
    },
    setMode: (name, mode) => void keep({ ...subject(name), mode }),
    subjects() {
      // A name with a slash in it is taken for what comes before it.
      const first = new Set([...subjects.keys()].map((key) => key.split("/")[2] as string));
      return [...first].flatMap((name) => {
        const found = subjects.get(path(name, "metadata"));
        return found ? [{ ...found, name }] : [];
      });
    },
    isKnownToTopics: (name) => subjects.has(`/schemas/${name}/metadata`),
  };
}

/** How brokers join paths: slashes at the end of a part are dropped, one at its beginning takes the place of theirs. */
function path(...parts: string[]): string {
  let joined = "/schemas";
  for (const part of parts.map((part) => part.replace(/\/+$/, ""))) {
    joined += part === "" || part.startsWith("/") ? part : `/${part}`;
  }
  return joined;
}
