import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { HealthCheckResponse_ClientStatus as Health } from "../../../gen/danube/danube_api_pb.ts";
import { DanubeError } from "../../../src/errors.ts";
import { createAttachment } from "../../../src/producer/attachment.ts";
import { reliable } from "../../../src/producer/dispatch.ts";
import { Entry, type Keeper } from "../../../src/producer/entry.ts";
import { createLane, type LaneOptions, tooLarge } from "../../../src/producer/lane.ts";
import { encodeMessage } from "../../../src/producer/message.ts";
import { createProducerLanguage } from "../../../src/protocol/producer-language.ts";
import { anything } from "../../../src/schema/plain.ts";
import { CallFailure } from "../../../src/transport/seam.ts";
import { type FakeCluster, fakeCluster, type Handler } from "../support/fake-cluster.ts";
import { protocolOf } from "../support/fake-protocol.ts";
import { settled } from "../support/outcomes.ts";

const topic = "/default/t";
const status = (code: Code, message: string) => new CallFailure("status", message, { status: code });
const draining = status(
  Code.PermissionDenied,
  "Unable to publish the message: Topic /default/t is draining or closed; retry lookup/moved",
);
const unknownWords = status(Code.PermissionDenied, "Unable to publish the message: something new");
const lost = new CallFailure("lost", "the connection was lost");

interface Sent {
  entry: Entry;
  settlements: (DanubeError | undefined)[];
  settled: Promise<DanubeError | undefined>;
}

async function setUp(handlers: Record<string, Handler> = {}, options: Partial<LaneOptions> = {}) {
  const fake: FakeCluster = fakeCluster(handlers);
  const language = createProducerLanguage(protocolOf(fake.cluster), anything);
  const attachment = createAttachment(fake.cluster, language, {
    topic,
    name: "p",
    dispatch: undefined,
    access: "shared",
    retention: reliable(),
    plain: true,
  });
  await attachment.get(new AbortController().signal);
  const lane = createLane(fake.cluster, attachment, {
    topic,
    order: "partition",
    resend: "always",
    maxInFlight: 10,
    maxMessageBytes: 10_000,
    ...options,
  });
  let sequence = 0;
  const send = (payload: string | number, key?: string): Sent => {
    const { promise, resolve } = Promise.withResolvers<DanubeError | undefined>();
    const settlements: (DanubeError | undefined)[] = [];
    const bytes = typeof payload === "number" ? new Uint8Array(payload) : new TextEncoder().encode(payload);
    const fields = { payloadLength: bytes.length, attributes: {}, key, sequence: ++sequence, publishTime: 1 };
    const { address, codec } = attachment.latest();
    const message = encodeMessage(fields, bytes, codec, address);
    const keeper: Keeper = {
      settled(_, error) {
        settlements.push(error);
        resolve(error);
      },
      expired() {},
    };
    const entry = new Entry(message, 60_000, undefined, lane, keeper);
    lane.add(entry);
    return { entry, settlements, settled: promise };
  };
  /** What was sent, in the order of the calls. */
  const texts = () =>
    fake.calls
      .filter(({ method }) => method === "sendMessage")
      .map(({ request }) => new TextDecoder().decode(request["payload"] as Uint8Array));
  return { ...fake, attachment, lane, send, texts };
}

/** Fails the first calls with these, one after the other. */
function failing(...failures: CallFailure[]): Handler {
  return () => {
    const failure = failures.shift();
    if (failure) {
      throw failure;
    }
    return {};
  };
}

/** Calls that are answered by hand. */
function byHand() {
  const open: { text: string; resolve(): void; reject(reason: unknown): void }[] = [];
  const handler: Handler = ({ payload }) =>
    new Promise((resolve, reject) => {
      open.push({ text: new TextDecoder().decode(payload), resolve: () => resolve({}), reject });
    });
  return { open, handler };
}

