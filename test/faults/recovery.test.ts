import { type ConnectOptions, type Danube, DanubeError, type DanubeEvent } from "@danube-messaging/client";
import { type BrokerOptions, type EmbeddedBroker, startBroker } from "@danube-messaging/client/testing";
import { afterEach, describe, expect, test } from "vitest";
import { connect } from "./connect.ts";

// What the recovery loop does when the cluster misbehaves. The embedded broker lives in this process, so that faults
// can be timed; the suite runs on Node, Deno and Bun.

const topic = "/default/faults";
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function cluster(options: BrokerOptions = {}): Promise<EmbeddedBroker> {
  const broker = await startBroker({ brokers: 3, failoverMs: 300, loadMs: 10, ...options });
  closing.push(() => broker.close());
  return broker;
}

function client(
  broker: EmbeddedBroker,
  options: Partial<ConnectOptions> = {},
): { danube: Danube; events: DanubeEvent[] } {
  const events: DanubeEvent[] = [];
  const danube = connect({ brokers: broker.urls, onEvent: (event) => events.push(event), ...options });
  closing.unshift(() => danube.close({ timeoutMs: 0 }));
  return { danube, events };
}

const ownerOf = (broker: EmbeddedBroker, name = topic) =>
  broker.topics().find((state) => state.topic === name)?.owner as number;
const texts = (broker: EmbeddedBroker, name = topic) => broker.messages(name).map(({ text }) => text);

async function failure(promise: Promise<unknown>): Promise<DanubeError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DanubeError);
  return error as DanubeError;
}

describe("a send survives", () => {
  for (const dispatch of ["reliable", "non-reliable"] as const) {
    test(`its owner's death: another broker gets the ${dispatch} topic`, async () => {
      const broker = await cluster();
      const { danube, events } = client(broker);
      const { send } = await danube.createProducer({ topic, dispatch });
      await send("before");
      const owner = ownerOf(broker);
      await broker.kill(owner);
      await send("after");
      expect(ownerOf(broker)).not.toBe(owner);
      expect(texts(broker)).toEqual(["before", "after"]);
      expect(events.map(({ type }) => type)).toContain("recovered");
    });
  }

  test("its owner's restart: the producer is created again", async () => {
    const broker = await cluster();
    const { send } = await client(broker).danube.createProducer({ topic, dispatch: "reliable" });
    await send("before");
    await broker.restart(ownerOf(broker));
    await send("after");
    expect(texts(broker)).toEqual(["before", "after"]);
    expect(broker.calls("CreateProducer")).toBeGreaterThan(2);
  });

  test("the move of its topic, and the unload of a reliable one", async () => {
    const broker = await cluster();
    const { send } = await client(broker).danube.createProducer({ topic, dispatch: "reliable" });
    await send("1");
    await broker.moveTopic(topic, (ownerOf(broker) + 1) % 3);
    await send("2");
    await broker.unloadTopic(topic);
    await send("3");
    expect(texts(broker)).toEqual(["1", "2", "3"]);
  });

  test("the death of all brokers, when they come back", async () => {
    const broker = await cluster();
    const { send } = await client(broker).danube.createProducer({ topic, dispatch: "reliable" });
    await send("before");
    await Promise.all([0, 1, 2].map((i) => broker.kill(i)));
    const sending = send("after");
    await Promise.all([0, 1, 2].map((i) => broker.restart(i)));
    await sending;
    expect(texts(broker)).toEqual(["before", "after"]);
  });

  test("in order, when many are waiting while the owner dies and the topic moves", async () => {
    const broker = await cluster();
    const { danube } = client(broker);
    const { send } = await danube.createProducer({ topic, dispatch: "reliable" });
    const wanted = Array.from({ length: 120 }, (_, i) => String(i));
    const sends = wanted.map((text) => send(text));
    await sends[30];
    await broker.moveTopic(topic, (ownerOf(broker) + 1) % 3);
    await sends[60];
    await broker.kill(ownerOf(broker));
    await Promise.all(sends);
    // First deliveries are in order; a message whose answer was lost may be there twice.
    expect([...new Set(texts(broker))]).toEqual(wanted);
  });

  test("one recovery for many waiting sends", async () => {
    const broker = await cluster();
    const { danube } = client(broker);
    const { send } = await danube.createProducer({ topic, dispatch: "reliable", order: "none" });
    await send("first");
    const created = broker.calls("CreateProducer");
    await broker.restart(ownerOf(broker));
    await Promise.all(Array.from({ length: 100 }, (_, i) => send(String(i))));
    expect(broker.calls("CreateProducer") - created).toBe(1);
    expect(new Set(texts(broker)).size).toBe(101);
  });
});

