import type { ConnectOptions, DanubeError, DanubeEvent } from "@danube-messaging/client";
import { type BrokerOptions, type EmbeddedBroker, startBroker } from "@danube-messaging/client/testing";
import { afterEach, describe, expect, test } from "vitest";
import { connect } from "./connect.ts";

// The way to the owner: proxies, addresses that mean nothing, names that begin alike.

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function start(options: BrokerOptions): Promise<EmbeddedBroker> {
  const broker = await startBroker({ loadMs: 20, failoverMs: 200, ...options });
  closing.push(() => broker.close());
  return broker;
}

function client(options: ConnectOptions) {
  const events: DanubeEvent[] = [];
  const danube = connect({ onEvent: (event) => events.push(event), ...options });
  closing.unshift(() => danube.close({ timeoutMs: 0 }));
  return { danube, events };
}

describe("a proxy in front of the cluster", () => {
  test("every call goes to the proxy and names its broker; each owner has a connection", async () => {
    const broker = await start({ brokers: 3, proxy: true });
    const { danube } = client({ brokers: broker.urls });
    const topics = Array.from({ length: 6 }, (_, i) => `/default/proxied${i}`);
    for (const topic of topics) {
      const { send } = await danube.createProducer({ topic });
      await send("x");
      expect(broker.messages(topic)).toHaveLength(1);
    }
    expect(new Set(danube.status().owners.map(({ brokerUrl }) => brokerUrl)).size).toBe(3);
    expect(new Set(danube.status().owners.map(({ url }) => url))).toEqual(new Set(broker.urls));
  });

  test("one that is not the broker's own is named by connectUrl", async () => {
    const broker = await start({ connectUrl: "http://danube.example:6650" });
    const [url] = broker.urls as [string];
    const mapBrokerUrl = (advertised: string) => (advertised === "http://danube.example:6650" ? url : advertised);
    await client({ brokers: url }).danube.createProducer({ topic: "/default/proxied" });
    const { danube } = client({ brokers: url, mapBrokerUrl });
    const { send } = await danube.createProducer({ topic: "/default/proxied" });
    await send("x");
    expect(danube.status().connections).toMatchObject([{ url }, { url, brokerUrl: url }]);
  });

  test("the owner dies behind it", async () => {
    const broker = await start({ brokers: 3, proxy: true });
    const { send } = await client({ brokers: broker.urls }).danube.createProducer({
      topic: "/default/proxied",
      dispatch: "reliable",
    });
    await send("before");
    await broker.kill(broker.topics()[0]?.owner as number);
    await send("after");
    expect(broker.messages("/default/proxied").map(({ text }) => text)).toEqual(["before", "after"]);
  });
});

describe("advertised addresses", () => {
  test("0.0.0.0 is not dialled where the broker that answered is the owner", async () => {
    const broker = await start({ brokers: 1, advertisedHost: "0.0.0.0" });
    const { danube } = client({ brokers: broker.urls });
    const { send } = await danube.createProducer({ topic: "/default/unspecified" });
    await send("x");
    expect(danube.status().connections.map(({ url }) => url)).toEqual(broker.urls);
  });

  test("a name that means nothing here: the error names it, the seed, and what to do", async () => {
    const broker = await start({ brokers: 3, advertisedHost: "danube-broker.invalid" });
    // A seed that is not the owner.
    const { danube: any } = client({ brokers: broker.urls });
    await any.createProducer({ topic: "/default/named", createTimeoutMs: 400 }).catch(() => {});
    const other = (broker.topics()[0]?.owner as number) === 0 ? 1 : 0;
    const seed = broker.urls[other] as string;
    const { danube, events } = client({ brokers: seed });
    const error = (await danube
      .createProducer({ topic: "/default/named", createTimeoutMs: 600 })
      .catch((reason) => reason)) as DanubeError;
    expect(error.code).toBe("TIMEOUT");
    expect(error.message).toContain("danube-broker.invalid");
    expect(error.message).toContain(seed);
    expect(error.message).toContain("mapBrokerUrl");
    expect(events.filter(({ type }) => type === "warning")).toMatchObject([{ code: "BROKER_ADDRESS" }]);
  });

  test("mapBrokerUrl rewrites it", async () => {
    const broker = await start({ brokers: 3, advertisedHost: "danube-broker.invalid" });
    const mapBrokerUrl = (url: string) => url.replace("danube-broker.invalid", "127.0.0.1");
    for (const seed of broker.urls) {
      const { send } = await client({ brokers: seed, mapBrokerUrl }).danube.createProducer({
        topic: "/default/mapped",
      });
      await send(seed);
    }
    expect(broker.messages("/default/mapped").map(({ text }) => text)).toEqual(broker.urls);
  });
});

