import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import {
  HealthCheckRequest_ClientType as ClientType,
  DispatchStrategy,
  HealthCheckResponse_ClientStatus as Health,
  ProducerAccessMode,
} from "../../../gen/danube/danube_api_pb.ts";
import { DanubeError } from "../../../src/errors.ts";
import { type AttachmentOptions, createAttachment } from "../../../src/producer/attachment.ts";
import { reliable } from "../../../src/producer/dispatch.ts";
import { createProducerLanguage } from "../../../src/protocol/producer-language.ts";
import { anything } from "../../../src/schema/plain.ts";
import { CallFailure } from "../../../src/transport/seam.ts";
import { fakeCluster, type Handler } from "../support/fake-cluster.ts";
import { protocolOf } from "../support/fake-protocol.ts";
import { rejection } from "../support/outcomes.ts";

const topic = "/default/t";
const because = new DanubeError("UNAVAILABLE", "gone");
const never = () => new AbortController().signal;
const status = (code: Code, message: string) => new CallFailure("status", message, { status: code });
const mismatch = status(Code.FailedPrecondition, "Producer requested dispatch strategy does not match topic strategy");
const elsewhere = status(Code.Unavailable, "The topic exists but is served by another broker, redo the Lookup request");

function setUp(handlers: Record<string, Handler> = {}, options: Partial<AttachmentOptions> = {}) {
  const fake = fakeCluster(handlers);
  const all: AttachmentOptions = {
    topic,
    name: "p",
    dispatch: undefined,
    access: "shared",
    retention: reliable(),
    plain: true,
    ...options,
  };
  const language = createProducerLanguage(protocolOf(fake.cluster), anything);
  return { ...fake, attachment: createAttachment(fake.cluster, language, all) };
}

/** Fails the first calls with these, one after the other. */
function failing(...failures: CallFailure[]): Handler {
  let id = 0n;
  return () => {
    const failure = failures.shift();
    if (failure) {
      throw failure;
    }
    return { producerId: ++id };
  };
}

describe("get", () => {
  test("creates the producer on the owner, once for all who wait, and keeps it", async () => {
    const { attachment, calls, count } = setUp({}, { name: "named" });
    const [first, ...others] = await Promise.all(Array.from({ length: 20 }, () => attachment.get(never())));
    expect(others.every((other) => other === first)).toBe(true);
    expect(first).toMatchObject({ producerId: 1n, owner: { target: { url: "http://a:1" }, assigned: true } });
    expect(await attachment.get(never())).toBe(first);
    expect(attachment.latest().address).toMatchObject({ producerId: 1n, brokerUrl: "http://a:1/self" });
    expect(count("createProducer")).toBe(1);
    expect(calls[0]).toMatchObject({
      target: { url: "http://a:1" },
      timeoutMs: 5_000,
      request: {
        producerName: "named",
        topicName: topic,
        producerAccessMode: ProducerAccessMode.Shared,
        dispatchStrategy: DispatchStrategy.NonReliable,
      },
    });
  });

  test("asks for the dispatch and the access that are wanted", async () => {
    const { attachment, calls } = setUp({}, { dispatch: "reliable", access: "exclusive" });
    await attachment.get(never());
    expect(calls[0]?.request).toMatchObject({
      producerAccessMode: ProducerAccessMode.Exclusive,
      dispatchStrategy: DispatchStrategy.Reliable,
    });
  });

  test("after a failure that passes: forgets the owner, looks up, and creates it where the topic is then", async () => {
    const moved: Handler = (_, url) => {
      if (url === "http://a:1") {
        place.url = "http://b:1";
        throw elsewhere;
      }
      return { producerId: 7n };
    };
    const { attachment, place, events } = setUp({ createProducer: moved });
    expect(await attachment.get(never())).toMatchObject({ producerId: 7n, owner: { target: { url: "http://b:1" } } });
    expect(events.map(({ type }) => type)).toEqual(["owner-found", "owner-lost", "retrying", "owner-found"]);
    expect(attachment.trouble()).toBeUndefined();
  });

  test("a final failure comes at once, and the next to ask tries anew", async () => {
    const denied = status(Code.PermissionDenied, "no binding grants Produce on Topic");
    const { attachment, count } = setUp({ createProducer: failing(denied) });
    expect(await rejection(attachment.get(never()))).toMatchObject({ code: "PERMISSION_DENIED", cause: denied });
    expect(count("createProducer")).toBe(1);
    expect(await attachment.get(never())).toMatchObject({ producerId: 1n });
  });

  test("a lookup that fails for good is final as well", async () => {
    const { attachment, place, count } = setUp();
    place.failure = new CallFailure("garbled", "a web server");
    const error = await rejection(attachment.get(never()));
    expect(error).toMatchObject({ code: "PROTOCOL" });
    expect((error as Error).message).toContain("TopicLookup");
    expect(count("createProducer")).toBe(0);
  });

  test("whoever gives up gets the latest trouble, not just that they gave up", async () => {
    const { attachment, place } = setUp();
    place.failure = new CallFailure("unreachable", "cannot connect to http://a:1");
    const controller = new AbortController();
    const asked = rejection(attachment.get(controller.signal));
    await new Promise((resolve) => setTimeout(resolve, 10));
    controller.abort(new Error("the caller's own reason"));
    const error = await asked;
    expect(error).toMatchObject({ code: "UNAVAILABLE" });
    expect(attachment.trouble()).toMatchObject({ code: "UNAVAILABLE" });
  });

  test("whoever gives up before there was any trouble gets their own reason", async () => {
    const { attachment } = setUp({ createProducer: () => new Promise(() => {}) });
    const controller = new AbortController();
    const reason = new Error("the caller's own reason");
    const asked = rejection(attachment.get(controller.signal));
    controller.abort(reason);
    expect(await asked).toBe(reason);
  });

  test("an unassigned topic is created at the seed, which is the owner from then on", async () => {
    const { attachment, place, cluster } = setUp();
    place.assigned = false;
    const { owner } = await attachment.get(never());
    expect(owner.assigned).toBe(true);
    expect(cluster.ownership.status()).toEqual([owner]);
  });

  test("a topic that exists and has no owner is called that", async () => {
    const { attachment, place, events } = setUp({ createProducer: failing(elsewhere) });
    place.assigned = false;
    await attachment.get(never());
    const retrying = events.find((event) => event.type === "retrying");
    expect(retrying?.error).toMatchObject({ code: "UNAVAILABLE" });
    expect(retrying?.error.message).toContain("no broker serves it");
  });
});

