import type { Danube, DanubeEvent } from "@danube-messaging/client";
import type { Random } from "../unit/support/random.ts";
import type { Account } from "./ledger.ts";
import { type Manner, type Publisher, startPublisher } from "./publisher.ts";
import type { World } from "./world.ts";

/** What a round came to. */
export interface Round {
  /** By the name of the manner. */
  readonly accounts: Readonly<Record<string, Account>>;
  /** What was done, with its milliseconds. */
  readonly log: readonly string[];
}

export interface RoundOptions {
  danube: Danube;
  world: World;
  random: Random;
  /** Begins the names of its topics. */
  name: string;
  manners: readonly Manner[];
  /** How long everything may take to settle and to be received after the troubles, in milliseconds. */
  settleMs: number;
  /** Tells the listener what the client tells. */
  listen(listener: (event: DanubeEvent) => void): void;
}

/** Makes troubles while `topics` (and partitions) are published to; all is well again when it resolves. */
export type Troubles = (topics: readonly string[], note: (line: string) => void) => Promise<void>;

/** Fresh topics, a producer of each manner, troubles, and the account of every message. */
export async function runRound(options: RoundOptions, troubles: Troubles): Promise<Round> {
  const { name, manners, settleMs, listen } = options;
  const begun = Date.now();
  const log: string[] = [];
  const note = (line: string) => log.push(`${String(Date.now() - begun).padStart(6)} ms  ${line}`);
  const publishers = new Map<string, Publisher>();
  const all = (work: (publisher: Publisher) => Promise<void>) => Promise.all([...publishers.values()].map(work));
  listen((event) => {
    for (const publisher of publishers.values()) {
      publisher.note(event);
    }
  });
  try {
    await Promise.all(
      manners.map(async (manner) => {
        publishers.set(manner.name, await startPublisher(options, `/default/${name}-${manner.name}`, manner));
      }),
    );
    await all((publisher) => publisher.watch());
    const over = new AbortController();
    const running = all((publisher) => publisher.run(over.signal));
    try {
      await troubles(
        [...publishers.values()].flatMap(({ topics }) => topics),
        note,
      );
    } finally {
      over.abort();
    }
    note("all is well again");
    await running;
    const accounts: Record<string, Account> = {};
    await Promise.all(
      [...publishers].map(async ([manner, publisher]) => {
        accounts[manner] = await publisher.account(settleMs);
        note(`the account of ${manner} is made`);
      }),
    );
    return { accounts, log };
  } finally {
    await all((publisher) => publisher.close());
  }
}
