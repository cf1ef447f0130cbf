import { readFileSync } from "node:fs";
import { createServer as createHttp1Server } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { ConnectOptions, DanubeError, DanubeEvent } from "@danube-messaging/client";
import { type EmbeddedBroker, startBroker } from "@danube-messaging/client/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connect } from "./connect.ts";

// Whoever answers: a clear error, in time, and nothing left open.

const pem = (name: string) => readFileSync(new URL(`../certs/${name}`, import.meta.url), "utf8");
const closing: (() => unknown)[] = [];

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

/** A server that does `greet` with each connection; tells how many connections it has. */
async function serve(
  greet: (socket: Socket) => void,
  server: Server = createServer(greet),
): Promise<{ url: string; connections(): number }> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    // A socket that nobody reads does not notice its end.
    socket.resume();
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    for (const socket of sockets) {
      socket.destroy();
    }
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => sockets.size };
}

async function tryBoth(options: ConnectOptions): Promise<{ ready: DanubeError; create: DanubeError }> {
  const danube = connect({ attemptTimeoutMs: 300, onEvent: () => {}, ...options });
  const refusal = (promise: Promise<unknown>) =>
    promise.then(
      () => ({ code: "none", message: "it worked" }) as never,
      (reason: DanubeError) => reason,
    );
  const result = {
    ready: await refusal(danube.ready()),
    create: await refusal(danube.createProducer({ topic: "/default/bad", createTimeoutMs: 500 })),
  };
  await danube.close();
  return result;
}

describe("a server that is no Danube broker", () => {
  const noise = Uint8Array.from({ length: 3_000 }, (_, i) => (i * 7_919) % 251);
  const servers: [what: string, greet: (socket: Socket) => void, server?: Server][] = [
    ["speaks HTTP/1", () => {}, createHttp1Server((_, response) => response.end("<html>hello</html>"))],
    ["sends rubbish", (socket) => socket.write(noise)],
    ["sends rubbish and closes", (socket) => socket.end(noise)],
  ];
  for (const [what, greet, server] of servers) {
    test(`${what}: PROTOCOL, and the connection is gone`, async () => {
      const { url, connections } = await serve(greet, server);
      const { ready, create } = await tryBoth({ brokers: url });
      expect(ready).toMatchObject({ code: "PROTOCOL", retryable: false });
      expect(create).toMatchObject({ code: "PROTOCOL" });
      expect(create.message).toContain(url);
      await expect.poll(connections, { timeout: 2_000 }).toBe(0);
    });
  }

  test("accepts and says nothing: UNAVAILABLE and TIMEOUT in time, and the connection is gone", async () => {
    const { url, connections } = await serve(() => {});
    const startedAt = Date.now();
    const { ready, create } = await tryBoth({ brokers: url });
    expect(Date.now() - startedAt).toBeLessThan(3_000);
    expect(ready.code).toBe("UNAVAILABLE");
    expect(create).toMatchObject({ code: "TIMEOUT", cause: { code: "TIMEOUT" } });
    await expect.poll(connections, { timeout: 2_000 }).toBe(0);
  });

  for (const [what, afterMs] of [
    ["at once", 0],
    ["after a moment", 50],
  ] as const) {
    // As a forwarded port does while its broker starts: waited for, with a warning that tells the other reasons.
    test(`closes ${what}: UNAVAILABLE and TIMEOUT, with a hint and a warning`, async () => {
      const { url, connections } = await serve((socket) => setTimeout(() => socket.destroy(), afterMs));
      const warnings: string[] = [];
      const onEvent = (event: DanubeEvent) => event.type === "warning" && warnings.push(event.code);
      const { ready, create } = await tryBoth({ brokers: url, onEvent });
      expect(ready).toMatchObject({ code: "UNAVAILABLE", retryable: true });
      expect(create).toMatchObject({ code: "TIMEOUT", cause: { code: "UNAVAILABLE" } });
      expect(create.message).toContain("For TLS the URL begins with https://");
      expect(new Set(warnings)).toEqual(new Set(["BROKER_SILENT"]));
      await expect.poll(connections, { timeout: 2_000 }).toBe(0);
    });
  }

  test("beside one that is: the broker is found", async () => {
    const broker = await startBroker();
    closing.push(() => broker.close());
    const { url } = await serve((socket) => socket.end(noise));
    const danube = connect({ brokers: [url, ...broker.urls], onEvent: () => {} });
    closing.unshift(() => danube.close());
    await danube.ready();
    await (await danube.createProducer({ topic: "/default/good" })).send("x");
  });
});

