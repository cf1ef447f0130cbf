import { type DanubeEvent, int64, reliable, text } from "@danube-messaging/client";
import {
  type AcceptedMessage,
  type BrokerOptions,
  type EmbeddedBroker,
  startBroker,
} from "@danube-messaging/client/testing";
import { describe, expect, test } from "vitest";
import { connect } from "./connect.ts";

// What brokers of older generations do to a client, and what becomes of it when they are replaced.

const topic = "/default/generations";
const soon = { backoff: () => 20 };

function portOf(broker: EmbeddedBroker): number {
  return Number(new URL(broker.urls[0] as string).port);
}

async function code(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "no error",
    (error: { code?: string }) => error.code ?? error,
  );
}

describe("the generation", () => {
  test.each(["0.4", "0.5"] as const)("%s is found out once, however many producers there are", async (generation) => {
    await using broker = await startBroker({ generation, brokers: 2, loadMs: 10 });
    const events: DanubeEvent[] = [];
    await using danube = connect({ brokers: broker.urls, ...soon, onEvent: (event) => events.push(event) });
    expect(danube.status().protocol).toBe("0.6");
    const create = (i: number) => danube.createProducer({ topic: `${topic}${i}`, name: `p${i}`, schema: text("s") });
    const producers = await Promise.all(Array.from({ length: 20 }, (_, i) => create(i)));
    await Promise.all(producers.map(({ send, name }) => send(name)));
    expect(broker.messages(`${topic}7`).map(({ text }) => text)).toEqual(["p7"]);
    expect(events.filter(({ type }) => type === "protocol-found")).toEqual([
      { type: "protocol-found", protocol: generation, url: expect.stringContaining("http://") },
    ]);
    expect(danube.status().protocol).toBe(generation);
    // One question to each broker that a producer was created on.
    expect(broker.calls("ListVersions")).toBeLessThanOrEqual(2);
  });

  test.each(["0.7", "0.15"] as const)("%s is not asked for", async (generation) => {
    await using broker = await startBroker({ generation });
    await using danube = connect({ brokers: broker.urls, ...soon });
    const { send } = await danube.createProducer({ topic, schema: text("s") });
    await send("x");
    expect(broker.calls("ListVersions")).toBe(0);
    expect(danube.status().events.some(({ type }) => type === "protocol-found")).toBe(false);
  });

  test.each(["reliable", "non-reliable"] as const)(
    "the brokers are upgraded and replaced, and the producer of a %s topic goes on",
    async (dispatch) => {
      const generations = ["0.4", "0.5", "0.6", "0.7", "0.15", "0.5", "0.15", "0.4"] as const;
      let broker = await startBroker({ generation: generations[0], loadMs: 10 });
      const port = portOf(broker);
      const events: DanubeEvent[] = [];
      const danube = connect({ brokers: broker.urls, ...soon, onEvent: (event) => events.push(event) });
      try {
        const schema = int64("numbers");
        const { send } = await danube.createProducer({
          topic,
          schema,
          dispatch: dispatch === "reliable" ? reliable({ segmentSizeMb: 7 }) : dispatch,
        });
        await send(0n);
        expect(broker.messages(topic)[0]?.text).toBe("0");
        expect(broker.topics()[0]).toMatchObject({ dispatch, schema: { type: "int64" } });
        for (const [i, generation] of generations.entries()) {
          await broker.close();
          broker = await startBroker({ generation, port, loadMs: 10 });
          // The first finds the producer gone, and was written for the brokers before.
          await send(BigInt(i));
          await send(77n);
          const inline = generation === "0.4" || generation === "0.5";
          const read = ({ text, payload }: AcceptedMessage) => (inline ? text : String(schema.decode?.(payload)));
          expect(broker.messages(topic).map(read)).toEqual([String(i), "77"]);
          expect(broker.messages(topic).map(({ schemaVersion }) => schemaVersion)).toEqual(
            inline ? [undefined, undefined] : [1, 1],
          );
          expect(broker.topics()[0]?.schema?.type).toBe(inline ? "int64" : undefined);
        }
        const found = events.flatMap((event) => (event.type === "protocol-found" ? [event.protocol] : []));
        expect(found).toEqual(["0.4", "0.5", "0.6", "0.5", "0.6", "0.4"]);
      } finally {
        await danube.close();
        await broker.close();
      }
    },
  );

  test("a token is good to the brokers before and after they are upgraded", async () => {
    for (const token of ["a-token", () => "a-token"]) {
      let broker = await startBroker({ generation: "0.7", tokens: ["a-token"], loadMs: 10 });
      const port = portOf(broker);
      const danube = connect({ brokers: broker.urls, token, ...soon });
      try {
        const { send } = await danube.createProducer({ topic });
        for (const generation of ["0.15", "0.7", "0.15"] as const) {
          await broker.close();
          broker = await startBroker({ generation, port, tokens: ["a-token"], loadMs: 10 });
          await send(generation);
          await danube.ready();
          expect(broker.messages(topic).map(({ text }) => text)).toEqual([generation]);
        }
      } finally {
        await danube.close();
        await broker.close();
      }
    }
  });

  test("a version that old brokers do not have is asked for again when they are new", async () => {
    let broker = await startBroker({ generation: "0.4", loadMs: 10 });
    const port = portOf(broker);
    const danube = connect({ brokers: broker.urls, ...soon });
    try {
      await danube.createProducer({ topic: "/default/first" });
      const schema = text("s", { version: 2 });
      expect(await code(danube.createProducer({ topic, schema }))).toBe("UNSUPPORTED");
      await broker.close();
      broker = await startBroker({ port });
      expect(await code(danube.createProducer({ topic, schema }))).toBe("SCHEMA_NOT_FOUND");
    } finally {
      await danube.close();
      await broker.close();
    }
  });

  test("of a topic of 0.4 that is adopted, no partition is made that might be otherwise", async () => {
    await using broker = await startBroker({ generation: "0.4", brokers: 2, loadMs: 10 });
    await using danube = connect({ brokers: broker.urls, ...soon });
    await danube.createProducer({ topic, name: "first", partitions: 2, dispatch: "reliable" });
    const grown = { topic, name: "second", partitions: 4, grow: true };
    expect(await code(danube.createProducer(grown))).toBe("UNSUPPORTED");
    expect(broker.topics()).toHaveLength(2);
    await danube.createProducer({ ...grown, dispatch: "reliable" });
    expect(broker.topics().map(({ dispatch }) => dispatch)).toEqual(["reliable", "reliable", "reliable", "reliable"]);
  });

  test("what was told is not doubted", async () => {
    await using broker = await startBroker({ generation: "0.5", loadMs: 10 });
    await using right = connect({ brokers: broker.urls, protocol: "0.5", ...soon });
    const { send } = await right.createProducer({ topic, schema: text("s") });
    await send("x");
    for (const protocol of ["0.4", "0.6"] as const) {
      await using wrong = connect({ brokers: broker.urls, protocol, ...soon });
      const error = await wrong.createProducer({ topic, schema: text("s"), dispatch: "reliable" }).catch((e) => e);
      expect(error).toMatchObject({ code: "PROTOCOL" });
      expect(error.message).toContain(`protocol: "${protocol}"`);
    }
    expect(broker.calls("ListVersions")).toBe(0);
  });
});

