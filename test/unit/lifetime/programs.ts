import { type ConnectOptions, type Danube, type Producer, type ProducerOptions, text } from "../../../src/index.ts";
import type { LifetimeBrokers, LifetimeOptions } from "../support/lifetime-brokers.ts";

/** What a program has. */
export interface Kit {
  readonly danube: Danube;
  readonly brokers: LifetimeBrokers;
  /** Goes with everything that takes one. */
  readonly signal: AbortSignal;
  /** Notes what becomes of a promise. Gives what it resolves with, and `undefined` when it rejects. */
  did<T>(what: string, promise: Promise<T>): Promise<T | undefined>;
  /** The producer, once there is one. */
  producer?: Producer<string> | undefined;
}

export interface Scenario extends Omit<LifetimeOptions, "later"> {
  name: string;
  /** Uses the client from its beginning to what it wants of it. Does not close it. */
  program(kit: Kit): Promise<void>;
  /** What the client is told, beside where its brokers are. */
  options?: Partial<ConnectOptions>;
  /** A token is asked for by every call, and takes its time. */
  slowToken?: boolean;
  /** By how much more than their own time calls may take that are not answered. */
  slackMs?: number;
}

const topic = "/default/lifetime";
const elsewhere = [topic];

/** Every part of a producer's life: created, in use, flushed, closed. */
function publishes(options: Partial<ProducerOptions<string>> = {}, meanwhile: (kit: Kit) => void = () => {}) {
  return async (kit: Kit): Promise<void> => {
    const { danube, signal, did } = kit;
    kit.producer = await did("createProducer", danube.createProducer<string>({ topic, signal, ...options }));
    const { producer } = kit;
    if (!producer) {
      return;
    }
    await did("the first send", producer.send("0", { signal }));
    const sends = [1, 2, 3].map((n) => did(`send ${n}`, producer.send(String(n), { signal, key: String(n) })));
    meanwhile(kit);
    const ready = did("ready", producer.ready());
    await did("flush", producer.flush());
    await Promise.all([...sends, ready]);
    await did("the last send", producer.send("4", { signal }));
    // Promised room, and closed before it can come for it.
    await Promise.all([did("ready for another", producer.ready()), did("close", producer.close())]);
    kit.producer = undefined;
  };
}

/** The calls that need no producer. */
async function calls({ danube, did }: Kit): Promise<void> {
  const { schemas } = danube;
  await did("ready", danube.ready());
  await did("register", schemas.register("s", { type: "string" }));
  await did("get", schemas.get(1n));
  await did("latest", schemas.latest("s"));
  await did("versions", schemas.versions("s"));
  await did("check", schemas.check("s", { type: "string" }));
  await did("setCompatibility", schemas.setCompatibility("s", "full"));
  await did("delete", schemas.delete("s", 2));
  await did("subjects", schemas.subjects());
  await did("configureTopic", schemas.configureTopic(topic, { subject: "s", policy: "warn" }));
  await did("validationPolicy", schemas.validationPolicy(topic, { policy: "none" }));
  await did("ofTopic", schemas.ofTopic(topic));
  await did("topicConfig", schemas.topicConfig(topic));
}

const killOwner = ({ brokers }: Kit) => brokers.killOwner(topic);

export const producers: readonly Scenario[] = [
  { name: "a new topic", program: publishes() },
  { name: "a topic of another broker, with a schema", elsewhere, program: publishes({ schema: text("s") }) },
  { name: "the first lookup fails", firstLookupFails: true, program: publishes() },
  { name: "the owner dies", elsewhere, program: publishes({}, killOwner) },
  { name: "the owner dies, with many under way", program: publishes({ order: "none" }, killOwner) },
  { name: "a token is awaited", slowToken: true, program: publishes() },
  { name: "a key is exchanged for a token", options: { apiKey: "key" }, program: publishes() },
  { name: "three partitions", program: publishes({ partitions: 3 }) },
  { name: "transports that end nothing", deaf: true, program: publishes({ partitions: 2 }) },
  { name: "transports that end nothing, and a token is awaited", deaf: true, slowToken: true, program: publishes() },
];

export const others: readonly Scenario[] = [
  { name: "ready and the registry", elsewhere, program: calls },
  { name: "ready and the registry, and a token is awaited", elsewhere, slowToken: true, program: calls },
  { name: "ready and the registry of 0.4, which has none", elsewhere, options: { protocol: "0.4" }, program: calls },
  // It gives each of two seeds a second more than its time.
  {
    name: "ready and the registry, over transports that end nothing",
    elsewhere,
    deaf: true,
    slackMs: 2_000,
    program: calls,
  },
];
