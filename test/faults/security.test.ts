import { readFileSync } from "node:fs";
import type { ConnectOptions, DanubeError } from "@danube-messaging/client";
import { startBroker } from "@danube-messaging/client/testing";
import { afterEach, describe, expect, test } from "vitest";
import { TopicPartitionsResponseSchema } from "../../gen/danube/danube_api_pb.ts";
import { connect } from "./connect.ts";
import { type Answer, answerWith, type Came, type HandMade, handMade, redirectTo, served } from "./hand-made.ts";

// What a broker of ill will says, and what tokens go where. docs/security.md tells what is promised.

const pem = (name: string) => readFileSync(new URL(`../certs/${name}`, import.meta.url), "utf8");
const ca = pem("ca.pem");
const server = { cert: pem("server.pem"), key: pem("server.key") };
const token = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0LXRva2Vu.S3cr3tSignature";
const topic = "/default/secure";
const closing: (() => unknown)[] = [];

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function serve(answer: (call: Came) => Answer | undefined, tls?: typeof server): Promise<HandMade> {
  const made = await handMade(answer, tls);
  closing.push(made.close);
  return made;
}

/** A client's createProducer, which is to fail; and everything about it that a log could have. */
async function refusal(options: ConnectOptions): Promise<DanubeError> {
  const danube = connect({ attemptTimeoutMs: 1_000, createTimeoutMs: 2_000, onEvent: () => {}, ...options });
  closing.unshift(() => danube.close());
  return danube.createProducer({ topic }).then(
    () => ({ code: "none", message: "it worked" }) as never,
    (reason: DanubeError) => reason,
  );
}

/** Who answers lookups with `answer`, and nothing else of note. */
const leadingTo = (answer: () => Answer) => (call: Came) => (call.rpc === "TopicLookup" ? answer() : served(call));
const tokensAt = ({ calls }: HandMade) => calls.filter(({ header }) => header.authorization !== undefined).length;

describe("where a lookup leads, without TLS", () => {
  const ways: [what: string, url: (port: number) => string][] = [
    ["another machine", (port) => `http://0.0.0.0:${port}`],
    ["in capitals", (port) => `HTTP://0.0.0.0:${port}/`],
    ["without a scheme", (port) => `0.0.0.0:${port}`],
    ["as a number", (port) => `http://0:${port}`],
    ["IPv4 within IPv6", (port) => `http://[::ffff:127.0.0.1]:${port}`],
    ["with line breaks, which URLs drop", (port) => `http://0.0.\r\n0.0:${port}`],
  ];
  for (const proxy of [false, true]) {
    for (const [what, url] of ways) {
      test(`${what}${proxy ? ", as a proxy" : ""}: the token does not go there`, async () => {
        const elsewhere = await serve(served);
        const lookup = () => redirectTo(url(elsewhere.port), `http://broker:${elsewhere.port}`, proxy);
        const seed = await serve(leadingTo(lookup));
        const error = await refusal({ brokers: `http://127.0.0.1:${seed.port}`, token });
        expect(error).toMatchObject({ code: "UNAUTHENTICATED", retryable: false });
        expect(error.message).toContain("without TLS");
        expect(tokensAt(seed)).toBeGreaterThan(0);
        expect(elsewhere.calls).toEqual([]);
      });
    }
  }

  test("with allowInsecure it does, which is what the others would otherwise have seen", async () => {
    const elsewhere = await serve(served);
    const seed = await serve(leadingTo(() => redirectTo(`http://0.0.0.0:${elsewhere.port}`)));
    await refusal({ brokers: `http://127.0.0.1:${seed.port}`, token, allowInsecure: true });
    expect(tokensAt(elsewhere)).toBeGreaterThan(0);
  });

  test("from a broker with TLS nothing goes there at all", async () => {
    const elsewhere = await serve(served);
    const seed = await serve(
      leadingTo(() => redirectTo(`http://127.0.0.1:${elsewhere.port}`)),
      server,
    );
    const brokers = `https://127.0.0.1:${seed.port}`;
    const tls = { ca };
    for (const options of [
      { brokers, tls },
      { brokers, tls, token },
      { brokers, tls, mapBrokerUrl: (url: string) => url.replace("https:", "http:") },
    ]) {
      const error = await refusal(options);
      expect(error).toMatchObject({ code: "PROTOCOL" });
      expect(error.message).toContain("uses TLS, and this address does not");
    }
    expect(elsewhere.calls).toEqual([]);
  });
});

