import { createServer, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { connect, type DanubeError } from "@danube-messaging/client";
import { type BrokerOptions, type EmbeddedBroker, startBroker } from "@danube-messaging/client/testing";
import { afterEach, describe, expect, test } from "vitest";
import { freePort, type GrpcWebOptions, startEnvoy, startGrpcWebEnvoy } from "./programs.ts";

// The transport "fetch" through Envoy as examples/edge/envoy.yaml sets it up, and what that does not let through.

const topic = "/default/web";
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

async function start(options: BrokerOptions = {}, envoy: GrpcWebOptions = {}, listed = (urls: string[]) => urls) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const broker = await startBroker({ brokers: 3, connectUrl: url, loadMs: 20, ...options });
  closing.push(() => broker.close());
  const program = await startGrpcWebEnvoy(port, listed([...broker.urls]), envoy);
  closing.push(program.end);
  return { broker, url };
}

function client(url: string) {
  const warnings: string[] = [];
  const danube = connect({
    brokers: url,
    transport: "fetch",
    onEvent: (event) => void (event.type === "warning" && warnings.push(`${event.code}: ${event.message}`)),
  });
  closing.push(() => danube.close({ timeoutMs: 0 }));
  return { danube, warnings };
}

const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => expect.unreachable("it succeeded"),
    (reason: unknown) => reason as DanubeError,
  );
const ownerOf = (broker: EmbeddedBroker) => broker.topics()[0]?.owner as number;
const texts = (count: number) => Array.from({ length: count }, (_, i) => `${i}`);

test("messages arrive, once and in order, and many at once", async () => {
  const { broker, url } = await start();
  const { danube, warnings } = client(url);
  await danube.ready();
  const inOrder = await danube.createProducer({ topic, dispatch: "reliable" });
  await Promise.all(texts(50).map((text) => inOrder.send(text, { attributes: { from: "fetch" } })));
  expect(broker.messages(topic).map(({ text }) => text)).toEqual(texts(50));
  const atOnce = await danube.createProducer({ topic: `${topic}-2`, order: "none" });
  await Promise.all(texts(500).map((text) => atOnce.send(text)));
  expect(new Set(broker.messages(`${topic}-2`).map(({ text }) => text))).toEqual(new Set(texts(500)));
  expect(warnings).toEqual([]);
});

test("an owner that dies behind it: its topic is sent to where it goes", async () => {
  const { broker, url } = await start({ failoverMs: 500 });
  const { send } = await client(url).danube.createProducer({ topic, dispatch: "reliable" });
  await send("0");
  const dead = ownerOf(broker);
  await broker.kill(dead);
  const [, ...rest] = texts(20);
  await Promise.all(rest.map((text) => send(text)));
  expect([...new Set(broker.messages(topic).map(({ text }) => text))]).toEqual(texts(20));
  expect(ownerOf(broker)).not.toBe(dead);
});

test("one that breaks off within a call: the message is sent again, and given up it is unknown", async () => {
  const { broker, url } = await start();
  const { send } = await client(url).danube.createProducer({ topic, dispatch: "reliable" });
  for (const drop of ["request", "response"] as const) {
    broker.fault({ rpc: "SendMessage", drop });
    await send(drop);
  }
  expect(broker.messages(topic).map(({ text }) => text)).toEqual(["request", "response", "response"]);
  broker.fault({ rpc: "SendMessage", drop: "response", times: 1_000 });
  expect(await failureOf(send("given up", { timeoutMs: 500 }))).toMatchObject({ code: "TIMEOUT", outcome: "unknown" });
});

describe("what is not on its lists", () => {
  test("a broker: PERMISSION_DENIED, and it is asked nothing", async () => {
    const { broker, url } = await start({}, {}, (urls) => urls.slice(0, 1));
    // Topics go to all three.
    const creating = [..."abcdefghijkl"].map((name) =>
      client(url).danube.createProducer({ topic: `${topic}-${name}` }),
    );
    const ends = await Promise.allSettled(creating);
    const refused = ends.flatMap((end) => (end.status === "rejected" ? [end.reason as DanubeError] : []));
    expect(refused.length).toBeGreaterThan(0);
    for (const error of refused) {
      expect(error).toMatchObject({
        code: "PERMISSION_DENIED",
        message: expect.stringContaining("RBAC: access denied"),
      });
    }
    const producers = broker.topics().filter(({ owner, producers }) => owner !== 0 && Number(producers?.length) > 0);
    expect(producers).toEqual([]);
  });

  test("a call: PERMISSION_DENIED", async () => {
    const { url } = await start();
    const { danube } = client(url);
    expect(await failureOf(danube.schemas.subjects())).toMatchObject({ code: "PERMISSION_DENIED" });
  });

  test("an origin: browsers are told of no grant, and of one to those that are listed", async () => {
    const { url } = await start({}, { origins: ["https://a.test", "https://b.test"] });
    const asked = async (origin: string) => {
      const { headers } = await fetch(`${url}/danube.HealthCheck/HealthCheck`, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "x-grpc-web" },
      });
      const allowed = headers.get("access-control-allow-headers")?.split(",");
      return { granted: headers.get("access-control-allow-origin"), allowed };
    };
    const names = [
      "authorization",
      "content-type",
      "grpc-timeout",
      "x-danube-broker-url",
      "x-grpc-web",
      "x-user-agent",
    ];
    expect(await asked("https://a.test")).toEqual({ granted: "https://a.test", allowed: names });
    expect(await asked("https://b.test")).toMatchObject({ granted: "https://b.test" });
    expect(await asked("https://a.test.evil")).toMatchObject({ granted: null });
    const answer = await fetch(`${url}/danube.HealthCheck/HealthCheck`, {
      method: "POST",
      headers: { origin: "https://a.test", "content-type": "application/grpc-web+proto" },
      body: new Uint8Array(5),
    });
    const exposed = ["grpc-status", "grpc-message", "grpc-status-details-bin", "error-message-bin"];
    expect(answer.headers.get("access-control-expose-headers")?.split(",")).toEqual(exposed);
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://a.test");
  });
});