describe("what is known about a message", () => {
  test("an answer that is lost is sent again: the message may be there twice", async () => {
    const broker = await cluster();
    const { send } = await client(broker).danube.createProducer({ topic, dispatch: "reliable" });
    broker.fault({ rpc: "SendMessage", drop: "response" });
    await send("twice");
    expect(texts(broker)).toEqual(["twice", "twice"]);
  });

  test("a request that is lost is sent again, once", async () => {
    const broker = await cluster();
    const { send } = await client(broker).danube.createProducer({ topic, dispatch: "reliable" });
    broker.fault({ rpc: "SendMessage", drop: "request" });
    await send("once");
    expect(texts(broker)).toEqual(["once"]);
  });

  test("TIMEOUT while no broker was reached: not-sent, with the reason as its cause", async () => {
    const broker = await cluster();
    const { send } = await client(broker).danube.createProducer({ topic });
    await Promise.all([0, 1, 2].map((i) => broker.kill(i)));
    // Until the client has seen its connection close: what is written to one that is dying is of unknown fate.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const error = await failure(send("x", { timeoutMs: 300 }));
    expect(error).toMatchObject({ code: "TIMEOUT", outcome: "not-sent", retryable: true });
    expect(error.cause).toMatchObject({ code: "UNAVAILABLE" });
  });

  test("TIMEOUT while the answer is awaited: unknown", async () => {
    const broker = await cluster();
    const { send } = await client(broker).danube.createProducer({ topic });
    broker.fault({ rpc: "SendMessage", delayMs: 1_000, times: 5 });
    expect(await failure(send("x", { timeoutMs: 200 }))).toMatchObject({ code: "TIMEOUT", outcome: "unknown" });
  });

  test("a broker that hangs: the attempt's time ends it, and the message goes again", async () => {
    const broker = await cluster();
    const { send } = await client(broker, { attemptTimeoutMs: 300 }).danube.createProducer({
      topic,
      dispatch: "reliable",
    });
    broker.fault({ rpc: "SendMessage", delayMs: 2_000 });
    await send("x");
    expect(texts(broker)).toContain("x");
  });

  test("CANCELED while the answer is awaited: unknown; while another is in flight: not-sent", async () => {
    const broker = await cluster();
    const { send } = await client(broker).danube.createProducer({ topic });
    broker.fault({ rpc: "SendMessage", delayMs: 300 });
    const aborted = new AbortController();
    const sends = [failure(send("1", { signal: aborted.signal })), failure(send("2", { signal: aborted.signal }))];
    await new Promise((resolve) => setTimeout(resolve, 100));
    aborted.abort();
    expect(await Promise.all(sends)).toMatchObject([
      { code: "CANCELED", outcome: "unknown" },
      { code: "CANCELED", outcome: "not-sent" },
    ]);
  });

  test("what the broker refuses is rejected", async () => {
    const broker = await cluster({ maxMessageSize: 10 });
    const { send } = await client(broker).danube.createProducer({ topic });
    expect(await failure(send("more than ten bytes"))).toMatchObject({
      code: "MESSAGE_TOO_LARGE",
      outcome: "rejected",
      retryable: false,
    });
    await send("short");
  });

  test("close() with a time rejects what is left with CLOSED", async () => {
    const broker = await cluster();
    const producer = await client(broker).danube.createProducer({ topic });
    broker.fault({ rpc: "SendMessage", delayMs: 5_000 });
    const sends = [failure(producer.send("1")), failure(producer.send("2"))];
    await producer.close({ timeoutMs: 100 });
    expect(await Promise.all(sends)).toMatchObject([
      { code: "CLOSED", outcome: "unknown" },
      { code: "CLOSED", outcome: "not-sent" },
    ]);
  });
});

