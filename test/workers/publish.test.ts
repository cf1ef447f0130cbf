import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectOptions } from "@danube-messaging/client";
import { type BrokerOptions, type EmbeddedBroker, openReader, startBroker } from "@danube-messaging/client/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Answer, Order } from "./publisher.ts";
import { relay } from "./relay.ts";
import { pem, startWorker, type Worker } from "./workerd.ts";

// A Worker that makes a client for each request, on a cluster of three.

let worker: Worker;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  worker = await startWorker("publisher.ts");
});

afterAll(() => worker.close());

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
  expect(await worker.problems()).toEqual([]);
});

async function cluster(options: BrokerOptions): Promise<EmbeddedBroker> {
  const broker = await startBroker({ brokers: 3, failoverMs: 200, ...options });
  closing.push(broker.close);
  return broker;
}

const ask = (order: Partial<Order> & Pick<Order, "options">) =>
  worker.ask<Answer>({ producer: { topic: "/default/worker" }, messages: [], ...order });

const upTo = (count: number) => Array.from({ length: count }, (_, i) => String(i + 1));
const sequences = ({ ids }: Answer) => ids.map(({ sequence }) => sequence);

describe.each<[string, BrokerOptions]>([
  ["h2c", {}],
  ["TLS", { tls: { cert: pem("server.pem"), key: pem("server.key") } }],
])("over %s", (_, brokerOptions) => {
  let broker: EmbeddedBroker;
  let options: ConnectOptions;
  const topic = "/default/worker";

  beforeEach(async () => {
    broker = await cluster(brokerOptions);
    options = { brokers: broker.urls };
  });

  test("what it publishes arrives, in order", async () => {
    expect(await ask({ options, messages: ["first"] })).toEqual({ ids: [{ topic, sequence: "1" }] });
    const reader = await openReader({ ...options, tls: brokerOptions.tls && { ca: pem("ca.pem") } }, topic);
    closing.push(reader.close);
    const { ids, error } = await ask({ options, messages: ["one", "two", "drei ✓"] });
    expect([error, ids.length]).toEqual([undefined, 3]);
    expect((await reader.take(3)).map(({ text }) => text)).toEqual(["one", "two", "drei ✓"]);
  });

  test("partitions, attributes of a name, a reliable topic", async () => {
    const producer = { topic, name: "edge", partitions: 3, dispatch: "reliable" } as const;
    const { ids, error } = await ask({ options, producer, messages: upTo(6) });
    expect([error, ids.map(({ partition }) => partition)]).toEqual([undefined, [0, 1, 2, 0, 1, 2]]);
    const states = broker.topics().map(({ topic, dispatch, producers }) => [topic, dispatch, producers[0]?.name]);
    expect(states.sort()).toEqual([0, 1, 2].map((i) => [`${topic}-part-${i}`, "reliable", `edge-${i}`]));
  });

  test("a JSON Schema: what fits goes, marked with its version, and what does not is refused", async () => {
    const schema = { subject: "orders", schema: { type: "object", required: ["id"] } };
    const { ids, error } = await ask({ options, schema, messages: [{ id: 1 }, { name: "none" }] });
    expect([ids.length, error?.code]).toEqual([1, "SCHEMA_REJECTED"]);
    expect(broker.messages(topic).map(({ text, schemaVersion }) => [text, schemaVersion])).toEqual([['{"id":1}', 1]]);
  });

  test("a message of a MiB", async () => {
    const message = "0123456789abcdef".repeat(65_536);
    expect(sequences(await ask({ options, messages: [message] }))).toEqual(["1"]);
    expect(broker.messages(topic)[0]?.text).toBe(message);
  });

  test("64 sends at once", async () => {
    const answer = await ask({ options, producer: { topic, order: "none" }, messages: upTo(64), atOnce: true });
    expect(sequences(answer).sort()).toEqual(upTo(64).sort());
    const texts = broker.messages(topic).map(({ text }) => text);
    expect(texts.sort()).toEqual(upTo(64).sort());
  });

  test("20 requests at once, each with a client of its own", async () => {
    const answers = await Promise.all(
      upTo(20).map((i) => ask({ options, producer: { topic, name: `request-${i}` }, messages: [i, i] })),
    );
    expect(answers.map(sequences)).toEqual(upTo(20).map(() => ["1", "2"]));
    const texts = broker.messages(topic).map(({ text }) => text);
    expect(texts.sort()).toEqual([...upTo(20), ...upTo(20)].sort());
  });

  test("the owner is killed, and starts again, in the middle of a request: no message is lost", async () => {
    const answer = ask({ options, producer: { topic, dispatch: "reliable" }, messages: upTo(100), pauseMs: 10 });
    while (broker.messages(topic).length < 20) {
      await sleep(20);
    }
    const owner = broker.topics()[0]?.owner ?? 0;
    await broker.kill(owner);
    await sleep(300);
    await broker.restart(owner);
    expect(await answer).toMatchObject({ ids: { length: 100 } });
    expect([...new Set(broker.messages(topic).map(({ text }) => text))]).toEqual(upTo(100));
  });
});