describe("API keys", () => {
  const withKey: BrokerOptions = { generation: "0.4", apiKeys: ["the key"], loadMs: 10 };

  test("are exchanged once, for all calls of all producers", async () => {
    await using broker = await startBroker({ ...withKey, brokers: 2 });
    await using danube = connect({ brokers: broker.urls, apiKey: "the key", ...soon });
    const create = (i: number) => danube.createProducer({ topic: `${topic}${i}`, schema: text("s") });
    const producers = await Promise.all(Array.from({ length: 10 }, (_, i) => create(i)));
    await Promise.all(producers.map(({ send }) => send("x")));
    expect(broker.calls("Authenticate")).toBe(1);
  });

  test("again when the token is refused: a broker that was restarted knows none", async () => {
    let broker = await startBroker(withKey);
    const danube = connect({ brokers: broker.urls, apiKey: "the key", ...soon });
    try {
      const { send } = await danube.createProducer({ topic });
      await send("before");
      const port = portOf(broker);
      await broker.close();
      broker = await startBroker({ ...withKey, port });
      await send("after");
      expect(broker.messages(topic).map(({ text }) => text)).toEqual(["after"]);
      expect(broker.calls("Authenticate")).toBe(1);
    } finally {
      await danube.close();
      await broker.close();
    }
  });

  test("a wrong one is UNAUTHENTICATED, at once, and not told", async () => {
    await using broker = await startBroker(withKey);
    await using danube = connect({ brokers: broker.urls, apiKey: "a wrong key", ...soon });
    const error = await danube.createProducer({ topic }).catch((e) => e);
    expect(error).toMatchObject({ code: "UNAUTHENTICATED" });
    expect(String(error)).not.toContain("a wrong key");
    expect(await code(danube.ready())).toBe("UNAUTHENTICATED");
  });

  test("a broker that is away is waited for", async () => {
    let broker = await startBroker(withKey);
    const port = portOf(broker);
    await broker.close();
    const danube = connect({ brokers: `http://127.0.0.1:${port}`, apiKey: "the key", ...soon });
    const creating = danube.createProducer({ topic });
    await new Promise((resolve) => setTimeout(resolve, 100));
    broker = await startBroker({ ...withKey, port });
    try {
      const { send } = await creating;
      await send("x");
      expect(broker.messages(topic)).toHaveLength(1);
    } finally {
      await danube.close();
      await broker.close();
    }
  });

  test("brokers that know of none say what they want instead", async () => {
    await using broker = await startBroker({ tokens: ["a token"] });
    await using danube = connect({ brokers: broker.urls, apiKey: "the key", ...soon });
    const error = await danube.createProducer({ topic }).catch((e) => e);
    expect(error).toMatchObject({ code: "UNSUPPORTED" });
    expect(error.message).toContain('"token"');
  });

  test("a token may also be given, and old brokers get it alone", async () => {
    for (const token of ["a token", () => "a token".replace(" ", "-")] as const) {
      const good = typeof token === "string" ? "a-token" : token();
      await using broker = await startBroker({ generation: "0.7", tokens: [good], loadMs: 10 });
      await using danube = connect({ brokers: broker.urls, token: typeof token === "string" ? good : token, ...soon });
      const { send } = await danube.createProducer({ topic });
      await send("x");
      await using wrong = connect({ brokers: broker.urls, token: "another", ...soon });
      expect(await code(wrong.createProducer({ topic }))).toBe("UNAUTHENTICATED");
    }
  });
});

describe("a topic that exists", () => {
  test.each(["0.4", "0.5", "0.6", "0.15"] as const)(
    "%s: partitions are adopted, and never become a plain topic beside them",
    async (generation) => {
      await using broker = await startBroker({ generation, brokers: 2, loadMs: 10 });
      await using danube = connect({ brokers: broker.urls, ...soon });
      await danube.createProducer({ topic, name: "first", partitions: 3 });
      const { partitions, send } = await danube.createProducer({ topic, name: "second" });
      expect(partitions).toBe(3);
      await send("x");
      expect(
        broker
          .topics()
          .map(({ topic: name }) => name)
          .sort(),
      ).toEqual([0, 1, 2].map((i) => `${topic}-part-${i}`));
    },
  );
});