describe("dispatch", () => {
  test("left out, it is the topic's own", async () => {
    const { attachment, calls } = setUp({ createProducer: failing(mismatch) });
    expect(attachment.dispatch()).toBe("non-reliable");
    await attachment.get(never());
    expect(attachment.dispatch()).toBe("reliable");
    expect(calls.map(({ request }) => request["dispatchStrategy"])).toEqual([
      DispatchStrategy.NonReliable,
      DispatchStrategy.Reliable,
    ]);
  });

  test("and stays so after a move", async () => {
    const { attachment, calls } = setUp({ createProducer: failing(mismatch) });
    attachment.lost(await attachment.get(never()), because);
    await attachment.get(never());
    expect(calls.at(-1)?.request["dispatchStrategy"]).toBe(DispatchStrategy.Reliable);
  });

  test("asked for, another one is a mismatch", async () => {
    for (const dispatch of ["reliable", "non-reliable"] as const) {
      const { attachment, count } = setUp({ createProducer: failing(mismatch) }, { dispatch });
      expect(await rejection(attachment.get(never()))).toMatchObject({ code: "DISPATCH_MISMATCH" });
      expect(count("createProducer")).toBe(1);
      expect(attachment.dispatch()).toBe(dispatch);
    }
  });

  test("a topic that has neither ends too", async () => {
    const { attachment, count } = setUp({ createProducer: failing(mismatch, mismatch, mismatch) });
    expect(await rejection(attachment.get(never()))).toMatchObject({ code: "DISPATCH_MISMATCH" });
    expect(count("createProducer")).toBe(2);
  });
});

describe("lost", () => {
  test("the producer is created again, and that it recovered is told", async () => {
    const { attachment, place, events } = setUp();
    const first = await attachment.get(never());
    place.url = "http://b:1";
    attachment.lost(first, because);
    expect(attachment.trouble()).toBe(because);
    expect(attachment.latest().address).toMatchObject({ producerId: first.producerId });
    const second = await attachment.get(never());
    expect(second).toMatchObject({ producerId: 2n, owner: { target: { url: "http://b:1" } } });
    expect(attachment.trouble()).toBeUndefined();
    expect(events.at(-1)).toMatchObject({ type: "recovered", topic, url: "http://b:1" });
  });

  test("is about that one only: late failures of the old producer do not lose the new one", async () => {
    const { attachment, count, events } = setUp();
    const first = await attachment.get(never());
    attachment.lost(first, because);
    attachment.lost(first, because);
    const second = await attachment.get(never());
    attachment.lost(first, because);
    expect(await attachment.get(never())).toBe(second);
    expect(attachment.trouble()).toBeUndefined();
    expect(count("createProducer")).toBe(2);
    expect(events.filter(({ type }) => type === "owner-lost")).toHaveLength(1);
  });
});

describe("alive", () => {
  test("is the owner's HealthCheck of this producer", async () => {
    const { attachment, handlers, calls } = setUp();
    const attached = await attachment.get(never());
    for (const [answer, alive] of [
      [Health.OK, true],
      [Health.CLOSE, false],
    ] as const) {
      handlers["healthCheck"] = () => ({ status: answer });
      expect(await attachment.alive(attached, never())).toBe(alive);
    }
    expect(calls.at(-1)).toMatchObject({
      method: "healthCheck",
      request: { client: ClientType.Producer, id: 1n },
      target: { url: "http://a:1" },
    });
  });
});
