import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import type { DanubeEvent } from "../../../src/events.ts";
import type { Dialect } from "../../../src/protocol/dialect.ts";
import type { Generation } from "../../../src/protocol/generation.ts";
import { createProtocol } from "../../../src/protocol/protocol.ts";
import { CallFailure } from "../../../src/transport/seam.ts";
import { fakeCluster } from "../support/fake-cluster.ts";
import { rejection } from "../support/outcomes.ts";

const target = { url: "http://a:1", behindProxy: undefined };
const other = { url: "http://b:1", behindProxy: undefined };
const never = new AbortController().signal;
const status = (code: Code, message: string) => new CallFailure("status", message, { status: code });
const undecodable = () =>
  status(Code.Internal, "failed to decode Protobuf message: ProducerRequest.dispatch_strategy: invalid wire type: …");
const unknownCall = () => status(Code.Unimplemented, "");

/** Brokers that understand one generation each, by their URL. */
function setUp(is: Record<string, Generation>, told?: Generation) {
  const inquiries: string[] = [];
  const fake = fakeCluster({
    listVersions: (_, url) => {
      inquiries.push(url);
      if (is[url] !== "0.6") {
        throw unknownCall();
      }
      throw status(Code.NotFound, "Schema not found for subject: any");
    },
  });
  const events: DanubeEvent[] = fake.events;
  const dialect = (generation: Generation) => ({ generation }) as Dialect;
  const protocol = createProtocol({
    dialects: { "0.4": dialect("0.4"), "0.5": dialect("0.5"), "0.6": dialect("0.6") },
    told,
    connections: fake.cluster.connections,
    events: fake.cluster.events,
    attemptTimeoutMs: 5_000,
  });
  const spoken: Generation[] = [];
  const speak = (where = target, refuse: () => unknown = undecodable) =>
    protocol.speak(
      where,
      async ({ generation }) => {
        spoken.push(generation);
        if (generation !== is[where.url]) {
          throw refuse();
        }
        return generation;
      },
      never,
    );
  return { protocol, speak, spoken, inquiries, events, is, fake };
}

describe("finding out", () => {
  test("costs nothing where the newest is spoken", async () => {
    const { speak, spoken, inquiries, events, protocol } = setUp({ "http://a:1": "0.6" });
    expect(await speak()).toBe("0.6");
    expect(spoken).toEqual(["0.6"]);
    expect(inquiries).toEqual([]);
    expect(events).toEqual([]);
    expect(protocol.generation()).toBe("0.6");
  });

  test.each([
    ["0.4", ["0.6", "0.4"]],
    ["0.5", ["0.6", "0.4", "0.5"]],
  ] as const)("%s: by one question, and then it is known", async (generation, tries) => {
    const { speak, spoken, inquiries, events, protocol } = setUp({ "http://a:1": generation });
    expect(await speak()).toBe(generation);
    expect(spoken).toEqual(tries);
    expect(inquiries).toEqual(["http://a:1"]);
    expect(events).toEqual([{ type: "protocol-found", protocol: generation, url: "http://a:1" }]);
    spoken.length = 0;
    await speak();
    expect(spoken).toEqual([generation]);
    expect(protocol.generation()).toBe(generation);
  });

  test.each([
    [
      "a request that lacks what old brokers want",
      () => status(Code.InvalidArgument, "Unable to create a topic without specifying the Schema"),
    ],
    ["one that lacks their dispatch", () => status(Code.InvalidArgument, "Dispatch strategy is missing")],
    ["a call that the broker does not have", unknownCall],
  ])("is begun by %s", async (_, refuse) => {
    const { speak } = setUp({ "http://a:1": "0.4" });
    expect(await speak(target, refuse)).toBe("0.4");
  });

  test("many at once ask one question of a broker", async () => {
    const { speak, inquiries } = setUp({ "http://a:1": "0.5" });
    expect(await Promise.all(Array.from({ length: 50 }, () => speak()))).toEqual(
      Array.from({ length: 50 }, () => "0.5"),
    );
    expect(inquiries).toHaveLength(1);
  });

  test("again when the brokers became others, up or down", async () => {
    const { speak, is, events } = setUp({ "http://a:1": "0.4" });
    await speak();
    for (const next of ["0.5", "0.6", "0.4", "0.6", "0.5", "0.4"] as const) {
      is["http://a:1"] = next;
      expect(await speak()).toBe(next);
    }
    expect(events).toHaveLength(7);
  });

  test("in the middle of a rolling upgrade each broker is understood", async () => {
    const { speak } = setUp({ "http://a:1": "0.4", "http://b:1": "0.6" });
    for (const [where, generation] of [
      [target, "0.4"],
      [other, "0.6"],
      [target, "0.4"],
      [other, "0.6"],
    ] as const) {
      expect(await speak(where)).toBe(generation);
    }
  });

  test("a failure that was understood is passed on, and tells the generation as well", async () => {
    const { protocol, inquiries } = setUp({ "http://a:1": "0.4" });
    const failure = status(Code.Unavailable, "The topic metadata was created, need to redo the lookup");
    const work = async ({ generation }: Dialect) => {
      throw generation === "0.4" ? failure : undecodable();
    };
    expect(await rejection(protocol.speak(target, work, never))).toBe(failure);
    expect(protocol.generation()).toBe("0.4");
    await rejection(protocol.speak(target, work, never));
    expect(inquiries).toHaveLength(1);
  });

  test("what became of the connection tells nothing", async () => {
    const { protocol } = setUp({ "http://a:1": "0.4" });
    const lost = new CallFailure("lost", "the connection was lost");
    const work = async ({ generation }: Dialect) => {
      throw generation === "0.6" ? undecodable() : lost;
    };
    expect(await rejection(protocol.speak(target, work, never))).toBe(lost);
    expect(protocol.generation()).toBe("0.6");
  });

  test("ends with the failure in what was believed where no dialect is understood", async () => {
    const { protocol, inquiries } = setUp({ "http://a:1": "0.4" });
    const failures: CallFailure[] = [];
    const work = async () => {
      const failure = undecodable();
      failures.push(failure);
      throw failure;
    };
    expect(await rejection(protocol.speak(target, work, never))).toBe(failures[0]);
    expect(failures).toHaveLength(3);
    expect(inquiries.length).toBeLessThanOrEqual(2);
  });

  test.each([
    new CallFailure("lost", "the connection was lost"),
    status(Code.Unavailable, "no healthy upstream"),
    status(Code.Unauthenticated, "Invalid token"),
  ])("the question itself may fail ($message), and that is what comes of it", async (failure) => {
    const { speak, fake, protocol } = setUp({ "http://a:1": "0.4" });
    fake.handlers["listVersions"] = () => {
      throw failure;
    };
    expect(await rejection(speak())).toBe(failure);
    expect(protocol.generation()).toBe("0.6");
  });
});

describe("told", () => {
  test("nothing is asked", async () => {
    const { speak, spoken, inquiries } = setUp({ "http://a:1": "0.5" }, "0.5");
    expect(await speak()).toBe("0.5");
    expect(spoken).toEqual(["0.5"]);
    expect(inquiries).toEqual([]);
  });

  test("wrong, that is PROTOCOL with the remedy", async () => {
    const { speak, inquiries } = setUp({ "http://a:1": "0.6" }, "0.4");
    const error = await rejection(speak());
    expect(error).toMatchObject({ code: "PROTOCOL", retryable: false });
    expect((error as Error).message).toContain('protocol: "0.4"');
    expect(inquiries).toEqual([]);
  });
});
