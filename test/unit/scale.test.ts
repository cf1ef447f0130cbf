import { afterEach, describe, expect, test, vi } from "vitest";
import { large, type Scale, type ScaledClient, scaledClient, scaledClients, small } from "./support/scale-use.ts";
import { virtualTime } from "./support/virtual-time.ts";

// 10,000 topics on 1,000 brokers, held against 100 topics on 10. What a send costs is in scale-cost.test.ts.

afterEach(() => void vi.useRealTimers());

describe.each([small, large])(
  "$topics topics on $brokers brokers",
  ({ brokers, topics }) => {
    test("one lookup for each, one transport for each broker, two timers for all", async () => {
      const time = virtualTime();
      const { danube, cluster } = await scaledClient({ brokers, topics });
      expect(danube.status().counters).toMatchObject({ lookups: topics, transports: brokers });
      expect(cluster.calls("CreateProducer")).toBe(topics);
      expect(cluster.calls("SendMessage")).toBe(topics);
      // A seed, and the owner that it names.
      expect(cluster.calls()).toBeLessThanOrEqual(4 * topics);
      expect(cluster.open()).toEqual(cluster.alive());
      expect(time.timers()).toBeLessThanOrEqual(2);
      await danube.close();
      expect(cluster.open()).toEqual([]);
      expect(time.timers()).toBe(0);
    });

    test("topics that moved are looked up once more, and no others", async () => {
      const { client, time, since } = await begin({ brokers, topics });
      const moved = client.cluster.topics.filter((_, number) => number % 10 === 0);
      moved.forEach(client.cluster.move);
      await time.until(sendOnAll(client), 60_000);
      expect(since()).toMatchObject({
        ...{ lookups: moved.length, transports: 0 },
        ...{ CreateProducer: moved.length, SendMessage: topics + moved.length },
      });
      await client.danube.close();
    });

    test("when brokers die under their messages their topics are looked up once more, and their transports let go", async () => {
      const { client, time, since } = await begin({ brokers, topics });
      const { danube, cluster } = client;
      const { lost, dead } = deaths(client);
      const sends = sendOnAll(client);
      dead.forEach(cluster.kill);
      cluster.failOver();
      await time.until(sends, 60_000);
      expect(lost.length).toBeGreaterThanOrEqual(topics / 20);
      expect(since()).toMatchObject({ lookups: lost.length, CreateProducer: lost.length });
      expect(cluster.open()).toEqual(cluster.alive());
      const connections = danube.status().connections.map(({ url }) => url);
      expect(connections.sort()).toEqual(cluster.alive());
      await danube.close();
    });

    test("topics that nobody serves for 35 s wait, and each time ask a handful of brokers, however many there are", async () => {
      const { client, time, since } = await begin({ brokers, topics });
      const { cluster } = client;
      const { lost, dead } = deaths(client);
      dead.forEach(cluster.kill);
      const sends = sendOnAll(client);
      await time.advance(35_000);
      const { lookups, calls } = since();
      // Waits are 1 to 2 s in the end.
      expect(lookups / lost.length).toBeLessThan(45);
      // The seed that redirects to the dead broker, that one, the other two seeds, and TopicPartitions, beside the sends themselves.
      expect((calls - topics) / lookups).toBeLessThanOrEqual(5);
      cluster.failOver();
      await time.until(sends, 60_000);
      expect(cluster.open()).toEqual(cluster.alive());
      await client.danube.close();
    });

    test("while topics move and brokers die, there is no more than one lookup for a move", async () => {
      const { client, time, since } = await begin({ brokers, topics });
      const { cluster } = client;
      for (let round = 0; round < 5; round++) {
        const sends = sendOnAll(client);
        cluster.topics.filter((_, number) => number % 7 === round).forEach(cluster.move);
        cluster.kill(cluster.alive()[round] as string);
        cluster.failOver();
        await time.until(sends, 60_000);
      }
      expect(cluster.moves()).toBeGreaterThan((5 * topics) / 8);
      expect(since().lookups).toBeLessThanOrEqual(cluster.moves());
      // Some moved twice before anybody sent to them.
      expect(since().lookups).toBeGreaterThan(cluster.moves() / 2);
      await client.danube.close();
    });
  },
  60_000,
);

test("a topic among 10,000 holds as much as one among 100, after sending and when it has long been idle", async () => {
  const held = async (count: number, scale: Scale) => {
    const time = virtualTime();
    const clients = await scaledClients(count, scale);
    const sent = await clients.bytesPerTopic();
    await time.advance(130_000);
    const idle = await clients.bytesPerTopic();
    await clients.close();
    vi.useRealTimers();
    return { sent, idle };
  };
  // What is compiled on the way.
  await held(10, small);
  const measured: string[] = [];
  // Now and then the collector is late with what was there before: what holds too much does so each time.
  for (let turn = 0; turn < 3; turn++) {
    // As many topics in both, so that what is held beside them weighs as much.
    const [one, other] = [await held(100, small), await held(1, large)];
    expect(one.idle).toBeGreaterThan(500);
    if (other.sent <= 1.2 * one.sent && other.idle <= 1.2 * one.idle) {
      return;
    }
    measured.push(`${other.sent} and ${one.sent} bytes after sending, ${other.idle} and ${one.idle} when idle`);
  }
  expect.fail(measured.join("; "));
}, 120_000);

/** A client with all its producers, and what is counted from then on. */
async function begin(scale: Scale) {
  const time = virtualTime();
  const client = await scaledClient(scale);
  const { danube, cluster } = client;
  const counts = () => {
    const { lookups, transports } = danube.status().counters;
    const [CreateProducer, SendMessage] = [cluster.calls("CreateProducer"), cluster.calls("SendMessage")];
    return { lookups, transports, calls: cluster.calls(), CreateProducer, SendMessage };
  };
  const before = counts();
  const since = () => {
    const now = counts();
    for (const name of Object.keys(now) as (keyof typeof now)[]) {
      now[name] -= before[name];
    }
    return now;
  };
  return { client, time, since };
}

/** A message on every topic, at once. Rejects when one of them does. */
function sendOnAll({ producers }: ScaledClient): Promise<unknown> {
  return Promise.all(producers.map(({ send }) => send("x")));
}

/** Every twentieth broker, and a seed; and their topics. */
function deaths({ cluster }: ScaledClient): { dead: string[]; lost: string[] } {
  const dead = cluster.alive().filter((url, i) => i % 20 === 0 || url === cluster.seeds[1]);
  return { dead, lost: dead.flatMap(cluster.topicsOf) };
}
