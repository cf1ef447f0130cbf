import type { DanubeError } from "../errors.ts";
import type { EventLog } from "../events.ts";
import { singleFlight } from "../lib/single-flight.ts";
import type { Sweeper } from "../lib/sweeper.ts";
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
  /** The broker itself said that the topic is its own (Connect): no other name can be meant. */
  readonly certain: boolean;
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
  /** Keeps what is known about a topic, until the function that it gives is called. */
  need(topic: string): () => void;
  status(): Owner[];
  /** Lookups made so far; one may take several calls. */
  lookups(): number;
}

const trustMs = 1_000;

/** What is known about a topic. */
interface Known {
  owner: Owner | undefined;
  /** Milliseconds since 1970. */
  foundAt: number;
  /** How often its owner was forgotten: an answer that was asked for before that is not kept. */
  forgotten: number;
  /** Who said that they need it. */
  users: number;
}

export function createOwnership(lookup: Lookup, events: EventLog, sweeper: Sweeper): Ownership {
  const topics = new Map<string, Known>();
  const flights = singleFlight<string, Owner>();
  let lookups = 0;

  function about(topic: string): Known {
    const known = topics.get(topic) ?? { owner: undefined, foundAt: 0, forgotten: 0, users: 0 };
    topics.set(topic, known);
    return known;
  }

  async function find(topic: string, abandoned: AbortSignal): Promise<Owner> {
    lookups++;
    const before = topics.get(topic)?.forgotten;
    const owner = await lookup(topic, abandoned);
    abandoned.throwIfAborted();
    // Without an owner there is nothing to remember: the next call creates the topic, and asks again.
    return owner.assigned && topics.get(topic)?.forgotten === before ? remember(owner) : owner;
  }

  function remember(owner: Owner): Owner {
    const known = about(owner.topic);
    known.foundAt = Date.now();
    if (known.users === 0) {
      sweeper.add(sweep);
    }
    if (known.owner && sameOwner(known.owner, owner)) {
      return known.owner;
    }
    known.owner = owner;
    events.emit({ type: "owner-found", topic: owner.topic, url: owner.target.url, brokerUrl: owner.brokerUrl });
    return owner;
  }

  /** Lets go what nobody needs; what has just been found may be about to be. */
  function sweep(): boolean {
    let waiting = false;
    for (const [topic, { users, foundAt }] of topics) {
      if (users === 0) {
        const old = Date.now() - foundAt >= trustMs && topics.delete(topic);
        waiting ||= !old;
      }
    }
    return !waiting;
  }

  return {
    async owner(topic, signal) {
      const known = topics.get(topic);
      const fresh = known !== undefined && Date.now() - known.foundAt < trustMs;
      return fresh && known.owner ? known.owner : flights(topic, (abandoned) => find(topic, abandoned), signal);
    },
    confirm(owner) {
      const confirmed = owner.assigned ? owner : { ...owner, assigned: true };
      const known = topics.get(owner.topic)?.owner;
      return !known || sameOwner(known, confirmed) ? remember(confirmed) : confirmed;
    },
    forget(owner, because) {
      const known = topics.get(owner.topic);
      if (known?.owner === owner) {
        known.owner = undefined;
        known.foundAt = 0;
        known.forgotten++;
        events.emit({ type: "owner-lost", topic: owner.topic, url: owner.target.url, error: because });
      }
    },
    need(topic) {
      about(topic).users++;
      let needed = true;
      return () => {
        if (needed) {
          needed = false;
          about(topic).users--;
          sweeper.add(sweep);
        }
      };
    },
    status: () => [...topics.values()].flatMap(({ owner }) => owner ?? []),
    lookups: () => lookups,
  };
}

function sameOwner(a: Owner, b: Owner): boolean {
  return a.target.url === b.target.url && a.target.behindProxy === b.target.behindProxy && a.brokerUrl === b.brokerUrl;
}