describe("a message", () => {
  test("goes to the owner with everything in it, and is acknowledged", async () => {
    const { send, calls } = await setUp();
    expect(await send("hello", "key").settled).toBeUndefined();
    expect(calls.at(-1)).toMatchObject({
      method: "sendMessage",
      timeoutMs: 5_000,
      target: { url: "http://a:1" },
      request: {
        requestId: 1n,
        producerName: "p",
        routingKey: "key",
        msgId: { producerId: 1n, topicName: topic, brokerAddr: "http://a:1/self" },
      },
    });
  });

  test("is settled exactly once, whatever comes after", async () => {
    const { send, lane } = await setUp();
    const sent = send("x");
    await sent.settled;
    lane.drop(sent.entry, new DanubeError("CANCELED", "late"));
    await settled();
    expect(sent.settlements).toEqual([undefined]);
  });

  test("that the broker refuses fails at once, rejected, and the next goes on", async () => {
    const refusal = status(Code.PermissionDenied, "Unable to publish the message: Payload validation failed: no");
    const { send, texts } = await setUp({ sendMessage: failing(refusal) });
    const [bad, good] = [send("bad"), send("good")];
    expect(await bad.settled).toMatchObject({ code: "SCHEMA_REJECTED", outcome: "rejected", cause: refusal });
    expect(await good.settled).toBeUndefined();
    expect(texts()).toEqual(["bad", "good"]);
  });
});

