import { createCluster } from "./cluster/cluster.ts";
import { firstAnswer } from "./cluster/ready.ts";
import type { ConnectionStatus } from "./cluster/transports.ts";
import { closedError, DanubeError } from "./errors.ts";
import type { DanubeEvent, WarningEvent } from "./events.ts";
import { createDeadlines } from "./lib/deadlines.ts";
import { type ConnectOptions, resolveOptions } from "./options.ts";
import { createAccessControl } from "./producer/access.ts";
import { createProducer, type OwnedProducer } from "./producer/create-producer.ts";
import type { Entry } from "./producer/entry.ts";
import type { Payload } from "./producer/message.ts";
import {
  type CloseOptions,
  checkCloseOptions,
  type ProducerOptions,
  resolveProducerOptions,
} from "./producer/options.ts";
import type { Producer, ProducerStatus } from "./producer/producer.ts";
import { createDialects } from "./protocol/dialects.ts";
import type { Generation } from "./protocol/generation.ts";
import { createProducerLanguages } from "./protocol/producer-language.ts";
import { createProtocol } from "./protocol/protocol.ts";
import { createSchemas } from "./schema/create-schemas.ts";
import { createRegistry } from "./schema/registry.ts";
import { createSchemaResolver } from "./schema/resolve.ts";
import type { Schema } from "./schema/schema.ts";
import type { Schemas } from "./schema/schemas.ts";
import { selectTransport, type TransportTable } from "./transport/select.ts";