describe("TLS", () => {
  let plain: EmbeddedBroker;
  let secure: EmbeddedBroker;
  let mutual: EmbeddedBroker;
  const ca = pem("ca.pem");
  const server = { cert: pem("server.pem"), key: pem("server.key") };
  const client = { cert: pem("client.pem"), key: pem("client.key") };

  beforeAll(async () => {
    [plain, secure, mutual] = await Promise.all([
      startBroker(),
      startBroker({ tls: server, tokens: ["secret"] }),
      startBroker({ tls: { ...server, ca } }),
    ]);
  });
  afterAll(() => Promise.all([plain, secure, mutual].map((broker) => broker.close())));

  const url = (broker: EmbeddedBroker) => broker.urls[0] as string;
  const refusals: [what: string, options: () => ConnectOptions][] = [
    ["a TLS client and a plain port", () => ({ brokers: url(plain).replace("http", "https") })],
    ["an authority that nobody trusts", () => ({ brokers: url(secure) })],
    ["another authority", () => ({ brokers: url(secure), tls: { ca: pem("other-ca.pem") } })],
    ["another server name", () => ({ brokers: url(secure), tls: { ca, serverName: "elsewhere.test" } })],
    ["no client certificate where one is wanted", () => ({ brokers: url(mutual), tls: { ca } })],
  ];
  for (const [what, options] of refusals) {
    test(`${what}: PROTOCOL`, async () => {
      const { ready, create } = await tryBoth(options());
      expect(ready.code).toBe("PROTOCOL");
      expect(create.code).toBe("PROTOCOL");
    });
  }

  test("a plain client and a TLS port: a time-out that names the remedy", async () => {
    const { ready, create } = await tryBoth({ brokers: url(secure).replace("https", "http") });
    expect(ready.message).toContain("For TLS the URL begins with https://");
    expect(create.code).toBe("TIMEOUT");
    expect(create.message).toContain("For TLS the URL begins with https://");
  });

  const successes: [what: string, options: () => ConnectOptions][] = [
    ["a custom authority, and a token", () => ({ brokers: url(secure), tls: { ca }, token: "secret" })],
    [
      "bytes instead of strings",
      () => ({ brokers: url(secure), tls: { ca: [new TextEncoder().encode(ca)] }, token: "secret" }),
    ],
    ["a server name", () => ({ brokers: url(secure), tls: { ca, serverName: "broker.test" }, token: "secret" })],
    ["a client certificate", () => ({ brokers: url(mutual), tls: { ca, ...client } })],
    ["no scheme, since tls is given", () => ({ brokers: url(mutual).replace("https://", ""), tls: { ca, ...client } })],
  ];
  for (const [what, options] of successes) {
    test(`${what}: it works`, async () => {
      const danube = connect({ onEvent: () => {}, ...options() });
      closing.push(() => danube.close());
      await danube.ready();
      await (await danube.createProducer({ topic: "/default/secure" })).send("x");
    });
  }

  test("tokens: none and a wrong one are UNAUTHENTICATED; a function is asked once more", async () => {
    const tls = { ca };
    expect((await tryBoth({ brokers: url(secure), tls })).create).toMatchObject({ code: "UNAUTHENTICATED" });
    expect((await tryBoth({ brokers: url(secure), tls, token: "wrong" })).create).toMatchObject({
      code: "UNAUTHENTICATED",
    });
    const tokens = ["expired", "secret", "unused"];
    let asked = 0;
    const danube = connect({ brokers: url(secure), tls, token: () => tokens[asked++] as string });
    closing.push(() => danube.close());
    const producers = Array.from({ length: 5 }, (_, i) =>
      danube.createProducer({ topic: "/default/tokens", name: `p${i}` }),
    );
    await Promise.all((await Promise.all(producers)).map(({ send }) => send("x")));
    expect(asked).toBe(2);
  });
});