describe("names that begin alike", () => {
  const names = ["/default/orders", "/default/orders-eu", "/default/orders-eu-north", "/default/orders-us"];
  const servedBy = (broker: EmbeddedBroker, topic: string) =>
    broker.topics().find((state) => state.topic === topic)?.servedBy;

  /** A cluster with the topics; `turn` shifts which broker gets which. */
  async function withNames(turn: number, options: BrokerOptions = {}): Promise<EmbeddedBroker> {
    const broker = await start({ brokers: 3, ...options });
    const { danube } = client({ brokers: broker.urls });
    for (const topic of [...Array.from({ length: turn }, (_, i) => `/default/shift${i}`), ...names]) {
      await danube.createProducer({ topic, dispatch: "reliable" });
    }
    return broker;
  }

  for (const turn of [0, 1, 2]) {
    test(`are served once each, whichever seed is asked first (turn ${turn})`, async () => {
      const broker = await withNames(turn);
      for (const i of [0, 1, 2]) {
        const { danube } = client({ brokers: [...broker.urls.slice(i), ...broker.urls.slice(0, i)] });
        for (const topic of names) {
          const { send } = await danube.createProducer({ topic, name: `from seed ${i}` });
          await send(`from seed ${i}`);
        }
      }
      for (const topic of names) {
        expect(servedBy(broker, topic)).toHaveLength(1);
        expect(broker.messages(topic).map(({ text }) => text)).toEqual(["from seed 0", "from seed 1", "from seed 2"]);
      }
    });

    test(`are never split by a client with a single seed: it finds the owner, or says what it lacks (turn ${turn})`, async () => {
      const broker = await withNames(turn);
      for (const seed of broker.urls) {
        const { danube, events } = client({ brokers: seed });
        for (const topic of names) {
          const result = await danube
            .createProducer({ topic, name: `by ${seed}`, createTimeoutMs: 3_500 })
            .catch((reason: DanubeError) => reason);
          if (result instanceof Error) {
            expect(result.message).toContain('Give all brokers in "brokers"');
            expect(events).toContainEqual(expect.objectContaining({ type: "warning", code: "AMBIGUOUS_OWNER" }));
          } else {
            await result.send(seed);
          }
          expect(servedBy(broker, topic)).toHaveLength(1);
        }
      }
    });
  }

  test("with a single seed too, where other topics lead to every broker", async () => {
    const broker = await withNames(1);
    const { danube: all } = client({ brokers: broker.urls });
    await Promise.all(Array.from({ length: 6 }, (_, i) => all.createProducer({ topic: `/default/beside${i}` })));
    for (const seed of broker.urls) {
      const { danube } = client({ brokers: seed });
      for (const topic of names) {
        await (await danube.createProducer({ topic, name: `by ${seed}` })).send(seed);
      }
    }
    for (const topic of names) {
      expect(servedBy(broker, topic)).toHaveLength(1);
      expect(broker.messages(topic).map(({ text }) => text)).toEqual(broker.urls);
    }
  });

  test("behind a proxy too, where nobody chooses which broker is asked", async () => {
    const broker = await withNames(1, { proxy: true });
    for (let i = 0; i < 5; i++) {
      const { danube } = client({ brokers: broker.urls });
      for (const topic of names) {
        await (await danube.createProducer({ topic, name: `client ${i}` })).send(`${i}`);
      }
    }
    for (const topic of names) {
      expect(servedBy(broker, topic)).toHaveLength(1);
      expect(broker.messages(topic).map(({ text }) => text)).toEqual(["0", "1", "2", "3", "4"]);
    }
  });

  test("a producer that is created after a move does not split the topic", async () => {
    const broker = await start({ brokers: 3 });
    const { danube } = client({ brokers: broker.urls });
    await danube.createProducer({ topic: "/default/first" });
    const short = await danube.createProducer({ topic: "/default/orders", dispatch: "reliable" });
    await short.send("1");
    // The broker that had the short name keeps one that begins alike, and so takes the short one for its own.
    const before = broker.topics().find(({ topic }) => topic === "/default/orders")?.owner as number;
    await danube.createProducer({ topic: "/default/orders-eu", dispatch: "reliable" });
    await broker.moveTopic("/default/orders-eu", before);
    await broker.moveTopic("/default/orders", 2);
    // Owners that were confirmed within the last second are believed.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const late = await danube.createProducer({ topic: "/default/orders", name: "late" });
    await late.send("2");
    await short.send("3");
    expect(servedBy(broker, "/default/orders")).toEqual([2]);
    expect(broker.messages("/default/orders").map(({ text }) => text)).toEqual(["1", "2", "3"]);
  });

  test("the trap is there: a client that believes a Redirect makes a second owner", async () => {
    const broker = await start({ brokers: 3 });
    const { danube } = client({ brokers: broker.urls });
    // Owners go by turns: the first broker gets this one, the second the short name, and the first a long one again.
    await danube.createProducer({ topic: "/default/first" });
    const names = ["/default/a", "/default/a-1", "/default/a-2", "/default/a-3", "/default/a-4", "/default/a-5"];
    for (const topic of names) {
      await danube.createProducer({ topic });
    }
    const { createClient } = await import("@connectrpc/connect");
    const { createGrpcTransport } = await import("@connectrpc/connect-node");
    const { Discovery } = await import("../../gen/danube/danube_api_pb.ts");
    const owners = new Map(danube.status().owners.map(({ topic, url }) => [topic, url]));
    let mistaken = 0;
    for (const url of broker.urls) {
      const discovery = createClient(Discovery, createGrpcTransport({ baseUrl: url }));
      for (const topic of names) {
        const { connectUrl } = await discovery.topicLookup({ topic });
        mistaken += connectUrl === owners.get(topic) ? 0 : 1;
      }
    }
    expect(mistaken).toBeGreaterThan(0);
  });
});
