import { type BrokerOptions, type EmbeddedBroker, startBroker } from "@danube-messaging/client/testing";
import type { Received } from "./ledger.ts";
import { type Relay, startRelay } from "./relay.ts";

/** Brokers, the ways to them, and what can be done to both. */
export interface World {
  /** The ways to the brokers, in their order. */
  readonly relays: readonly Relay[];
  /** Where clients connect, over the relays. */
  readonly urls: string[];
  /** For `connect()`: an advertised address, over its relay. */
  mapBrokerUrl(url: string): string;
  /** Ends a broker as `kill -9` does; left out where there is nobody to start it again. */
  kill?(i: number): Promise<void>;
  restart?(i: number): Promise<void>;
  /** Stops a broker's process with everything that it is doing (SIGSTOP), and lets it go on. */
  stop?(i: number): void;
  resume?(i: number): void;
  /** Gives a reliable topic (or partition) to another broker. */
  unload(topic: string): Promise<void>;
  /** So many messages of a topic may be ahead of its consumer; beyond it this broker loses them. Default: any number. */
  readonly maxAhead?: number | undefined;
  /** Whether a consumer may get the last messages only with the next one. */
  readonly stalls?: boolean | undefined;
  /** What goes wrong at the brokers on demand; left out where they cannot be told to. */
  readonly embedded?: EmbeddedBroker | undefined;
  /** Begins to receive what is published to these topics. They exist. */
  watch(topics: readonly string[]): Promise<Watch>;
  close(): Promise<void>;
}

/** A consumer of some topics. */
export interface Watch {
  /** What came so far. */
  received(): Received[];
  /**
   * How many messages the brokers have in their logs, by the offsets that the next ones get, which `publish` sends. Not before it is
   * asked for, since consumers of its own have to look.
   */
  logged?(publish: () => void): Promise<number>;
  close(): Promise<void>;
}

/** The relays to brokers, and the addresses that lead over them. */
export async function relaysTo(urls: readonly string[]): Promise<Pick<World, "relays" | "urls" | "mapBrokerUrl">> {
  const relays = await Promise.all(urls.map((url) => startRelay(url)));
  const byBroker = new Map(urls.map((url, i) => [url, (relays[i] as Relay).url]));
  return {
    relays,
    urls: relays.map(({ url }) => url),
    mapBrokerUrl: (url) => byBroker.get(url) ?? url,
  };
}

/** Three embedded brokers in this process. What they accepted counts as received. */
export async function embeddedWorld(options: BrokerOptions = {}): Promise<World> {
  const broker = await startBroker({ brokers: 3, failoverMs: 800, loadMs: 20, ...options });
  const way = await relaysTo(broker.urls);
  return {
    ...way,
    embedded: broker,
    kill: (i) => broker.kill(i),
    restart: (i) => broker.restart(i),
    unload: (topic) => broker.unloadTopic(topic),
    watch: async (topics) => ({
      received: () => topics.flatMap((topic) => broker.messages(topic).map(({ text }) => ({ topic, text }))),
      close: async () => {},
    }),
    async close() {
      await broker.close();
      await Promise.all(way.relays.map((relay) => relay.close()));
    },
  };
}
