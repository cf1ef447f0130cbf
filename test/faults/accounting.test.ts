import type { ConnectOptions } from "@danube-messaging/client";
import type { BrokerOptions } from "@danube-messaging/client/testing";
import { describe, expect, test } from "vitest";
import { sleep } from "../../src/lib/sleep.ts";
import { manners } from "../soak/publisher.ts";
import { runRound } from "../soak/round.ts";
import { embeddedWorld, type World } from "../soak/world.ts";
import { seeded } from "../unit/support/random.ts";
import { connect } from "./connect.ts";

// One fault each, in the middle of numbered messages of every order: what was acknowledged is received, what failed says whether
// it was sent, and nothing arrives more often than the sends of unknown outcome explain. test/soak does it at random.

interface Scenario {
  brokers?: BrokerOptions;
  client?(world: World, astray: Switch): Partial<ConnectOptions>;
  act(world: World, topics: readonly string[], astray: Switch): Promise<void>;
}

/** What the functions that clients are given look at. */
interface Switch {
  on: boolean;
}

const nowhere = "http://no-such-broker.invalid:6650";
const wait = (ms: number) => sleep(ms);
const unreliable = { dispatch: "non-reliable" } as const;

const scenarios: Record<string, Scenario> = {
  "an owner is killed, and its topics go to others": {
    act: (world) => killed(world, [0]),
  },
  "for longer than most clients try, lookups lead to the dead owner": {
    brokers: { failoverMs: 5_000 },
    act: (world) => killed(world, [1], 6_000),
  },
  "an owner is restarted": {
    act: async ({ embedded }) => embedded?.restart(0),
  },
  "all brokers are killed, and come back": {
    act: (world) => killed(world, [0, 1, 2], 500),
  },
  "topics are unloaded and moved, and moved again": {
    async act({ embedded }, topics) {
      for (const turn of [0, 1, 2, 3]) {
        await Promise.all(
          topics.map((topic, i) =>
            turn === 2 ? embedded?.unloadTopic(topic) : embedded?.moveTopic(topic, (i + turn) % 3),
          ),
        );
        await wait(150);
      }
    },
  },
  "a broker hangs without closing anything": {
    client: () => ({ attemptTimeoutMs: 400 }),
    act: ({ relays }) =>
      onEach(relays, async (relay) => {
        relay.freeze(true);
        await wait(900);
        relay.freeze(false);
      }),
  },
  "connections are cut in the middle of a request": {
    act: ({ relays }) => cutAgain(relays, "request"),
  },
  "connections are cut in the middle of a response": {
    act: ({ relays }) => cutAgain(relays, "response"),
  },
  "connections are refused for a time": {
    act: ({ relays }) =>
      onEach(relays, async (relay) => {
        await relay.refuse(true);
        await wait(400);
        await relay.refuse(false);
      }),
  },
  "a link that is slow": {
    client: () => ({ attemptTimeoutMs: 1_000 }),
    async act({ relays }) {
      for (const relay of relays) {
        relay.slow(30_000);
      }
      await wait(1_500);
      for (const relay of relays) {
        relay.slow(undefined);
      }
    },
  },
  "the seeds that come first are down": {
    client: ({ urls }) => ({ brokers: [nowhere, "http://127.0.0.1:1", ...urls] }),
    act: (world) => killed(world, [2]),
  },
  "names that no longer resolve": {
    client: ({ mapBrokerUrl }, astray) => ({ mapBrokerUrl: (url) => (astray.on ? nowhere : mapBrokerUrl(url)) }),
    act: (world, _, astray) => goAstray(world, astray),
  },
  "addresses that lead in a circle": {
    client: ({ mapBrokerUrl, urls }, astray) => ({
      mapBrokerUrl: (url) => {
        const right = mapBrokerUrl(url);
        return astray.on ? (urls[(urls.indexOf(right) + 1) % urls.length] as string) : right;
      },
    }),
    act: (world, _, astray) => goAstray(world, astray),
  },
  "a proxy answers 503 for the broker": {
    async act({ embedded }) {
      embedded?.fault({ rpc: "SendMessage", code: 14, message: "no healthy upstream", times: 60 });
      embedded?.fault({ rpc: "TopicLookup", code: 14, message: "no healthy upstream", times: 10 });
      await wait(1_000);
    },
  },
  "answers are lost": {
    async act({ embedded }) {
      embedded?.fault({ rpc: "SendMessage", drop: "response", times: 5 });
      embedded?.fault({ rpc: "CreateProducer", drop: "response", times: 3 });
      await wait(800);
    },
  },
};

async function goAstray({ embedded }: World, astray: Switch): Promise<void> {
  astray.on = true;
  // So that the way is asked for.
  await embedded?.restart(0);
  await embedded?.restart(1);
  await wait(1_500);
  astray.on = false;
}

async function killed({ embedded }: World, which: number[], ms = 1_500): Promise<void> {
  await Promise.all(which.map((i) => embedded?.kill(i)));
  await wait(ms);
  await Promise.all(which.map((i) => embedded?.restart(i)));
}

async function onEach<T>(things: readonly T[], work: (thing: T) => Promise<void>): Promise<void> {
  for (const thing of things) {
    await work(thing);
  }
}

async function cutAgain(relays: World["relays"], way: "request" | "response"): Promise<void> {
  for (const bytes of [5, 50, 500, 1_500]) {
    for (const relay of relays) {
      relay.cutWithin(way, bytes);
    }
    await wait(250);
  }
}

const everyManner = [
  ...manners,
  { name: "unreliable", options: { ...unreliable, sendTimeoutMs: 90_000 }, mayFail: () => false },
];

describe.concurrent("every message is accounted for when", () => {
  for (const [what, { brokers, client, act }] of Object.entries(scenarios)) {
    test(what, { timeout: 60_000 }, async () => {
      const world = await embeddedWorld(brokers);
      const astray = { on: false };
      let listener: Parameters<Parameters<typeof runRound>[0]["listen"]>[0] = () => {};
      const danube = connect({
        brokers: world.urls,
        mapBrokerUrl: world.mapBrokerUrl,
        attemptTimeoutMs: 2_000,
        backoff: { maxMs: 300 },
        onEvent: (event) => listener(event),
        ...client?.(world, astray),
      });
      try {
        const listen = (to: typeof listener) => {
          listener = to;
        };
        const options = {
          danube,
          world,
          random: seeded(1),
          name: "accounting",
          manners: everyManner,
          settleMs: 40_000,
        };
        const { accounts } = await runRound({ ...options, listen }, async (topics) => {
          await wait(200);
          await act(world, topics, astray);
          await wait(200);
        });
        for (const [manner, { sent, acknowledged, lost, wrong }] of Object.entries(accounts)) {
          expect({ manner, lost, wrong }).toEqual({ manner, lost: [], wrong: [] });
          // Those that wait for 400 ms only, or give up what is unknown, may have little luck.
          if (manner !== "hasty" && manner !== "once") {
            expect(acknowledged, `${manner}, ${sent} sent`).toBeGreaterThan(10);
          }
        }
        // Something did go wrong.
        expect(danube.status().events.map(({ type }) => type)).toContain("retrying");
      } finally {
        await danube.close({ timeoutMs: 0 });
        await world.close();
      }
    });
  }
});