describe("what a lookup names that is no broker's address", () => {
  const addresses = [
    "javascript:alert(1)",
    "javascript://127.0.0.1/%0aalert(1)",
    "file:///etc/passwd",
    "unix:///var/run/docker.sock",
    "https:evil.example",
    "http://127.0.0.1:1@evil.example:6650",
    "https://user:password@evil.example:6650",
    "https://evil.example/path",
    "https://evil.example?query",
    "https://evil.example#fragment",
    "https://",
    "https://127.0.0.1:99999",
    "\u001b[2J\u001b]0;owned\u0007",
    `https://${"a".repeat(1_000_000)}:1`,
    `\n${"x".repeat(1_000_000)}`,
  ];
  for (const address of addresses) {
    test(`${JSON.stringify(address.slice(0, 40))}: PROTOCOL, in a few plain words`, async () => {
      const seed = await serve(leadingTo(() => redirectTo(address)));
      const error = await refusal({ brokers: `http://127.0.0.1:${seed.port}`, token });
      expect(error).toMatchObject({ code: expect.stringMatching(/PROTOCOL|TIMEOUT/) as string });
      expect(error.message.length).toBeLessThan(3_000);
      expect(error.message).not.toMatch(/\p{Cc}/u);
    });
  }

  test("mapBrokerUrl may refuse one, by throwing: nobody is dialled", async () => {
    const elsewhere = await serve(served);
    const seed = await serve(leadingTo(() => redirectTo(`http://127.0.0.1:${elsewhere.port}`)));
    const error = await refusal({
      brokers: `http://127.0.0.1:${seed.port}`,
      token,
      mapBrokerUrl() {
        throw new Error("not one of ours");
      },
    });
    expect(error).toMatchObject({ code: "PROTOCOL" });
    expect(error.message).toContain("not one of ours");
    expect(elsewhere.calls).toEqual([]);
  });

  for (const name of ["http://b:1\r\nx-admin: 1", "http://b:1\nx-admin: 1", "bröker:1", "b\0:1", "a".repeat(5_000)]) {
    test(`a broker's name behind a proxy, ${JSON.stringify(name.slice(0, 30))}, makes no header`, async () => {
      const seed = await serve(leadingTo(() => redirectTo("", name, true)));
      const error = await refusal({ brokers: `http://127.0.0.1:${seed.port}` });
      expect(error).toMatchObject({ code: "PROTOCOL" });
      expect(error.message.length).toBeLessThan(3_000);
      expect(seed.calls.flatMap(({ header }) => Object.keys(header))).not.toContain("x-danube-broker-url");
    });
  }
});

test("a partition with a number beyond all measure: PROTOCOL, and no more is made of it", async () => {
  const partitions = [`${topic}-part-4294967295`];
  const seed = await serve((call) =>
    call.rpc === "TopicLookup"
      ? { status: 5, words: "no such topic" }
      : call.rpc === "TopicPartitions"
        ? answerWith(TopicPartitionsResponseSchema, { partitions })
        : served(call),
  );
  const error = await refusal({ brokers: `http://127.0.0.1:${seed.port}` });
  expect(error).toMatchObject({ code: "PROTOCOL" });
  expect(seed.calls.filter(({ rpc }) => rpc === "CreateProducer")).toEqual([]);
});

