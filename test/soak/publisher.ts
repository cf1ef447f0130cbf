import type { Danube, DanubeError, DanubeEvent, Producer, ProducerOptions } from "@danube-messaging/client";
import { sleep } from "../../src/lib/sleep.ts";
import type { Random } from "../unit/support/random.ts";
import { type Account, Ledger } from "./ledger.ts";
import type { Watch, World } from "./world.ts";

/** A way to publish, and how its sends may fail while brokers have troubles. */
export interface Manner {
  readonly name: string;
  readonly options: Omit<ProducerOptions, "topic">;
  /** Now and then a message is given up. */
  readonly aborts?: boolean;
  mayFail(error: DanubeError): boolean;
}

const patient = { sendTimeoutMs: 90_000, mayFail: () => false };
const { sendTimeoutMs, mayFail } = patient;

/** Every order and both dispatches, and what is allowed to fail. */
export const manners: readonly Manner[] = [
  { name: "ordered", options: { dispatch: "reliable", sendTimeoutMs }, mayFail },
  { name: "keyed", options: { dispatch: "reliable", order: "key", partitions: 3, sendTimeoutMs }, mayFail },
  { name: "parallel", options: { dispatch: "reliable", order: "none", sendTimeoutMs }, mayFail },
  { name: "partitioned", options: { dispatch: "reliable", partitions: 2, sendTimeoutMs }, mayFail },
  {
    name: "once",
    options: { dispatch: "reliable", order: "none", resend: "never", sendTimeoutMs },
    mayFail: ({ code, outcome }) => code === "UNAVAILABLE" && outcome === "unknown",
  },
  {
    name: "hasty",
    options: { dispatch: "reliable", sendTimeoutMs: 400 },
    aborts: true,
    mayFail: ({ code }) => code === "TIMEOUT" || code === "CANCELED" || code === "QUEUE_FULL",
  },
];

/** A producer that publishes numbered messages, and the account of them. */
export interface Publisher {
  readonly topic: string;
  /** The topic, or its partitions. */
  readonly topics: readonly string[];
  note(event: DanubeEvent): void;
  /** Begins to receive. */
  watch(): Promise<void>;
  /** Publishes until `over`. */
  run(over: AbortSignal): Promise<void>;
  /** Everything settled and, as far as it comes, received; at most after `limitMs`. */
  account(limitMs: number): Promise<Account>;
  close(): Promise<void>;
}

export async function startPublisher(
  { danube, world, random }: { danube: Danube; world: World; random: Random },
  topic: string,
  manner: Manner,
): Promise<Publisher> {
  const { options, aborts } = manner;
  const ledger = new Ledger({ order: options.order ?? "partition", resend: options.resend ?? "always" });
  const producer: Producer = await danube.createProducer({ topic, createTimeoutMs: 90_000, ...options });
  const topics = options.partitions
    ? Array.from({ length: options.partitions }, (_, i) => `${topic}-part-${i}`)
    : [topic];
  const wrong: string[] = [];
  let watching: Watch | undefined;

  async function send(): Promise<void> {
    const key = random.below(4) === 0 ? undefined : `key-${random.below(5)}`;
    const aborting = aborts && random.below(20) === 0 ? new AbortController() : undefined;
    const sending = producer.send(ledger.next(), { ...(key && { key }), ...(aborting && { signal: aborting.signal }) });
    if (aborting) {
      setTimeout(() => aborting.abort(), random.below(30));
    }
    sending.catch((error: DanubeError) => {
      if (!manner.mayFail(error)) {
        wrong.push(`a send failed: ${error.code}, ${error.outcome}: ${error.message}`);
      }
    });
    void ledger.follow(sending, key);
  }

  return {
    topic,
    topics,
    note(event) {
      if ("topic" in event && topics.includes(event.topic)) {
        ledger.note(event);
      }
    },
    async watch() {
      watching = await world.watch(topics);
    },
    async run(over) {
      const { maxAhead = Number.POSITIVE_INFINITY } = world;
      while (!over.aborted) {
        await producer.ready();
        for (let burst = random.below(8); burst >= 0 && !over.aborted; burst--) {
          void send();
        }
        await sleep(random.below(30));
        while (!over.aborted && ledger.count() - (watching?.received().length ?? 0) > maxAhead) {
          await sleep(5);
        }
      }
    },
    async account(limitMs) {
      const limit = Date.now() + limitMs;
      const flushed = new AbortController();
      await Promise.race([producer.flush().then(() => flushed.abort()), sleep(limitMs, flushed.signal)]);
      if (!flushed.signal.aborted) {
        wrong.push(`not settled after ${limitMs} ms`);
      }
      let logged: number | undefined;
      const account = () => ledger.account(watching?.received() ?? [], logged);
      // What was acknowledged may still be on its way to the consumer.
      for (let waits = 1; account().lost.length > 0 && Date.now() < limit; waits++) {
        await sleep(100);
        if (world.stalls && waits % 20 === 0) {
          void send();
        }
      }
      if (account().lost.length > 0) {
        logged = await watching?.logged?.(() => void send()).catch(() => undefined);
        await producer.flush();
      }
      const result = account();
      return { ...result, wrong: [...wrong, ...result.wrong] };
    },
    async close() {
      await watching?.close();
      await producer.close({ timeoutMs: 0 });
    },
  };
}
