import { type AddressInfo, createConnection, createServer } from "node:net";
import { connect, type DanubeError, type TransportName } from "@danube-messaging/client";
import { type BrokerOptions, type EmbeddedBroker, startBroker } from "@danube-messaging/client/testing";
import { afterEach, describe, expect, test } from "vitest";
import { freePort, type Program, startEnvoy } from "./programs.ts";

// What goes wrong behind Envoy, which answers in the place of a broker that it cannot reach, and Envoy itself.

const topic = "/default/proxied";
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

async function start(options: BrokerOptions = {}, settings: readonly string[] = []) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const broker = await startBroker({ brokers: 3, connectUrl: url, loadMs: 20, ...options });
  closing.push(() => broker.close());
  let envoy: Program | undefined = await startEnvoy(port, broker.urls, settings);
  const down = async () => {
    await envoy?.end();
    envoy = undefined;
  };
  closing.push(down);
  const up = async () => {
    envoy = await startEnvoy(port, broker.urls);
  };
  return { broker, url, down, up };
}

function client(url: string, transport: TransportName) {
  const danube = connect({ brokers: url, transport, onEvent: () => {} });
  closing.push(() => danube.close({ timeoutMs: 0 }));
  return danube;
}

const ownerOf = (broker: EmbeddedBroker) => broker.topics()[0]?.owner as number;
const arrived = (broker: EmbeddedBroker) => [...new Set(broker.messages(topic).map(({ text }) => text))];
const texts = (count: number) => Array.from({ length: count }, (_, i) => `${i}`);

describe.each(["socket", "node"] as const)("over %s", (transport) => {
  test("a broker that is down for a while: what was sent meanwhile waits for it", async () => {
    const { broker, url } = await start({ failoverMs: 60_000 });
    const { send } = await client(url, transport).createProducer({ topic, dispatch: "reliable" });
    await send("0");
    const owner = ownerOf(broker);
    await broker.kill(owner);
    const sent = texts(20)
      .slice(1)
      .map((text) => send(text));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await broker.restart(owner);
    await Promise.all(sent);
    expect(arrived(broker)).toEqual(texts(20));
  });

  test("one that dies for good: its topic is sent to where it goes", async () => {
    const { broker, url } = await start({ failoverMs: 500 });
    const { send } = await client(url, transport).createProducer({ topic, dispatch: "reliable" });
    await send("0");
    const dead = ownerOf(broker);
    await broker.kill(dead);
    await Promise.all(
      texts(20)
        .slice(1)
        .map((text) => send(text)),
    );
    expect(arrived(broker)).toEqual(texts(20));
    expect(ownerOf(broker)).not.toBe(dead);
  });

  test("one that breaks off within a call: the message is sent again, and given up it is unknown", async () => {
    const { broker, url } = await start();
    const danube = client(url, transport);
    const { send } = await danube.createProducer({ topic, dispatch: "reliable" });
    for (const drop of ["request", "response"] as const) {
      broker.fault({ rpc: "SendMessage", drop });
      await send(drop);
    }
    expect(broker.messages(topic).map(({ text }) => text)).toEqual(["request", "response", "response"]);
    const end = broker.fault({ rpc: "SendMessage", drop: "response", times: 1_000 });
    const error = (await send("given up", { timeoutMs: 500 }).catch((reason: unknown) => reason)) as DanubeError;
    end();
    expect(error).toMatchObject({ code: "TIMEOUT", outcome: "unknown" });
  });

  test("Envoy itself is ended and started again: what was sent meanwhile arrives", async () => {
    const { broker, url, down, up } = await start();
    const { send } = await client(url, transport).createProducer({ topic, dispatch: "reliable" });
    await send("0");
    await down();
    const sent = texts(20)
      .slice(1)
      .map((text) => send(text));
    await new Promise((resolve) => setTimeout(resolve, 500));
    await up();
    await Promise.all(sent);
    expect(arrived(broker)).toEqual(texts(20));
  });

  test("no broker at all: createProducer ends in its time, and the error says what Envoy says", async () => {
    const { broker, url } = await start();
    await broker.close();
    const creating = client(url, transport).createProducer({ topic, createTimeoutMs: 1_000 });
    const error = (await creating.catch((reason: unknown) => reason)) as DanubeError;
    expect(error).toMatchObject({ code: "TIMEOUT", cause: { code: "UNAVAILABLE" } });
    expect((error.cause as Error).message).toMatch(/upstream/);
  });
});

test("connections that Envoy ends after 0.4 s each, in two steps: no message is lost, and none sent twice", async () => {
  const ages = ["common_http_protocol_options: { max_connection_duration: 0.4s }", "drain_timeout: 0.1s"];
  const { broker, url } = await start({}, ages);
  const counted = await countConnections(Number(new URL(url).port));
  const danube = connect({ brokers: counted.url, transport: "socket", mapBrokerUrl: () => counted.url });
  closing.push(() => danube.close({ timeoutMs: 0 }));
  const { send } = await danube.createProducer({ topic, order: "none" });
  const end = performance.now() + 5_000;
  let sent = 0;
  const sender = async () => {
    while (performance.now() < end) {
      await send(`${++sent}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, sender));
  expect(sent).toBeGreaterThan(500);
  expect(counted.connections()).toBeGreaterThan(8);
  const numbers = broker.messages(topic).map(({ text }) => Number(text));
  expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: sent }, (_, i) => i + 1));
});

/** Something in front of a port that passes everything on. */
async function countConnections(port: number) {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    const onward = createConnection(port, "127.0.0.1");
    for (const one of [socket, onward]) {
      one.on("error", () => {});
      one.once("close", () => void (one === socket ? onward : socket).destroy());
    }
    socket.pipe(onward).pipe(socket);
  });
  closing.push(async () => void server.close());
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, connections: () => connections };
}