describe("what a broker says of a failure", () => {
  const failing = (words: string, header = {}) =>
    serve((call) => (call.rpc === "CreateProducer" ? { status: 7, words, header } : served(call)));

  test("cannot write to a terminal, nor a line of its own into a log", async () => {
    const seed = await failing("no\r\n\u001b[31mroot\u001b[0m\u0007\u009b2J\u2028\u202elogged in");
    const error = await refusal({ brokers: `http://127.0.0.1:${seed.port}` });
    expect(error).toMatchObject({ code: "PERMISSION_DENIED" });
    expect(error.message).toContain("root");
    for (let one: unknown = error; one instanceof Error; one = one.cause) {
      expect(one.message).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
    }
  });

  test("is cut, however long it is", async () => {
    const seed = await failing("long,".repeat(2_400));
    const error = await refusal({ brokers: `http://127.0.0.1:${seed.port}` });
    expect(error).toMatchObject({ code: "PERMISSION_DENIED" });
    expect(error.message.length).toBeLessThan(5_000);
    expect(error.message).toContain("characters more");
  });

  test("with fields beyond 64 KiB: the call fails, and the client goes on", async () => {
    let odd = true;
    const seed = await serve((call) =>
      call.rpc === "CreateProducer" && odd ? { status: 7, words: "x".repeat(200_000) } : served(call),
    );
    const danube = connect({ brokers: `http://127.0.0.1:${seed.port}`, onEvent: () => {}, attemptTimeoutMs: 1_000 });
    closing.unshift(() => danube.close());
    await expect(danube.createProducer({ topic, createTimeoutMs: 1_500 })).rejects.toMatchObject({
      code: expect.stringMatching(/TIMEOUT|UNAVAILABLE|PROTOCOL/) as string,
    });
    odd = false;
    await (await danube.createProducer({ topic })).send("x");
  });
});

describe("tokens", () => {
  test("one that is replaced while messages are under way: all arrive, and the function was asked once more", async () => {
    let good = "first-token";
    const seed = await serve((call) =>
      call.header.authorization === `Bearer ${good}` ? served(call) : { status: 16, words: "Invalid token" },
    );
    let asked = 0;
    const tokens = ["first-token", "second-token"];
    const danube = connect({
      brokers: `http://127.0.0.1:${seed.port}`,
      onEvent: () => {},
      async token() {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return tokens[asked++] as string;
      },
    });
    closing.unshift(() => danube.close());
    const { send } = await danube.createProducer({ topic, order: "none" });
    expect(asked).toBe(1);
    const sending = Array.from({ length: 1_000 }, async (_, i) => {
      if (i === 500) {
        good = "second-token";
      }
      await send(`message ${i}`);
    });
    await Promise.all(sending);
    expect(asked).toBe(2);
    // The one that was refused is not tried again for each.
    const refused = seed.calls.filter(({ header }) => header.authorization === "Bearer first-token").length;
    expect(refused).toBeLessThan(1_000);
  });

  test("a broker that refuses them all is not asked for ever: the function once more, then the other form, then the end", async () => {
    const seed = await serve(() => ({ status: 16, words: "Invalid token" }));
    let asked = 0;
    const error = await refusal({ brokers: `http://127.0.0.1:${seed.port}`, token: () => `token-${++asked}` });
    expect(error).toMatchObject({ code: "UNAUTHENTICATED", retryable: false });
    expect(asked).toBe(2);
    expect(seed.calls.map(({ header }) => header.authorization)).toEqual([
      "Bearer token-1",
      "Bearer token-2",
      "token-2",
    ]);
  });
});

test("strings that could break out of where they stand arrive as they are", async () => {
  const broker = await startBroker();
  closing.push(() => broker.close());
  const danube = connect({ brokers: broker.urls, onEvent: () => {} });
  closing.unshift(() => danube.close());
  const odd = 'a\r\nx-admin: 1\0\u001b[31m"\\é😀';
  const attributes = JSON.parse(`{"__proto__":"p","constructor":"c","":"empty"}`) as Record<string, string>;
  attributes[odd] = odd;
  const { send } = await danube.createProducer({ topic, name: odd });
  await send("x", { attributes, key: odd });
  const [message] = broker.messages(topic);
  expect(message).toMatchObject({ key: odd, producer: odd });
  expect(Object.entries(message?.attributes ?? {}).sort()).toEqual(Object.entries(attributes).sort());
  for (const options of [{ key: "\ud800" }, { attributes: { "\udc00": "x" } }, { attributes: { x: "\ud800" } }]) {
    await expect(send("x", options)).rejects.toThrow(TypeError);
  }
  await expect(danube.createProducer({ topic, name: "\ud800" })).rejects.toThrow(TypeError);
});