/** A client of one Danube cluster. Every member is a closure and may be taken out of the object. */
export interface Danube {
  /**
   * Creates a producer on the topic's owner (TopicLookup, CreateProducer), and the topic when it does not exist.
   * Resolves once the producer is there; waits for brokers that are away, up to `createTimeoutMs`.
   *
   * Rejects with a {@link DanubeError}: `TIMEOUT` with the last failure as its `cause`, or what the broker has
   * against it (`NAMESPACE_NOT_FOUND`, `TOPIC_CONFLICT`, `DISPATCH_MISMATCH`, `PRODUCER_LIMIT`, …) or the registry
   * (`SCHEMA_NOT_FOUND`, `SCHEMA_MISMATCH`, `SCHEMA_INCOMPATIBLE`). Wrong options are `TypeError`.
   */
  createProducer<T>(options: ProducerOptions<T> & { schema: Schema<T, unknown> }): Promise<Producer<T>>;
  /** The same without a schema: `send` takes bytes and strings. */
  createProducer<T extends Payload = Payload>(options: ProducerOptions<T>): Promise<Producer<T>>;
  /** The schema registry. */
  readonly schemas: Schemas;
  /**
   * Resolves when one of the seeds answers as a Danube broker (HealthCheck); asks each once. Rejects with
   * `UNAVAILABLE`, `PROTOCOL` or `UNAUTHENTICATED` and each seed's reason when none does.
   */
  ready(): Promise<void>;
  /** What the client knows at this moment. A copy. */
  status(): DanubeStatus;
  /**
   * Closes the producers as `Producer.close` does, then the connections. May be called again; rejects only with a
   * `TypeError` for wrong options.
   */
  close(options?: CloseOptions): Promise<void>;
  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a client knows, as data. */
export interface DanubeStatus {
  /** `"closing"` from the call of `close()` on. */
  state: "open" | "closing" | "closed";
  /** The generation that the brokers are believed to be of: the newest, until one of them shows otherwise. */
  protocol: Generation;
  /** The connections that are open or being opened. */
  connections: ConnectionStatus[];
  /** The topics whose owners are known. */
  owners: { topic: string; url: string; brokerUrl: string }[];
  /** The producers that are not closed. */
  producers: ProducerStatus[];
  /** Since the client was made. */
  counters: {
    /** Lookups of a topic's owner; one may take several calls. */
    lookups: number;
    /** Transports made. */
    transports: number;
    /** Connections that failed after they had answered, and were replaced. */
    disconnected: number;
    /** Owners found: events "owner-found". */
    ownersFound: number;
    /** What was known of an owner turned out wrong: events "owner-lost". */
    ownersLost: number;
    /** Calls made again after a failure that passes. */
    retries: number;
    /** Topics (and partitions) served again after failures. */
    recoveries: number;
    /** Messages that brokers have accepted. */
    messagesAcknowledged: bigint;
    /** Messages whose `send` was rejected after they were taken. */
    messagesFailed: bigint;
  };
  /** What deserves attention, each once. */
  warnings: WarningEvent[];
  /** The newest 100 events, oldest first. */
  events: DanubeEvent[];
}

/**
 * Makes a client, over the transports of an entry point: each has a `connect` that does just this. Throws `TypeError` for
 * wrong options, and for those that no transport there can honour.
 */
export function createClient(options: ConnectOptions | string, transports: TransportTable): Danube {
  const resolved = resolveOptions(options);
  const { seeds, attemptTimeoutMs, maxMessageBytes } = resolved;
  const cluster = createCluster(resolved, selectTransport(resolved, transports));
  const { ownership, connections, events } = cluster;
  const registry = createRegistry(cluster);
  const resolver = createSchemaResolver(registry, events, cluster.sweeper);
  const dialects = createDialects({ connections, events, registry, resolver });
  const protocol = createProtocol({ dialects, told: resolved.protocol, connections, events, attemptTimeoutMs });
  const languageOf = createProducerLanguages(protocol);
  const producers = new Set<Pick<OwnedProducer, "status"> & { close: Producer["close"] }>();
  const access = createAccessControl();
  const deadlines = createDeadlines<Entry>((entry) => entry.keeper.expired(entry));
  const closing = new AbortController();
  let past = { acknowledged: 0n, failed: 0n };
  let closed: Promise<void> | undefined;
  let state: DanubeStatus["state"] = "open";

  // What it is called with is what Danube.createProducer says.
  async function create<T>(producerOptions: ProducerOptions<T>): Promise<Producer<T>> {
    const wanted = resolveProducerOptions(producerOptions, resolved);
    if (closed) {
      throw closedError("the client");
    }
    const leave = access.enter(wanted.topic, wanted.access);
    const context = { cluster, languageOf, maxMessageBytes, deadlines };
    const owned = await createProducer<T>(context, wanted, closing.signal).catch((error) => {
      leave();
      throw error;
    });
    if (closed) {
      // Closed while the last step was under way.
      void owned.producer.close({ timeoutMs: 0 });
      throw closedError("the client");
    }
    const { status } = owned;
    const entry = { status, close: owned.producer.close };
    producers.add(entry);
    owned.onClosed(() => {
      leave();
      producers.delete(entry);
      const { acknowledged, failed } = status();
      past = { acknowledged: past.acknowledged + acknowledged, failed: past.failed + failed };
    });
    return owned.producer;
  }

  async function shutDown(): Promise<void> {
    state = "closing";
    closing.abort();
    await Promise.all([...producers].map((producer) => producer.close()));
    connections.close();
    deadlines.close();
    cluster.sweeper.close();
    state = "closed";
  }

  async function close(closeOptions: CloseOptions = {}): Promise<void> {
    checkCloseOptions(closeOptions);
    closed ??= shutDown();
    for (const producer of producers) {
      void producer.close(closeOptions);
    }
    await closed;
  }

  return {
    createProducer: create,
    schemas: createSchemas({
      cluster,
      protocol,
      registry,
      resolver,
      timeoutMs: resolved.createTimeoutMs,
      whenClosed: closing.signal,
    }),
    ready: async () => {
      if (closed) {
        throw closedError("the client");
      }
      await firstAnswer(seeds, connections, attemptTimeoutMs, closing.signal).catch((error) => {
        throw closed ? closedError("the client") : error;
      });
    },
    status() {
      const running = [...producers].map(({ status }) => status());
      return {
        state,
        protocol: protocol.generation(),
        connections: connections.status(),
        owners: ownership.status().map(({ topic, target, brokerUrl }) => ({ topic, url: target.url, brokerUrl })),
        producers: running,
        counters: {
          lookups: ownership.lookups(),
          transports: connections.opened(),
          disconnected: events.count("disconnected"),
          ownersFound: events.count("owner-found"),
          ownersLost: events.count("owner-lost"),
          retries: events.count("retrying"),
          recoveries: events.count("recovered"),
          messagesAcknowledged: running.reduce((sum, producer) => sum + producer.acknowledged, past.acknowledged),
          messagesFailed: running.reduce((sum, producer) => sum + producer.failed, past.failed),
        },
        warnings: events.warnings(),
        events: events.recent(),
      };
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}