describe("a partitioned topic", () => {
  test("when one partition cannot be created the call rejects, keeps nothing here, and can be made again", async () => {
    const broker = await cluster();
    const { danube } = client(broker);
    // The third partition's: the first two CreateProducer calls of a cluster are answered "redo the lookup".
    broker.fault({ rpc: "CreateProducer", code: 7, message: "no binding grants Produce on Topic", broker: 2 });
    const error = await failure(danube.createProducer({ topic, partitions: 6, access: "exclusive" }));
    expect(error).toMatchObject({ code: "PERMISSION_DENIED" });
    expect(danube.status().producers).toEqual([]);
    const producer = await danube.createProducer({ topic, partitions: 6, access: "exclusive" });
    await Promise.all(Array.from({ length: 12 }, (_, i) => producer.send(String(i))));
    expect(producer.partitions).toBe(6);
  });

  test("the partitions of a dead broker recover; the others go on meanwhile, and each keeps its order", async () => {
    const broker = await cluster({ failoverMs: 500 });
    const { danube } = client(broker);
    const { send } = await danube.createProducer({ topic, partitions: 6, dispatch: "reliable" });
    const dead = ownerOf(broker, `${topic}-part-0`);
    await broker.kill(dead);
    const settled: number[] = [];
    const ids = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        send(String(i)).then((id) => {
          settled.push(id.partition ?? -1);
          return id;
        }),
      ),
    );
    expect(new Set(ids.map(({ partition }) => partition)).size).toBe(6);
    // Those of living brokers did not wait for those of the dead one.
    const first = settled.slice(0, 20);
    expect(first).not.toContain(0);
    for (let i = 0; i < 6; i++) {
      const numbers = [...new Set(texts(broker, `${topic}-part-${i}`))].map(Number);
      expect(numbers).toEqual(Array.from({ length: 10 }, (_, turn) => turn * 6 + i));
    }
  });
});

describe("what is kept", () => {
  test("messages that are given up leave nothing behind, though one in front is still under way", async () => {
    const broker = await cluster();
    const producer = await client(broker).danube.createProducer({ topic });
    broker.fault({ rpc: "SendMessage", delayMs: 2_000 });
    const first = producer.send("first");
    const given: WeakRef<object>[] = [];
    const failures = Array.from({ length: 20 }, () => {
      const attributes = { large: "x".repeat(100_000) };
      given.push(new WeakRef(attributes));
      return failure(producer.send("waiting", { attributes, timeoutMs: 50 }));
    });
    expect((await Promise.all(failures)).every(({ outcome }) => outcome === "not-sent")).toBe(true);
    await producer.flush();
    await first;
    expect(texts(broker)).toEqual(["first"]);
  });

  test("a token function that hangs holds nothing longer than the call may take", async () => {
    const broker = await cluster();
    let hang = false;
    const token = () => (hang ? new Promise<string>(() => {}) : { token: "t", expiresAtMs: Date.now() + 5_100 });
    const { danube } = client(broker, { token, attemptTimeoutMs: 200 });
    const { send } = await danube.createProducer({ topic });
    await send("before");
    hang = true;
    await new Promise((resolve) => setTimeout(resolve, 150));
    const error = await failure(send("while it hangs", { timeoutMs: 400 }));
    expect(error).toMatchObject({ code: "TIMEOUT", outcome: "not-sent" });
    hang = false;
    await send("after");
    expect(texts(broker)).toEqual(["before", "after"]);
  });

  test("a token function that fails is asked again, and its words stay in the cause", async () => {
    const broker = await cluster({ tokens: ["good"] });
    let asked = 0;
    const token = () => {
      if (++asked < 3) {
        throw new Error("client_secret=hunter2");
      }
      return "good";
    };
    const { danube, events } = client(broker, { token });
    await (await danube.createProducer({ topic })).send("x");
    expect(asked).toBe(3);
    expect(JSON.stringify(events)).not.toContain("hunter2");
    expect(events.flatMap((event) => ("error" in event ? [event.error.message] : [])).join()).not.toContain("hunter2");
  });
});

describe("closing while something is under way", () => {
  for (const microtasks of [0, 1, 2, 4, 8, 16, 32]) {
    test(`${microtasks} steps after the owner was found: createProducer ends with CLOSED, or gives a closed producer`, async () => {
      const broker = await cluster({ brokers: 1 });
      let found = () => {};
      const owner = new Promise<void>((resolve) => (found = resolve));
      const danube = connect({ brokers: broker.urls, onEvent: ({ type }) => type === "owner-found" && found() });
      const creating = danube.createProducer({ topic }).catch((reason: DanubeError) => reason);
      await owner;
      for (let i = 0; i < microtasks; i++) {
        await undefined;
      }
      await danube.close();
      const result = await creating;
      expect(result instanceof DanubeError ? result : await failure(result.send("x"))).toMatchObject({
        code: "CLOSED",
      });
      expect(danube.status().producers).toEqual([]);
    });
  }
});

