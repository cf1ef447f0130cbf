import { type ConnectOptions, connect, type Danube, type TransportName } from "@danube-messaging/client";
import { openReader, type Reader } from "@danube-messaging/client/testing";
import { type Feature, has, type Version } from "../../src/protocol/features.ts";

/** The brokers that the suite runs against. */
export interface World {
  /** The seeds. */
  urls: string[];
  /** Every broker itself: the seeds, but where those are a proxy. */
  brokerUrls: string[];
  /** Whether it is ours or Danube's own. */
  broker: "embedded" | "real";
  /** How calls are carried. */
  transport: TransportName;
}

/** What a case gets: the brokers, names of its own, and things that are closed when it ends. */
export interface CaseContext extends World {
  connect(options?: Partial<ConnectOptions>): Danube;
  /** A topic that nobody else uses; names of one case begin alike only where it asks for it. */
  topic(label?: string): string;
  /** A schema subject that nobody else uses. */
  subject(label?: string): string;
  /** Reads `topic` from now on. The topic must exist. Readers of different subscriptions get every message each. */
  read(topic: string, subscription?: string): Promise<Reader>;
  /** Reads every partition of `topic`, as {@link read} does. */
  readPartitions(topic: string, partitions: number, subscription?: string): Promise<Reader[]>;
}

/** One thing that a user relies on. Throws when it does not hold. */
export interface Case {
  name: string;
  /** What brokers must have for it; without, it holds on all. A case never asks which brokers it runs on. */
  needs?: readonly Feature[];
  run(context: CaseContext): Promise<void>;
}

/** Those of the cases that brokers of `version` can be asked. */
export function casesFor(cases: readonly Case[], version: Version): Case[] {
  return cases.filter(({ needs = [] }) => needs.every((feature) => has(version, feature)));
}

/** The cases, each with what all of them need. */
export function needing(features: readonly Feature[], cases: readonly Case[]): Case[] {
  return cases.map((one) => ({ ...one, needs: [...features, ...(one.needs ?? [])] }));
}

/** Runs a case, with everything it opened closed afterwards. */
export async function runCase({ run }: Case, world: World): Promise<void> {
  const id = Array.from(crypto.getRandomValues(new Uint8Array(5)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
  const clients: Danube[] = [];
  const readers: Reader[] = [];
  const read = async (topic: string, subscription = "reader") => {
    const reader = await openReader({ brokers: world.urls, transport: world.transport, onEvent: () => {} }, topic, {
      subscription,
    });
    readers.push(reader);
    return reader;
  };
  try {
    await run({
      ...world,
      connect(options = {}) {
        const danube = connect({ brokers: world.urls, transport: world.transport, onEvent: () => {}, ...options });
        clients.push(danube);
        return danube;
      },
      topic: (label = "contract") => `/default/${id}-${label}`,
      subject: (label = "subject") => `${id}-${label}`,
      read,
      readPartitions: (topic, partitions, subscription) =>
        Promise.all(Array.from({ length: partitions }, (_, i) => read(`${topic}-part-${i}`, subscription))),
    });
  } finally {
    for (const reader of readers) {
      reader.close();
    }
    await Promise.all(clients.map((danube) => danube.close({ timeoutMs: 1_000 })));
  }
}
