import { sleep } from "../../src/lib/sleep.ts";
import type { Random } from "../unit/support/random.ts";
import type { Relay } from "./relay.ts";
import type { Troubles } from "./round.ts";
import type { World } from "./world.ts";

/** Something that is done to brokers or to the ways to them, and undone. */
interface Trouble {
  readonly name: string;
  /** The brokers that it is about: nothing else may be done to them meanwhile. */
  readonly brokers: readonly number[];
  /** Resolves when all is well again. */
  run(): Promise<void>;
}

/** What troubles need to know of the round that they are for. */
interface Scene {
  readonly world: World;
  /** Topics (and partitions) that are published to, and that a broker gives to another one. */
  readonly topics: readonly string[];
  /** The brokers that nothing is done to at the moment. */
  readonly free: readonly number[];
  readonly random: Random;
}

type Draw = (scene: Scene) => Trouble | undefined;

const some = (random: Random, from: number, to: number) => from + random.below(to - from);

/** Something that is done to one broker, or to the way to it. */
function toOne(make: (i: number, scene: Scene) => Omit<Trouble, "brokers">): Draw {
  return (scene) => {
    const i = scene.random.pick(scene.free);
    return i === undefined ? undefined : { brokers: [i], ...make(i, scene) };
  };
}

/** The way to a broker goes bad for a time. */
function toRelay(name: string, begin: (relay: Relay) => unknown, end: (relay: Relay) => unknown): Draw {
  return toOne((i, { world, random }) => {
    const relay = world.relays[i] as Relay;
    const ms = some(random, 200, 2_500);
    return {
      name: `${name} ${i} for ${ms} ms`,
      async run() {
        await begin(relay);
        await sleep(ms);
        await end(relay);
      },
    };
  });
}

const always: readonly Draw[] = [
  toRelay(
    "freeze the way to",
    (relay) => relay.freeze(true),
    (relay) => relay.freeze(false),
  ),
  toRelay(
    "refuse connections to",
    (relay) => relay.refuse(true),
    (relay) => relay.refuse(false),
  ),
  toRelay(
    "slow down the way to",
    (relay) => relay.slow(20_000),
    (relay) => relay.slow(undefined),
  ),
  toOne((i, { world }) => ({ name: `cut the connections to ${i}`, run: async () => world.relays[i]?.cut() })),
  toOne((i, { world, random }) => {
    const way = random.pick(["request", "response"] as const);
    const bytes = random.below(3_000);
    return {
      name: `cut a ${way} of ${i} after ${bytes} bytes`,
      run: async () => world.relays[i]?.cutWithin(way, bytes),
    };
  }),
  ({ world, topics, random }) => {
    const topic = random.pick(topics);
    return { name: `unload ${topic}`, brokers: [], run: () => world.unload(topic) };
  },
];

/** A process that hangs, where brokers are processes. */
const hangs: readonly Draw[] = [
  toOne((i, { world, random }) => {
    const ms = some(random, 200, 4_000);
    return {
      name: `stop ${i} for ${ms} ms`,
      async run() {
        world.stop?.(i);
        await sleep(ms);
        world.resume?.(i);
      },
    };
  }),
];

/** The death of brokers, where somebody starts them again. */
const deaths: readonly Draw[] = [
  toOne((i, { world, random }) => {
    const ms = random.pick([0, some(random, 100, 700), some(random, 900, 2_500)]);
    return { name: `kill ${i} for ${ms} ms`, run: () => killFor(world, [i], ms) };
  }),
  ({ world, free, random }) => {
    if (free.length < world.relays.length) {
      return undefined;
    }
    const ms = some(random, 0, 1_500);
    return { name: `kill all for ${ms} ms`, brokers: free, run: () => killFor(world, free, ms) };
  },
];

async function killFor(world: World, which: readonly number[], ms: number): Promise<void> {
  await Promise.all(which.map((i) => world.kill?.(i)));
  await sleep(ms);
  await Promise.all(which.map((i) => world.restart?.(i)));
}

/** Answers that go wrong, where brokers can be told to. */
const onDemand: readonly Draw[] = [
  ({ world, random }) => {
    const rpc = random.pick(["SendMessage", "SendMessage", "SendMessage", "CreateProducer", "TopicLookup"] as const);
    const how = random.pick([
      { drop: "request" },
      { drop: "response" },
      { code: 14, message: "upstream connect error or disconnect/reset before headers" },
      { delayMs: 1_200 },
    ] as const);
    const times = some(random, 1, 6);
    const name = `${times} times ${rpc}: ${JSON.stringify(how)}`;
    return { name, brokers: [], run: async () => void world.embedded?.fault({ rpc, times, ...how }) };
  },
];

/** The next thing to go wrong; `undefined` where it cannot just now. */
function drawTrouble(scene: Scene): Trouble | undefined {
  const { world, random } = scene;
  const possible = [
    ...always,
    ...(world.stop ? hangs : []),
    ...(world.kill ? deaths : []),
    ...(world.embedded ? onDemand : []),
  ];
  return random.pick(possible)(scene);
}

/** Random troubles for so many milliseconds, several at once, one at a time to each broker. */
export function randomTroubles(world: World, random: Random, ms: number): Troubles {
  return async (topics, note) => {
    const end = Date.now() + ms;
    const busy = new Set<number>();
    const open: Promise<void>[] = [];
    const suffer = async (trouble: Trouble): Promise<void> => {
      note(trouble.name);
      for (const i of trouble.brokers) {
        busy.add(i);
      }
      await trouble.run().catch((error) => note(`${trouble.name}: ${String(error)}`));
      for (const i of trouble.brokers) {
        busy.delete(i);
      }
    };
    while (Date.now() < end) {
      await sleep(100 + random.below(900));
      const free = [...world.relays.keys()].filter((i) => !busy.has(i));
      const trouble = drawTrouble({ world, topics, free, random });
      if (trouble) {
        open.push(suffer(trouble));
      }
    }
    await Promise.all(open);
  };
}
