import { DanubeError } from "../errors.ts";
import type { Access } from "./attachment.ts";

/** Who publishes to which topic within one client. */
export interface AccessControl {
  /**
   * Lets a producer in, or throws `EXCLUSIVE_PRODUCER`: beside an exclusive producer there is no other, and beside
   * others no exclusive one. Gives a function that lets it out.
   */
  enter(topic: string, access: Access): () => void;
}

/** Brokers up to 0.15.1 do not enforce exclusive access; what one client does is known without them. */
export function createAccessControl(): AccessControl {
  const producers = new Map<string, { access: Access; count: number }>();
  return {
    enter(topic, access) {
      const here = producers.get(topic);
      if (here && (here.access === "exclusive" || access === "exclusive")) {
        const what = here.access === "exclusive" ? "an exclusive producer" : "other producers";
        throw new DanubeError("EXCLUSIVE_PRODUCER", `${topic} has ${what} in this client already`);
      }
      const entry = here ?? { access, count: 0 };
      entry.count++;
      producers.set(topic, entry);
      let inside = true;
      return () => {
        if (inside && --entry.count === 0) {
          producers.delete(topic);
        }
        inside = false;
      };
    },
  };
}
