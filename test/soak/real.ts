import { execFile } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";
import { openReader, type Reader } from "@danube-messaging/client/testing";
import { sleep } from "../../src/lib/sleep.ts";
import type { Received } from "./ledger.ts";
import { relaysTo, type Watch, type World } from "./world.ts";

export interface RealOptions {
  /** Every broker of the cluster, at the address that it advertises. */
  urls: readonly string[];
  /** `danube-admin`, which is told where to go by `DANUBE_ADMIN_ENDPOINT`. */
  admin: string;
  /** The brokers' processes, in the order of `urls`: they are stopped (SIGSTOP) for a time. */
  pids?: readonly number[] | undefined;
}

/** A cluster of real brokers on this machine, with relays in front. Its consumers go to the brokers directly. */
export async function realWorld({ urls, admin, pids }: RealOptions): Promise<World> {
  const way = await relaysTo(urls);
  const stopped = new Map<number, number>();
  const stopping = pids && {
    stop(i: number) {
      stopped.set(i, Number.POSITIVE_INFINITY);
      process.kill(pids[i] as number, "SIGSTOP");
    },
    resume(i: number) {
      stopped.set(i, Date.now() + 3_000);
      process.kill(pids[i] as number, "SIGCONT");
    },
  };
  // Of a consumer that comes again while its broker is stopped, the broker skips what it was sent meanwhile.
  const awake = () => [...stopped.values()].every((until) => until < Date.now());
  // Topics that have moved, and whose consumers have received nothing since.
  const away = new Map<string, number>();
  // Whatever ends this process: none of the brokers stays stopped.
  process.on("exit", () => {
    for (const i of pids?.keys() ?? []) {
      stopping?.resume(i);
    }
  });
  return {
    ...way,
    ...stopping,
    // A new subscription reads from a buffer of 256 messages, and the broker drops what that has no room for. A process that
    // goes on after it was stopped takes all attempts of a message at once.
    maxAhead: 50,
    // Its dispatcher sleeps until somebody publishes.
    stalls: true,
    async unload(topic) {
      // A subscription that moves without its consumer forgets where it was.
      if (away.has(topic)) {
        throw new Error("its consumer has not come again since it moved");
      }
      away.set(topic, Date.now());
      await promisify(execFile)(admin, ["topics", "unload", topic], { timeout: 20_000 });
    },
    async watch(topics) {
      const watches = await Promise.all(
        topics.map((topic) =>
          watchTopic(urls, topic, {
            awake,
            back: (openedAt) => (away.get(topic) ?? 0) < openedAt && away.delete(topic),
          }),
        ),
      );
      return {
        received: () => watches.flatMap((watch) => watch.received()),
        logged: (publish) => countLogged(urls, topics, publish),
        close: async () => void (await Promise.all(watches.map((watch) => watch.close()))),
      };
    },
    close: async () => void (await Promise.all(way.relays.map((relay) => relay.close()))),
  };
}

/** Reads a reliable topic wherever it goes: a subscription goes on behind what it has acknowledged. */
async function watchTopic(
  urls: readonly string[],
  topic: string,
  { awake, back }: { awake(): boolean; back(openedAt: number): void },
): Promise<Watch> {
  const received: Received[] = [];
  // What was not acknowledged comes again; a message that was published twice has two offsets.
  const offsets = new Set<bigint>();
  let closed = false;
  const open = () =>
    openReader({ brokers: urls, onEvent: () => {} }, topic, { subscription: "soak", consumer: "soak" });
  let openedAt = Date.now();
  let reader: Reader | undefined = await open();

  const reading = (async () => {
    while (!closed) {
      try {
        if (!reader) {
          openedAt = Date.now();
          reader = await open();
        }
        // A topic that has moved may leave its streams open, with nothing in them.
        for (const { text, offset } of await reader.take(1, 3_000)) {
          back(openedAt);
          if (!offsets.has(offset)) {
            offsets.add(offset);
            received.push({ topic, text });
          }
        }
      } catch {
        if (awake()) {
          reader?.close();
          reader = undefined;
        }
        await sleep(200);
      }
    }
    reader?.close();
  })();
  return {
    received: () => received,
    async close() {
      closed = true;
      await reading;
    },
  };
}

/** By subscriptions of their own, which get the next message only. */
async function countLogged(urls: readonly string[], topics: readonly string[], publish: () => void): Promise<number> {
  const subscription = `count-${Date.now()}`;
  const readers = await Promise.all(
    topics.map((topic) => openReader({ brokers: urls, onEvent: () => {} }, topic, { subscription, consumer: "count" })),
  );
  try {
    let waiting = true;
    const first = Promise.all(readers.map((reader) => reader.take(1, 20_000))).finally(() => {
      waiting = false;
    });
    // Which partition a message goes to is decided by its key.
    const publishing = (async () => {
      for (; waiting; await sleep(200)) {
        publish();
      }
    })();
    await Promise.allSettled([first, publishing]);
    return (await first).flat().reduce((sum, { offset }) => sum + Number(offset) + 1, 0);
  } finally {
    for (const reader of readers) {
      reader.close();
    }
  }
}