describe("an end in its time", () => {
  test("a non-reliable topic that was unloaded has no owner, and the error says so", async () => {
    const broker = await cluster();
    const { send } = await client(broker).danube.createProducer({ topic, dispatch: "non-reliable" });
    await send("before");
    await broker.unloadTopic(topic);
    const error = await failure(send("after", { timeoutMs: 500 }));
    expect(error.code).toBe("TIMEOUT");
    expect(error.message).toContain("no broker serves it");
  });

  test("a standalone broker that was restarted serves nothing, and the error says so", async () => {
    const broker = await cluster({ brokers: 1 });
    const { send } = await client(broker).danube.createProducer({ topic, dispatch: "reliable" });
    await send("before");
    await broker.restart(0);
    const error = await failure(send("after", { timeoutMs: 500 }));
    expect(error.message).toContain("no broker serves it");
  });

  test("words that the table does not know: the broker that still has the producer is believed", async () => {
    const broker = await cluster();
    const { send } = await client(broker).danube.createProducer({ topic });
    broker.fault({ rpc: "SendMessage", code: 7, message: "Unable to publish the message: the stars are wrong" });
    expect(await failure(send("x"))).toMatchObject({ code: "PERMISSION_DENIED", outcome: "rejected" });
    expect(broker.calls("HealthCheck")).toBe(1);
    await send("y");
  });

  test("words that the table does not know: a broker that has lost the producer is recovered from", async () => {
    const broker = await cluster();
    const { send } = await client(broker).danube.createProducer({ topic, dispatch: "reliable" });
    await broker.moveTopic(topic, (ownerOf(broker) + 1) % 3);
    broker.fault({ rpc: "SendMessage", code: 5, message: "who are you?" });
    await send("x");
    expect(texts(broker)).toEqual(["x"]);
  });

  test("a failure that is forgiven is not forgiven for ever", async () => {
    const broker = await cluster();
    const { send } = await client(broker, { backoff: { initialMs: 1 } }).danube.createProducer({ topic });
    broker.fault({
      rpc: "SendMessage",
      code: 7,
      message: "Unable to publish the message: wal writer channel closed",
      times: 100,
    });
    expect(await failure(send("x"))).toMatchObject({ code: "UNAVAILABLE", outcome: "unknown" });
    expect(broker.calls("SendMessage")).toBeLessThan(10);
  });
});

describe("creating a producer", () => {
  test("waits for a broker that comes later", async () => {
    const broker = await cluster({ brokers: 1, mode: "cluster" });
    await broker.kill(0);
    const creating = client(broker).danube.createProducer({ topic });
    await broker.restart(0);
    await (await creating).send("x");
  });

  test("refuses a second producer beside an exclusive one where the broker enforces it", async () => {
    const broker = await cluster({ enforceExclusive: true });
    await client(broker).danube.createProducer({ topic, name: "first", access: "exclusive" });
    const second = client(broker).danube.createProducer({ topic, name: "second" });
    expect(await failure(second)).toMatchObject({
      code: "EXCLUSIVE_PRODUCER",
    });
  });

  test("meets the broker's limits", async () => {
    const broker = await cluster({ maxProducersPerTopic: 1, autoCreateTopics: true });
    const { danube } = client(broker);
    await danube.createProducer({ topic, name: "first" });
    expect(await failure(danube.createProducer({ topic, name: "second" }))).toMatchObject({ code: "PRODUCER_LIMIT" });
    const strict = await cluster({ autoCreateTopics: false });
    expect(await failure(client(strict).danube.createProducer({ topic }))).toMatchObject({ code: "TOPIC_NOT_FOUND" });
  });

  test("is given up with its signal", async () => {
    const broker = await cluster();
    broker.fault({ rpc: "TopicLookup", delayMs: 2_000, times: 10 });
    const aborted = new AbortController();
    const creating = failure(client(broker).danube.createProducer({ topic, signal: aborted.signal }));
    aborted.abort();
    expect(await creating).toMatchObject({ code: "CANCELED" });
  });

  test("a seed that hangs is not waited for alone", async () => {
    const broker = await cluster();
    broker.fault({ rpc: "TopicLookup", broker: 0, delayMs: 8_000 });
    const startedAt = Date.now();
    const { send } = await client(broker).danube.createProducer({ topic });
    await send("x");
    expect(Date.now() - startedAt).toBeLessThan(6_000);
  });
});
