import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createDeadlines } from "../../../src/lib/deadlines.ts";
import { createProducer } from "../../../src/producer/create-producer.ts";
import type { Entry } from "../../../src/producer/entry.ts";
import { type ProducerOptions, resolveProducerOptions } from "../../../src/producer/options.ts";
import { createProducerLanguages } from "../../../src/protocol/producer-language.ts";
import { CallFailure } from "../../../src/transport/seam.ts";
import { fakeCluster, type Handler } from "../support/fake-cluster.ts";
import { protocolOf } from "../support/fake-protocol.ts";
import { rejection, settled, watch } from "../support/outcomes.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const topic = "/default/t";
const unreachable = new CallFailure("unreachable", "cannot connect to http://a:1");
const hanging: Handler = () => new Promise(() => {});

function setUp(handlers: Record<string, Handler> = {}) {
  const fake = fakeCluster(handlers);
  // A wait that is seen on the clock; the loop must not spin.
  const cluster = { ...fake.cluster, backoff: () => 50 };
  const closing = new AbortController();
  const deadlines = createDeadlines<Entry>((entry) => entry.keeper.expired(entry));
  const create = (options: Partial<ProducerOptions> = {}) =>
    createProducer(
      {
        cluster,
        languageOf: createProducerLanguages(protocolOf(cluster)),
        maxMessageBytes: 10_000,
        deadlines,
      },
      resolveProducerOptions({ topic, ...options }, { createTimeoutMs: 60_000, sendTimeoutMs: 60_000 }),
      closing.signal,
    );
  return { ...fake, cluster, closing, create, deadlines };
}

