import type { DanubeError } from "../errors.ts";
import type { EventLog } from "../events.ts";
import { singleFlight } from "../lib/single-flight.ts";
import type { Target } from "./transports.ts";

/** The broker that serves a topic. */
export interface Owner {
  readonly topic: string;
  /** Where its calls go. */
  readonly target: Target;
  /** What it calls itself: goes into the id of every message. */
  readonly brokerUrl: string;
  /**
   * `false` while no broker is known to serve the topic: it does not exist, or has no owner at the moment. The
   * target is then a seed, which can create it.
   */
  readonly assigned: boolean;
}

/** Asks the cluster which broker serves a topic. Rejects with `CallFailure`. */
export type Lookup = (topic: string, signal: AbortSignal) => Promise<Owner>;

/** What is known about which broker serves which topic. */
export interface Ownership {
  /**
   * The owner, from the cache or by a lookup; one lookup at a time per topic, however many ask.
   *
   * The cache is trusted for a second: a broker that has lost the topic would take a new producer, and with it the topic,
   * if it serves one whose name begins alike (see redirects.ts).
   */
  owner(topic: string, signal?: AbortSignal): Promise<Owner>;
  /** The broker of an unassigned topic took the topic: it is the owner. Gives the owner to go on with. */
  confirm(owner: Owner): Owner;
  /** `owner` turned out wrong. Does nothing when another one is known by now. */
  forget(owner: Owner, because: DanubeError): void;
  status(): Owner[];
  /** Lookups made so far; one may take several calls. */
  lookups(): number;
}

const trustMs = 1_000;

export function createOwnership(lookup: Lookup, events: EventLog): Ownership {
  const owners = new Map<string, Owner>();
  // When each was found, in milliseconds since 1970.
  const foundAt = new Map<string, number>();
  const flights = singleFlight<string, Owner>();
  // How often each topic's owner was forgotten: an answer that was asked for before that is not kept.
  const forgotten = new Map<string, number>();
  let lookups = 0;

  async function find(topic: string, abandoned: AbortSignal): Promise<Owner> {
    lookups++;
    const before = forgotten.get(topic);
    const owner = await lookup(topic, abandoned);
    abandoned.throwIfAborted();
    // Without an owner there is nothing to remember: the next call creates the topic, and asks again.
    return owner.assigned && forgotten.get(topic) === before ? remember(owner) : owner;
  }

  function remember(owner: Owner): Owner {
    foundAt.set(owner.topic, Date.now());
    const known = owners.get(owner.topic);
    if (known && sameOwner(known, owner)) {
      return known;
    }
    owners.set(owner.topic, owner);
    events.emit({ type: "owner-found", topic: owner.topic, url: owner.target.url, brokerUrl: owner.brokerUrl });
    return owner;
  }

  return {
    async owner(topic, signal) {
      const known = owners.get(topic);
      const fresh = Date.now() - (foundAt.get(topic) ?? 0) < trustMs;
      return known && fresh ? known : flights(topic, (abandoned) => find(topic, abandoned), signal);
    },
    confirm(owner) {
      const confirmed = owner.assigned ? owner : { ...owner, assigned: true };
      return owners.has(owner.topic) ? confirmed : remember(confirmed);
    },
    forget(owner, because) {
      if (owners.get(owner.topic) === owner) {
        owners.delete(owner.topic);
        foundAt.delete(owner.topic);
        forgotten.set(owner.topic, (forgotten.get(owner.topic) ?? 0) + 1);
        events.emit({ type: "owner-lost", topic: owner.topic, url: owner.target.url, error: because });
      }
    },
    status: () => [...owners.values()],
    lookups: () => lookups,
  };
}

function sameOwner(a: Owner, b: Owner): boolean {
  return a.target.url === b.target.url && a.target.behindProxy === b.target.behindProxy && a.brokerUrl === b.brokerUrl;
}
