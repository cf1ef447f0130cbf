import { SchemaRegistry as Service } from "../../gen/danube_schema/schema_registry_pb.ts";
import { isDanubeError } from "../errors.ts";
import { sleep } from "../lib/sleep.ts";
import type { Compatibility, Definition, Registration, RegistrationNotes, Registry } from "./registry.ts";

// What a broker is told goes to the leader of the cluster, and it answers questions from its own copy of the
// records, which is a moment behind: up to 130 ms were seen. So that a program reads what it has written, each of these
// resolves when the broker that is asked shows it.

export interface RegistryWrites {
  register(subject: string, what: Definition, notes: RegistrationNotes, signal: AbortSignal): Promise<Registration>;
  setCompatibility(subject: string, compatibility: Compatibility, signal: AbortSignal): Promise<void>;
  delete(subject: string, version: number, signal: AbortSignal): Promise<void>;
}

const pollMs = 20;
/** Another program may have changed it again: nothing is waited for that never comes. */
const patienceMs = 2_000;

export function createRegistryWrites(registry: Registry): RegistryWrites {
  const { method } = Service;
  return {
    async register(subject, what, notes, signal) {
      const registration = await registry.register(subject, what, notes, signal);
      const { schemaId, version, isNewVersion } = registration;
      if (isNewVersion) {
        await untilSeen(() => exists(registry.get(schemaId, version, signal)), signal);
      }
      return registration;
    },
    async setCompatibility(subject, compatibilityMode, signal) {
      await registry.call(method.setCompatibilityMode, { subject, compatibilityMode }, subject, signal);
      const isSet = async () => (await registry.latest(subject, signal)).compatibility === compatibilityMode;
      await untilSeen(isSet, signal);
    },
    async delete(subject, version, signal) {
      await registry.call(method.deleteSchemaVersion, { subject, version }, subject, signal);
      const isGone = async () => {
        const { versions } = await registry.call(method.listVersions, { subject }, subject, signal);
        return versions.every((one) => one.version !== version);
      };
      // Brokers delete what does not exist, too: listing that fails, and nothing is waited for.
      await untilSeen(isGone, signal);
    },
  };
}

/** What was written is written, whatever becomes of the questions after it. */
async function untilSeen(seen: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  const until = Date.now() + patienceMs;
  const enough = () => seen().catch(() => true);
  while (!signal.aborted && !(await enough()) && Date.now() < until) {
    await sleep(pollMs, signal);
  }
}

function exists(found: Promise<unknown>): Promise<boolean> {
  return found.then(
    () => true,
    (error: unknown) => {
      if (!isDanubeError(error) || error.code !== "SCHEMA_NOT_FOUND") {
        throw error;
      }
      return false;
    },
  );
}