describe("order", () => {
  test("partition: one in flight, and a retry keeps its place", async () => {
    const { open, handler } = byHand();
    const { send } = await setUp({ sendMessage: handler });
    const sent = ["1", "2", "3"].map((text) => send(text));
    await settled();
    expect(open.map(({ text }) => text)).toEqual(["1"]);
    open[0]?.reject(new CallFailure("refused", "not now"));
    await expect.poll(() => open.length).toBe(2);
    expect(open.map(({ text }) => text)).toEqual(["1", "1"]);
    for (let i = 1; i <= 3; i++) {
      await expect.poll(() => open.length).toBe(i + 1);
      open[i]?.resolve();
    }
    expect(await Promise.all(sent.map((one) => one.settled))).toEqual([undefined, undefined, undefined]);
    expect(open.map(({ text }) => text)).toEqual(["1", "1", "2", "3"]);
  });

  test("key: keys beside each other", async () => {
    const { open, handler } = byHand();
    const { send } = await setUp({ sendMessage: handler }, { order: "key" });
    send("a1", "a");
    send("a2", "a");
    send("b1", "b");
    await settled();
    expect(open.map(({ text }) => text)).toEqual(["a1", "b1"]);
    open[0]?.resolve();
    await settled();
    expect(open.map(({ text }) => text)).toEqual(["a1", "b1", "a2"]);
  });

  test("none: up to maxInFlight", async () => {
    const { open, handler } = byHand();
    const { send } = await setUp({ sendMessage: handler }, { order: "none", maxInFlight: 3 });
    for (let i = 0; i < 5; i++) {
      send(String(i));
    }
    await settled();
    expect(open).toHaveLength(3);
    open[1]?.resolve();
    await settled();
    expect(open).toHaveLength(4);
  });

  test("settled in order, where one is in flight", async () => {
    const { send } = await setUp();
    const order: number[] = [];
    const all = Array.from({ length: 20 }, (_, i) => send(String(i)).settled.then(() => order.push(i)));
    await Promise.all(all);
    expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});

describe("recovery", () => {
  test("a topic that moves: the producer is created there, and the message sent again", async () => {
    const { send, place, calls, events } = await setUp({
      sendMessage: (_, url) => {
        if (url === "http://a:1") {
          place.url = "http://b:1";
          throw draining;
        }
        return {};
      },
    });
    expect(await send("x").settled).toBeUndefined();
    expect(calls.map(({ method, target }) => `${method} ${target.url}`)).toEqual([
      "createProducer http://a:1",
      "sendMessage http://a:1",
      "createProducer http://b:1",
      "sendMessage http://b:1",
    ]);
    expect(calls.at(-1)?.request["msgId"]).toMatchObject({ producerId: 2n, brokerAddr: "http://b:1/self" });
    expect(events.map(({ type }) => type)).toContain("recovered");
  });

  test("many messages that fail together create one producer", async () => {
    const failures = Array.from({ length: 10 }, () => lost);
    const { send, count } = await setUp({ sendMessage: failing(...failures) }, { order: "none" });
    const sent = Array.from({ length: 10 }, (_, i) => send(String(i)).settled);
    expect(new Set(await Promise.all(sent))).toEqual(new Set([undefined]));
    expect(count("createProducer")).toBe(2);
    expect(count("sendMessage")).toBe(20);
  });

  test("a broker that is busy is asked six times, and no more", async () => {
    const { send, count } = await setUp({
      sendMessage: () => {
        throw status(Code.ResourceExhausted, "too much");
      },
    });
    expect(await send("x").settled).toMatchObject({ code: "UNAVAILABLE", outcome: "rejected", retryable: true });
    expect(count("sendMessage")).toBe(6);
    expect(count("createProducer")).toBe(1);
  });

  test("a producer that cannot be created any more is the message's failure, not sent", async () => {
    const { send, handlers } = await setUp({ sendMessage: failing(new CallFailure("unreachable", "gone")) });
    handlers["createProducer"] = () => {
      throw status(Code.Unavailable, "Unable to find the namespace default");
    };
    expect(await send("x").settled).toMatchObject({ code: "NAMESPACE_NOT_FOUND", outcome: "not-sent" });
  });
});

describe("words that no row knows", () => {
  test("the producer lives: final, with the broker's words", async () => {
    const { send, count } = await setUp({ sendMessage: failing(unknownWords) });
    const error = await send("x").settled;
    expect(error).toMatchObject({ code: "PERMISSION_DENIED", outcome: "rejected" });
    expect(error?.message).toContain("something new");
    expect([count("healthCheck"), count("sendMessage")]).toEqual([1, 1]);
  });

  test("the broker does not know the producer: created again, sent again", async () => {
    const { send, count } = await setUp({
      sendMessage: failing(unknownWords),
      healthCheck: () => ({ status: Health.CLOSE }),
    });
    expect(await send("x").settled).toBeUndefined();
    expect([count("createProducer"), count("sendMessage")]).toEqual([2, 2]);
  });

  test("the broker does not answer that either: the same", async () => {
    const { send, count } = await setUp({
      sendMessage: failing(unknownWords),
      healthCheck: () => Promise.reject(lost),
    });
    expect(await send("x").settled).toBeUndefined();
    expect([count("createProducer"), count("sendMessage")]).toEqual([2, 2]);
  });
});

describe("what is known about the message", () => {
  const outcomeAfter = async (...failures: CallFailure[]) => {
    const { send } = await setUp({ sendMessage: failing(...failures) });
    return (await send("x").settled)?.outcome;
  };
  const refused = status(Code.PermissionDenied, "no binding grants Produce");

  test("a refusal after attempts that never arrived is a refusal", async () => {
    expect(await outcomeAfter(new CallFailure("unreachable", "x"), new CallFailure("refused", "x"), refused)).toBe(
      "rejected",
    );
  });

  test("an attempt that may have arrived is never forgotten", async () => {
    expect(await outcomeAfter(lost, refused)).toBe("unknown");
    expect(await outcomeAfter(lost, new CallFailure("unreachable", "x"), refused)).toBe("unknown");
    expect(await outcomeAfter(new CallFailure("deadline", "x"), refused)).toBe("unknown");
  });

  test("the latest failure is kept for the time-out to tell", async () => {
    const { send, handlers } = await setUp({ sendMessage: failing(lost) });
    handlers["createProducer"] = () => new Promise(() => {});
    const sent = send("x");
    await expect.poll(() => sent.entry.failure).toMatchObject({ code: "UNAVAILABLE", cause: lost });
    expect(sent.entry.outcome).toBe("unknown");
    expect(sent.settlements).toEqual([]);
  });

  test("while it is on its way nobody knows, and before that it is not sent", async () => {
    const { open, handler } = byHand();
    const { send } = await setUp({ sendMessage: handler });
    const [first, second] = [send("1"), send("2")];
    await settled();
    expect(open).toHaveLength(1);
    expect([first.entry.outcome, second.entry.outcome]).toEqual(["unknown", "not-sent"]);
  });
});

describe("drop", () => {
  const over = new DanubeError("TIMEOUT", "over");

  test("in flight: settled at once, the call is ended, and the next goes on", async () => {
    const { open, handler } = byHand();
    const { send, lane } = await setUp({ sendMessage: handler });
    const [first, second] = [send("1"), send("2")];
    await settled();
    lane.drop(first.entry, over);
    expect(first.settlements).toEqual([over]);
    await settled();
    expect(open.map(({ text }) => text)).toEqual(["1", "2"]);
    open[0]?.resolve();
    open[1]?.resolve();
    expect(await second.settled).toBeUndefined();
    expect(first.settlements).toEqual([over]);
  });

  test("while it waits: never sent, and those behind it keep their order", async () => {
    const { open, handler } = byHand();
    const { send, lane } = await setUp({ sendMessage: handler });
    const sent = ["1", "2", "3"].map((text) => send(text));
    await settled();
    lane.drop((sent[1] as Sent).entry, over);
    open[0]?.resolve();
    await settled();
    expect(open.map(({ text }) => text)).toEqual(["1", "3"]);
    expect(sent[1]?.settlements).toEqual([over]);
  });

  test("a thousand that wait at once: none is sent, and the lane is free after", async () => {
    const { open, handler } = byHand();
    const { send, lane, texts } = await setUp({ sendMessage: handler });
    const sent = Array.from({ length: 1_000 }, (_, i) => send(String(i)));
    await settled();
    for (const one of sent) {
      lane.drop(one.entry, over);
    }
    const last = send("last");
    await expect.poll(() => open.length).toBe(2);
    open[1]?.resolve();
    expect(await last.settled).toBeUndefined();
    expect(texts()).toEqual(["0", "last"]);
  });

  test("between two attempts: no further one", async () => {
    const { send, lane, handlers, count } = await setUp({ sendMessage: failing(lost) });
    handlers["createProducer"] = () => new Promise(() => {});
    const sent = send("x");
    await expect.poll(() => count("createProducer")).toBe(2);
    lane.drop(sent.entry, over);
    handlers["createProducer"] = () => ({ producerId: 9n });
    expect(await send("next").settled).toBeUndefined();
    expect(count("sendMessage")).toBe(2);
    expect(sent.settlements).toEqual([over]);
  });
});

describe("size", () => {
  test("a move to a broker with a longer name can make it so", async () => {
    const { send, place, calls } = await setUp(
      {
        sendMessage: (_, url) => {
          if (url === "http://a:1") {
            place.url = `http://${"long".repeat(20)}:1`;
            throw draining;
          }
          return {};
        },
      },
      { maxMessageBytes: 1_000 },
    );
    // The names and numbers take less than a hundred bytes, until the owner's takes eighty.
    expect(await send(900).settled).toMatchObject({ code: "MESSAGE_TOO_LARGE" });
    expect(calls.filter(({ method }) => method === "sendMessage")).toHaveLength(1);
  });

  test("tooLarge tells both numbers", () => {
    expect(tooLarge(11, 10).message).toMatch(/\b11\b.*\b10\b/);
  });
});

describe('resend: "never"', () => {
  const never = { resend: "never" } as const;

  for (const [what, failure] of [
    ["the connection broke", lost],
    ["the attempt's time was over", new CallFailure("deadline", "no answer in time")],
    ["the broker broke it off", new CallFailure("reset", "INTERNAL_ERROR")],
    ["a proxy answered for it", status(Code.Unavailable, "upstream connect error")],
    ["it may be in the log", status(Code.PermissionDenied, "Unable to publish the message: wal writer channel closed")],
  ] as const) {
    test(`${what}: UNAVAILABLE, unknown, sent once; and the next goes on`, async () => {
      const { send, texts } = await setUp({ sendMessage: failing(failure) }, never);
      const [first, second] = [send("1"), send("2")];
      expect(await first.settled).toMatchObject({ code: "UNAVAILABLE", outcome: "unknown", cause: { cause: failure } });
      expect(await second.settled).toBeUndefined();
      expect(texts()).toEqual(["1", "2"]);
    });
  }

  test("a producer that hangs is not sent to again: the next message finds the way anew", async () => {
    const { send, calls } = await setUp(
      { sendMessage: failing(new CallFailure("deadline", "no answer in time")) },
      never,
    );
    const created = () => calls.filter(({ method }) => method === "createProducer").length;
    expect(created()).toBe(1);
    await send("1").settled;
    expect(await send("2").settled).toBeUndefined();
    expect(created()).toBe(2);
  });

  for (const [what, failure] of [
    ["no way there", new CallFailure("unreachable", "cannot connect")],
    ["the broker did not begin with it", new CallFailure("refused", "REFUSED_STREAM")],
    ["the topic is moving", draining],
  ] as const) {
    test(`${what}: what was not accepted is sent again`, async () => {
      const { send, texts } = await setUp({ sendMessage: failing(failure) }, never);
      expect(await send("1").settled).toBeUndefined();
      expect(texts()).toEqual(["1", "1"]);
    });
  }

  test("words that are new to us, of a broker that has lost the producer: unknown, and not sent again", async () => {
    const { send, texts } = await setUp(
      { sendMessage: failing(unknownWords), healthCheck: () => ({ status: Health.CLOSE }) },
      never,
    );
    expect(await send("1").settled).toMatchObject({ code: "UNAVAILABLE", outcome: "unknown" });
    expect(texts()).toEqual(["1"]);
  });

  test("what is final keeps its code", async () => {
    const garbled = new CallFailure("garbled", "<html>");
    const { send } = await setUp({ sendMessage: failing(garbled) }, never);
    expect(await send("1").settled).toMatchObject({ code: "PROTOCOL", outcome: "unknown" });
  });
});