describe("creating", () => {
  test("ends in its time, with the last failure as the cause", async () => {
    const { create, place } = setUp();
    place.failure = unreachable;
    const result = watch(create({ createTimeoutMs: 1_000 }));
    await vi.advanceTimersByTimeAsync(999);
    expect(result.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    expect(result.value).toMatchObject({ code: "TIMEOUT", retryable: true, cause: { code: "UNAVAILABLE" } });
    expect(String(result.value)).toContain("cannot connect");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is ended by the caller's signal, with its reason, and by the client's close", async () => {
    const { create, closing } = setUp({ createProducer: hanging });
    const controller = new AbortController();
    const [mine, theirs] = [watch(create({ signal: controller.signal })), watch(create())];
    const reason = new Error("mine");
    controller.abort(reason);
    await settled();
    expect(mine.value).toMatchObject({ code: "CANCELED", cause: reason });
    expect(theirs.state).toBe("pending");
    closing.abort();
    await settled();
    expect(theirs.value).toMatchObject({ code: "CLOSED" });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("leaves no timer when it succeeds", async () => {
    const { create } = setUp();
    const { producer } = await create({ name: "n" });
    expect(producer).toMatchObject({ topic, name: "n", partitions: 0, dispatch: "non-reliable" });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("send", () => {
  test("gives an id that counts, of a session that no other producer has", async () => {
    const { create } = setUp();
    const [first, second] = [(await create()).producer, (await create()).producer];
    const ids = [await first.send("a"), await first.send("b"), await second.send("a")];
    expect(ids).toMatchObject([{ topic, producer: "danube-js", sequence: 1n }, { sequence: 2n }, { sequence: 1n }]);
    expect(ids[0]?.session).toMatch(/^[0-9a-f]{16}$/);
    expect(ids[1]?.session).toBe(ids[0]?.session);
    expect(ids[2]?.session).not.toBe(ids[0]?.session);
  });

  test("takes payload and attributes during the call", async () => {
    const { create, calls } = setUp();
    const { producer } = await create();
    const payload = new Uint8Array([1, 2]);
    const attributes = { a: "1" };
    const sent = producer.send(payload, { attributes });
    payload.fill(9);
    attributes.a = "9";
    await sent;
    expect(calls.at(-1)?.request).toMatchObject({ payload: new Uint8Array([1, 2]), attributes: { a: "1" } });
  });

  test("never throws: wrong arguments reject, and use up no number", async () => {
    const { create } = setUp();
    const { producer } = await create();
    for (const call of [() => producer.send(1 as never), () => producer.send("x", { timeoutMs: 0 })]) {
      const promise = call();
      expect(await rejection(promise)).toBeInstanceOf(TypeError);
    }
    expect(await rejection(producer.send(new Uint8Array(10_000)))).toMatchObject({
      code: "MESSAGE_TOO_LARGE",
      outcome: "not-sent",
    });
    expect((await producer.send("x")).sequence).toBe(1n);
  });

  test("in flight when its time is over: TIMEOUT, unknown; behind it: not sent", async () => {
    const { create } = setUp({ sendMessage: hanging });
    const { producer } = await create();
    const [first, second] = [
      watch(producer.send("1", { timeoutMs: 1_000 })),
      watch(producer.send("2", { timeoutMs: 900 })),
    ];
    await vi.advanceTimersByTimeAsync(899);
    expect([first.state, second.state]).toEqual(["pending", "pending"]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(first.value).toMatchObject({ code: "TIMEOUT", outcome: "unknown", retryable: true });
    expect(second.value).toMatchObject({ code: "TIMEOUT", outcome: "not-sent" });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a broker that stays away: TIMEOUT with the last failure as its cause", async () => {
    const { create, place } = setUp({ sendMessage: () => Promise.reject(unreachable) });
    const { producer } = await create({ sendTimeoutMs: 500 });
    place.failure = unreachable;
    const sent = watch(producer.send("x"));
    await vi.advanceTimersByTimeAsync(600);
    expect(sent.value).toMatchObject({ code: "TIMEOUT", outcome: "not-sent", cause: { code: "UNAVAILABLE" } });
  });

  test("the caller may use its buffer again as soon as send returns", async () => {
    const { create, calls } = setUp();
    const { producer } = await create();
    const buffer = new Uint8Array([1, 2, 3]);
    const sent = [1, 2, 3].map((n) => {
      buffer.fill(n);
      return producer.send(buffer);
    });
    buffer.fill(9);
    await Promise.all(sent);
    const payloads = calls.filter(({ method }) => method === "sendMessage").map(({ request }) => request["payload"]);
    expect(payloads).toEqual([1, 2, 3].map((n) => new Uint8Array([n, n, n])));
  });

  test("the caller's signal gives the message up", async () => {
    const { create, count } = setUp({ sendMessage: hanging });
    const { producer } = await create();
    const controller = new AbortController();
    const [first, second] = [1, 2].map((n) => watch(producer.send(String(n), { signal: controller.signal })));
    await settled();
    controller.abort("enough");
    await settled();
    expect(first?.value).toMatchObject({ code: "CANCELED", outcome: "unknown", cause: "enough" });
    expect(second?.value).toMatchObject({ code: "CANCELED", outcome: "not-sent" });
    expect(await rejection(producer.send("3", { signal: controller.signal }))).toMatchObject({
      code: "CANCELED",
      outcome: "not-sent",
    });
    expect(count("sendMessage")).toBe(1);
  });

  test("beyond maxQueuedMessages or maxQueuedBytes: QUEUE_FULL at once, and room again once settled", async () => {
    for (const limit of [{ maxQueuedMessages: 2 }, { maxQueuedBytes: 300 }]) {
      const { create } = setUp({ sendMessage: hanging });
      const { producer, status } = await create(limit);
      const sent = [1, 2].map(() => watch(producer.send(new Uint8Array(80), { timeoutMs: 100 })));
      const refused = await rejection(producer.send(new Uint8Array(80)));
      expect(refused).toMatchObject({ code: "QUEUE_FULL", outcome: "not-sent", retryable: true });
      expect(status()).toMatchObject({ queuedMessages: 2, failed: 0n });
      await vi.advanceTimersByTimeAsync(200);
      expect(sent.map(({ state }) => state)).toEqual(["rejected", "rejected"]);
      expect(status()).toMatchObject({ queuedMessages: 0, queuedBytes: 0, failed: 2n, acknowledged: 0n });
      expect(watch(producer.send("x")).state).toBe("pending");
    }
  });
});

describe("flush", () => {
  test("waits for what was sent before, failures included, and for nothing after", async () => {
    const open: (() => void)[] = [];
    const { create } = setUp({ sendMessage: () => new Promise((resolve) => open.push(() => resolve({}))) });
    const { producer } = await create({ order: "none" });
    await producer.flush();
    const failing = producer.send("1", { timeoutMs: 100 }).catch(() => {});
    void producer.send("2");
    const flushed = watch(producer.flush());
    void producer.send("3");
    await settled();
    open[2]?.();
    open[1]?.();
    await settled();
    expect(flushed.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(150);
    await failing;
    expect(flushed.state).toBe("resolved");
  });
});

describe("a producer that has nothing to send", () => {
  /** A producer whose client's sweeps are made by hand. */
  async function swept(handlers: Record<string, Handler> = {}) {
    const visits = new Set<() => boolean>();
    const { create, cluster } = setUp(handlers);
    Object.assign(cluster.sweeper, { add: (visit: () => boolean) => visits.add(visit) });
    const owned = await create();
    const sweep = () => {
      for (const visit of visits) {
        if (visit()) {
          visits.delete(visit);
        }
      }
      return visits.size;
    };
    return { ...owned, sweep };
  }

  test("is no longer looked after once it was quiet between two sweeps, and counts on", async () => {
    const { producer, status, sweep } = await swept();
    expect(sweep()).toBe(0);
    await producer.send("1");
    expect(sweep()).toBe(1);
    await producer.send("2");
    expect(sweep()).toBe(1);
    expect(sweep()).toBe(0);
    expect(status()).toMatchObject({ queuedMessages: 0, acknowledged: 2n });
    const third = await producer.send("3");
    expect(third.sequence).toBe(3n);
    expect(status()).toMatchObject({ acknowledged: 3n });
    await producer.flush();
    await producer.close();
  });

  test("has something to send as long as a message is under way", async () => {
    const { producer, status, sweep } = await swept({ sendMessage: hanging });
    const result = watch(producer.send("1", { timeoutMs: 1_000 }));
    for (let i = 0; i < 3; i++) {
      expect(sweep()).toBe(1);
    }
    await vi.advanceTimersByTimeAsync(1_020);
    expect(result.value).toMatchObject({ code: "TIMEOUT" });
    expect(sweep()).toBe(0);
    expect(status()).toMatchObject({ failed: 1n });
  });
});

describe("close", () => {
  test("waits for what was taken, takes no more, and lets those go who wait for room", async () => {
    const open: (() => void)[] = [];
    const { create, deadlines } = setUp({ sendMessage: () => new Promise((resolve) => open.push(() => resolve({}))) });
    const { producer, onClosed } = await create({ maxQueuedMessages: 1 });
    let told = 0;
    onClosed(() => void told++);
    const sent = watch(producer.send("x"));
    const ready = watch(producer.ready());
    await settled();
    const closed = [watch(producer.close()), watch(producer.close())];
    await settled();
    expect([ready.state, closed[0]?.state, told]).toEqual(["resolved", "pending", 0]);
    expect(await rejection(producer.send("y"))).toMatchObject({ code: "CLOSED", outcome: "not-sent" });
    open[0]?.();
    await settled();
    expect(sent.state).toBe("resolved");
    expect(closed.map(({ state }) => state)).toEqual(["resolved", "resolved"]);
    expect(told).toBe(1);
    await vi.advanceTimersByTimeAsync(10);
    // The client's, which has a timer for all its producers.
    deadlines.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("after timeoutMs what is left is CLOSED, also when that is said later", async () => {
    const { create, deadlines } = setUp({ sendMessage: hanging });
    const { producer } = await create();
    const [first, second] = [watch(producer.send("1")), watch(producer.send("2"))];
    const closed = watch(producer.close());
    await vi.advanceTimersByTimeAsync(5_000);
    expect(closed.state).toBe("pending");
    void producer.close({ timeoutMs: 100 });
    await vi.advanceTimersByTimeAsync(100);
    expect(first.value).toMatchObject({ code: "CLOSED", outcome: "unknown" });
    expect(second.value).toMatchObject({ code: "CLOSED", outcome: "not-sent" });
    expect(closed.state).toBe("resolved");
    // The client's, which has a timer for all its producers.
    deadlines.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
