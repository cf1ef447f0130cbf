import type { Danube, DanubeError, ProducerOptions, ProducerStatus } from "@danube-messaging/client";
import { type EmbeddedBroker, startBroker } from "@danube-messaging/client/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Relay, relay } from "../workers/relay.ts";
import { connect } from "./connect.ts";

// Many topics, many producers, and a broker that is slower than who sends to it.

describe("1,000 topics on 3 brokers", () => {
  // None begins as another does.
  const topics = Array.from({ length: 1_000 }, (_, i) => `/default/load-${String(i).padStart(3, "0")}`);
  let broker: EmbeddedBroker;
  let danube: Danube;
  let relays: Map<string, Relay>;

  beforeAll(async () => {
    broker = await startBroker({ brokers: 3, loadMs: 10 });
  });
  afterAll(() => broker.close());

  afterEach(async () => {
    await danube.close({ timeoutMs: 0 });
    for (const { close } of relays.values()) {
      close();
    }
  });

  /** A client all of whose connections are counted. */
  async function client(): Promise<Danube> {
    relays = new Map(await Promise.all(broker.urls.map(async (url) => [url, await relay(url)] as const)));
    const mapBrokerUrl = (url: string) => (relays.get(url) as Relay).url;
    danube = connect({ brokers: broker.urls.map(mapBrokerUrl), mapBrokerUrl, onEvent() {} });
    return danube;
  }

  const connections = () => [...relays.values()].map((one) => one.opened());

  test("that are new: all at once, two lookups for each, and a connection to each broker", async () => {
    const { createProducer, status } = await client();
    await Promise.all(
      topics.map(async (topic) => {
        const { send } = await createProducer({ topic });
        await send(topic);
      }),
    );
    // The first finds that there is no such topic, and the second who was given it.
    expect(status().counters).toMatchObject({ lookups: 2_000, transports: 3, messagesAcknowledged: 1_000n });
    expect(connections()).toEqual([1, 1, 1]);
    for (const topic of topics) {
      expect(broker.messages(topic).map(({ text }) => text)).toEqual([topic]);
    }
  });

  test("and 2,000 producers on them, created at once: one lookup for each topic, and a connection to each broker", async () => {
    const { createProducer, status } = await client();
    const before = broker.calls("CreateProducer");
    const names = ["one", "other"];
    const creating = names.flatMap((name) => topics.map((topic) => createProducer({ topic, name })));
    const producers = await Promise.all(creating);
    expect(status().counters).toMatchObject({ lookups: 1_000, transports: 3 });
    expect(broker.calls("CreateProducer") - before).toBe(2_000);
    await Promise.all(producers.map(({ send, name }) => send(name)));
    expect(status().counters).toMatchObject({ lookups: 1_000, transports: 3, messagesAcknowledged: 2_000n });
    expect(connections()).toEqual([1, 1, 1]);
    for (const topic of topics) {
      expect(broker.messages(topic).map(({ text }) => text)).toEqual(expect.arrayContaining(names));
    }
  });
}, 60_000);

describe("a broker that is slower than who sends", () => {
  const topic = "/default/slow";
  const delayMs = 20;
  let broker: EmbeddedBroker;
  let danube: Danube;

  afterEach(async () => {
    await danube.close({ timeoutMs: 0 });
    await broker.close();
  });

  async function slowProducer(options: Partial<ProducerOptions<Uint8Array>>) {
    broker = await startBroker();
    danube = connect({ brokers: broker.urls });
    const producer = await danube.createProducer<Uint8Array>({ topic, ...options });
    broker.fault({ rpc: "SendMessage", delayMs, times: 1_000_000 });
    return { producer, queue: () => danube.status().producers[0] as ProducerStatus };
  }

  test.each([
    { maxQueuedMessages: 8, maxQueuedBytes: 2 ** 26, payloadBytes: 1_024 },
    // Of which the largest message that there could be takes four.
    { maxQueuedMessages: 1_000, maxQueuedBytes: 5 * 2 ** 20, payloadBytes: 2 ** 18 },
  ])(
    "slows the sender that awaits ready(), and the queue stays within its limits: $maxQueuedMessages messages, $maxQueuedBytes bytes",
    async ({ payloadBytes, ...limits }) => {
      const { producer, queue } = await slowProducer({ ...limits, order: "none", maxInFlight: 4 });
      const payload = new Uint8Array(payloadBytes);
      const sends: Promise<unknown>[] = [];
      const startedAt = performance.now();
      for (let i = 0; i < 80; i++) {
        await producer.ready();
        sends.push(producer.send(payload));
        expect(queue().queuedMessages).toBeLessThanOrEqual(limits.maxQueuedMessages);
        expect(queue().queuedBytes).toBeLessThanOrEqual(limits.maxQueuedBytes);
      }
      // All but those that are queued had to be through, four at a time.
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(((80 - 8) / 4) * (delayMs - 1));
      await Promise.all(sends);
      expect(broker.messages(topic)).toHaveLength(80);
    },
  );

  test("takes no more than the queue holds from who does not wait: the rest is refused at once", async () => {
    const { producer, queue } = await slowProducer({ maxQueuedMessages: 8 });
    const results: string[] = [];
    const sends = Array.from({ length: 10_000 }, async () => {
      const result = await producer.send(new Uint8Array(1_024)).catch((error: DanubeError) => error);
      results.push("code" in result ? `${result.code} ${result.outcome}` : "taken");
    });
    expect(queue().queuedMessages).toBe(8);
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(results).toEqual(Array(9_992).fill("QUEUE_FULL not-sent"));
    await Promise.all(sends);
    expect(results.slice(9_992)).toEqual(Array(8).fill("taken"));
    expect(broker.messages(topic)).toHaveLength(8);
  });
});