describe("connections", () => {
  test("are closed with the client, before the request ends", async () => {
    const broker = await cluster({ brokers: 1 });
    const way = await relay(broker.urls[0] as string);
    closing.push(way.close);
    const answer = ask({ options: { brokers: way.url }, messages: ["one"], lingerMs: 1_000 });
    let answered = false;
    void answer.then(() => (answered = true));
    while (broker.messages("/default/worker").length < 1) {
      await sleep(10);
    }
    await sleep(200);
    expect([answered, way.opened(), way.open()]).toEqual([false, 1, 0]);
    expect(sequences(await answer)).toEqual(["1"]);
  });

  test("end with the request when nobody closes the client", async () => {
    const broker = await cluster({ brokers: 1 });
    const way = await relay(broker.urls[0] as string);
    closing.push(way.close);
    const answer = await ask({ options: { brokers: way.url }, messages: ["one"], leavesOpen: true });
    await sleep(200);
    expect([sequences(answer), way.opened(), way.open()]).toEqual([["1"], 1, 0]);
  });
});

describe("what fails", () => {
  test("a broker that is not there: UNAVAILABLE, with its address", async () => {
    const broker = await cluster({ brokers: 1 });
    await broker.close();
    const [url] = broker.urls;
    const { error } = await ask({ options: { brokers: broker.urls }, onlyReady: true });
    expect(error).toMatchObject({ name: "DanubeError", code: "UNAVAILABLE" });
    expect(error?.message).toContain(`cannot connect to ${url}`);
    expect(error?.message).not.toContain("certificate");
  });

  test("a certificate that is not trusted: UNAVAILABLE, and certificates are spoken of", async () => {
    // By an authority that is trusted, for another host.
    const broker = await cluster({ brokers: 1, tls: { cert: pem("client.pem"), key: pem("client.key") } });
    const { error } = await ask({ options: { brokers: broker.urls }, onlyReady: true });
    expect(error).toMatchObject({ name: "DanubeError", code: "UNAVAILABLE" });
    expect(error?.message).toMatch(/cannot connect to https:.*or its certificate is not trusted/);
  });

  test("TLS to a broker without, and the other way round", async () => {
    const plain = await cluster({ brokers: 1 });
    const options = { brokers: (plain.urls[0] as string).replace("http:", "https:") };
    expect((await ask({ options, onlyReady: true })).error?.code).toBe("UNAVAILABLE");
    const secure = await cluster({ brokers: 1, tls: { cert: pem("server.pem"), key: pem("server.key") } });
    const without = { brokers: (secure.urls[0] as string).replace("https:", "http:"), attemptTimeoutMs: 2_000 };
    const { error } = await ask({ options: without, onlyReady: true });
    expect(error?.message).toContain("For TLS the URL begins with https://");
  });

  test.each<[string, ConnectOptions, RegExp]>([
    ["node", { brokers: "http://b", transport: "node" }, /"transport" cannot be "node" here: .*Workers/],
    ["tls.ca", { brokers: "https://b", tls: { ca: "pem" } }, /"tls.ca" cannot be honoured here: .*authorities/],
    ["tls.cert", { brokers: "https://b", tls: { cert: "c", key: "k" } }, /"tls.cert" cannot be honoured here/],
    ["tls.serverName", { brokers: "https://b", tls: { serverName: "n" } }, /"tls.serverName" cannot be honoured here/],
  ])("%s is refused", async (_, options, message) => {
    const { error } = await ask({ options });
    expect(error).toMatchObject({ name: "TypeError", message: expect.stringMatching(message) });
  });

  test.each(["auto", "socket"] as const)("%s, with tls that asks for nothing, is not", async (transport) => {
    const broker = await cluster({ brokers: 1, tls: { cert: pem("server.pem"), key: pem("server.key") } });
    const brokers = broker.urls.map((url) => url.replace("https://", ""));
    expect(await ask({ options: { brokers, tls: {}, transport }, onlyReady: true })).toEqual({ ids: [] });
  });
});
