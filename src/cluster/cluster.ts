import { createEventLog, type EventLog } from "../events.ts";
import type { Backoff } from "../lib/backoff.ts";
import { createSweeper, type Sweeper } from "../lib/sweeper.ts";
import type { ResolvedOptions } from "../options.ts";
import { apiKeyTokens } from "../protocol/api-key.ts";
import { createTokenForm } from "../protocol/token-form.ts";
import type { CreateTransport } from "../transport/seam.ts";
import { type Connections, createConnections } from "./connections.ts";
import { type Creations, createCreations } from "./creations.ts";
import { createCredentials, type Tokens, tokensOf } from "./credentials.ts";
import { createLookup } from "./lookup.ts";
import { createOwnership, type Ownership } from "./ownership.ts";
import { createShapeLookup, type TopicShape } from "./partitions.ts";
import { createSeeds, type Seeds } from "./seeds.ts";

/** What a client has of its cluster: who owns what, and the way there. */
export interface Cluster {
  /** The brokers that are asked what any broker knows. */
  readonly seeds: Seeds;
  readonly ownership: Ownership;
  /** How a topic exists, by the seeds' word. Rejects with `CallFailure`. */
  shape(topic: string, signal: AbortSignal): Promise<TopicShape>;
  readonly creations: Creations;
  readonly connections: Connections;
  readonly events: EventLog;
  /** Tidies up after what is no longer used. */
  readonly sweeper: Sweeper;
  readonly backoff: Backoff;
  readonly attemptTimeoutMs: number;
}

/** How often what is unused is looked for, in milliseconds. */
const sweepMs = 60_000;

/** Puts the parts together. Does no I/O. */
export function createCluster(options: ResolvedOptions, createTransport: CreateTransport): Cluster {
  const seeds = createSeeds(options.seeds);
  const { tls, interceptors, backoff, attemptTimeoutMs } = options;
  const events = createEventLog(options.onEvent);
  const sweeper = createSweeper(sweepMs);
  const connections: Connections = createConnections({
    createTransport,
    transportOptions: { tls, interceptors },
    credentials: createCredentials(tokens(), {
      ...options,
      // Brokers that give tokens for API keys want them alone.
      form: createTokenForm({ alone: options.apiKey !== undefined }),
    }),
    events,
    sweeper,
    // Where calls have less time than an attempt may take, none comes to tell that it was late.
    silentMs: attemptTimeoutMs,
  });
  function tokens(): Tokens | undefined {
    const { token, apiKey } = options;
    if (apiKey !== undefined) {
      // Asked for over the connections that they are for.
      return (abandoned) => apiKeyTokens(apiKey, { seeds, connections, attemptTimeoutMs })(abandoned);
    }
    return token === undefined ? undefined : tokensOf(token);
  }
  const ownership = createOwnership(createLookup({ ...options, seeds, connections, events }), events, sweeper);
  const shape = createShapeLookup({ ...options, seeds, connections });
  return {
    seeds,
    ownership,
    shape,
    creations: createCreations(),
    connections,
    events,
    sweeper,
    backoff,
    attemptTimeoutMs,
  };
}