describe("what reaches a broker", () => {
  const ok = Uint8Array.of(0, 0, 0, 0, 0);

  /** A broker that notes what it is asked, behind the proxy. */
  async function noting(): Promise<{ url: string; host: string; asked: IncomingHttpHeaders[] }> {
    const asked: IncomingHttpHeaders[] = [];
    const server = createServer();
    server.on("stream", (stream, headers) => {
      stream.on("error", () => {});
      stream.resume();
      asked.push(headers);
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(ok);
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    closing.push(async () => void server.close());
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const port = await freePort();
    const envoy = await startGrpcWebEnvoy(port, [`http://${host}`]);
    closing.push(envoy.end);
    return { url: `http://127.0.0.1:${port}`, host, asked };
  }

  const post = async (url: string, headers: Record<string, string>, path = "/danube.HealthCheck/HealthCheck") => {
    const init = { method: "POST", headers: { "content-type": "application/grpc-web+proto", ...headers }, body: ok };
    const answer = await fetch(url + path, init);
    return [answer.status, await answer.arrayBuffer()][0];
  };

  test("never says that it comes from a broker", async () => {
    const { url, host, asked } = await noting();
    const forged = { "x-danube-internal-broker": "broker-1", "X-Danube-Internal-Broker": "broker-1" };
    expect(await post(url, forged)).toBe(200);
    expect(await post(url, { ...forged, "x-danube-broker-url": `http://${host}`, authorization: "Bearer x" })).toBe(
      200,
    );
    expect(asked.map((headers) => headers["x-danube-internal-broker"])).toEqual([undefined, undefined]);
    expect(asked[1]).toMatchObject({ authorization: "Bearer x", "content-type": "application/grpc" });
  });

  test("is a listed call to a listed broker, whatever is tried", async () => {
    const { url, host, asked } = await noting();
    const to = (broker: string) => ({ "x-danube-broker-url": broker });
    const other = await freePort();
    expect(await post(url, to(`http://127.0.0.1:${other}`))).toBe(403);
    expect(await post(url, to(`http://${host}.evil.test`))).toBe(403);
    expect(await post(url, to(`http://${host}@127.0.0.1:${other}`))).toBe(403);
    expect(await post(url, to(`${host}, 127.0.0.1:${other}`))).toBe(403);
    expect(await post(url, to(""))).toBe(403);
    expect(await post(url, {}, "/danube.ConsumerService/Subscribe")).toBe(403);
    expect(await post(url, {}, "/danube_admin.BrokerAdmin/UnloadTopic")).toBe(403);
    expect(await post(url, {}, "/danube.HealthCheck/HealthCheck%2f..%2f..%2fdanube.ConsumerService/Subscribe")).toBe(
      400,
    );
    // As a page can without asking first.
    expect(await post(url, { "content-type": "text/plain" })).toBe(403);
    expect((await fetch(`${url}/danube.HealthCheck/HealthCheck`)).status).toBe(403);
    expect(asked).toEqual([]);
    expect(await post(url, to(`http://${host}/`))).toBe(200);
    expect(asked.length).toBe(1);
  });
});

describe("where it is not what it should be", () => {
  test("a proxy without gRPC-Web, and a broker itself: an error that says what is wanted", async () => {
    const port = await freePort();
    const broker = await startBroker({ brokers: 3, connectUrl: `http://127.0.0.1:${port}` });
    closing.push(() => broker.close());
    const envoy = await startEnvoy(port, broker.urls);
    closing.push(envoy.end);
    for (const url of [`http://127.0.0.1:${port}`, broker.urls[0] as string]) {
      const { danube, warnings } = client(url);
      const { code, message } = await failureOf(danube.createProducer({ topic, createTimeoutMs: 1_000 }));
      // Not every runtime tells a broker's HTTP/2 from silence, which may pass: then the reason is in the warning.
      expect(["PROTOCOL", "TIMEOUT"]).toContain(code);
      expect([message, ...warnings].join("\n")).toMatch(/an Envoy with (gRPC-Web|the grpc_web filter)/);
    }
  });

  test("no proxy at all: it is waited for, and the error tells of no connection", async () => {
    const creating = client(`http://127.0.0.1:${await freePort()}`).danube.createProducer({
      topic,
      createTimeoutMs: 500,
    });
    const error = await failureOf(creating);
    expect(error).toMatchObject({ code: "TIMEOUT", cause: { code: "UNAVAILABLE" } });
    expect((error.cause as Error).message).toContain("cannot connect");
  });

  test("settings of TLS are refused, and why", () => {
    const tls = { ca: "pem" };
    expect(() => connect({ brokers: "https://proxy.test", transport: "fetch", tls })).toThrow(
      new TypeError('"tls.ca" cannot be honoured here: fetch takes no TLS settings: those of the runtime hold'),
    );
  });
});
