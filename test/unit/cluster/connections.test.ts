import { Code } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ConsumerService, Discovery, HealthCheck } from "../../../gen/danube/danube_api_pb.ts";
import { type ConnectionsOptions, createConnections } from "../../../src/cluster/connections.ts";
import { type Credentials, createCredentials, type TokenSource, tokensOf } from "../../../src/cluster/credentials.ts";
import type { Target } from "../../../src/cluster/transports.ts";
import { createEventLog, type DanubeEvent } from "../../../src/events.ts";
import { createSweeper } from "../../../src/lib/sweeper.ts";
import { CallFailure, type FailureKind } from "../../../src/transport/seam.ts";
import { type FakeCall, fakeTransports } from "../support/fake-transports.ts";
import { rejection, settled, watch } from "../support/outcomes.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const a: Target = { url: "http://a:6650", behindProxy: undefined };
const b: Target = { url: "http://b:6650", behindProxy: undefined };

function setUp(options: { token?: TokenSource; credentials?: Credentials } & Partial<ConnectionsOptions> = {}) {
  const { token, ...rest } = options;
  const transports = fakeTransports();
  const events: DanubeEvent[] = [];
  const connections = createConnections({
    createTransport: transports.createTransport,
    transportOptions: { interceptors: [] },
    credentials: createCredentials(token === undefined ? undefined : tokensOf(token), { allowInsecure: true }),
    events: createEventLog((event) => events.push(event)),
    sweeper: createSweeper(rest.idleMs ?? 60_000),
    ...rest,
  });
  const call = (target: Target, signal?: AbortSignal) =>
    connections.unary(target, Discovery.method.topicLookup, { topic: "/default/t" }, { timeoutMs: 5_000, signal });
  /** Makes a call and gives the way to answer it, as soon as it is on its transport. */
  const begin = async (target: Target) => {
    const result = watch(call(target));
    await settled();
    return { result, fake: transports.calls.at(-1) as FakeCall };
  };
  const succeed = async (target: Target) => {
    const { fake, result } = await begin(target);
    fake.answer();
    await settled();
    expect(result.state).toBe("resolved");
  };
  const failWith = async (target: Target, reason: unknown) => {
    const { fake, result } = await begin(target);
    fake.fail(reason);
    await settled();
    expect(result.state).toBe("rejected");
    return result.value as CallFailure;
  };
  return { ...transports, connections, events, call, begin, succeed, failWith };
}

const failure = (kind: FailureKind) => new CallFailure(kind, `it was ${kind}`);
const status = (code: Code) => new CallFailure("status", "the broker's words", { status: code });

describe("one transport", () => {
  test("per URL, shared by all calls, opened by the first", async () => {
    const { made, begin, connections } = setUp();
    expect(made).toEqual([]);
    await begin(a);
    await begin(a);
    await begin({ ...a });
    await begin(b);
    expect(made.map(({ url }) => url)).toEqual([a.url, b.url]);
    expect(connections.opened()).toBe(2);
  });

  test("per broker behind a proxy", async () => {
    const { made, begin, connections } = setUp();
    const behind = (broker: string): Target => ({ url: a.url, behindProxy: broker });
    for (const target of [a, behind("http://x"), behind("http://y"), behind("http://x"), a]) {
      await begin(target);
    }
    expect(made.map(({ url }) => url)).toEqual([a.url, a.url, a.url]);
    expect(connections.status().map(({ brokerUrl }) => brokerUrl)).toEqual([undefined, "http://x", "http://y"]);
  });

  test("gets the options of the client, and the call its own", async () => {
    const transportOptions = { tls: { ca: "pem" }, interceptors: [] };
    const { made, calls, call } = setUp({ transportOptions });
    const { signal } = new AbortController();
    void call(a, signal);
    await settled();
    expect(made[0]?.options).toBe(transportOptions);
    expect(calls[0]).toMatchObject({ method: "TopicLookup", timeoutMs: 5_000, input: { topic: "/default/t" } });
    expect(calls[0]?.signal).toBe(signal);
  });

  test("gives the message that was answered", async () => {
    const { begin } = setUp();
    const { fake, result } = await begin(a);
    fake.answer({ brokerUrl: "http://x" });
    await settled();
    expect(result.value).toMatchObject({ $typeName: "danube.TopicLookupResponse", brokerUrl: "http://x" });
  });
});

describe("headers", () => {
  test("none where there is nothing to say", async () => {
    const { begin } = setUp();
    const { fake } = await begin(a);
    expect([...fake.header.keys()]).toEqual([]);
  });

  test("the broker's name behind a proxy, and the token", async () => {
    const { begin } = setUp({ token: "abc" });
    const { fake } = await begin({ url: a.url, behindProxy: "http://broker-2.danube:6650" });
    expect(Object.fromEntries(fake.header)).toEqual({
      authorization: "Bearer abc",
      "x-danube-broker-url": "http://broker-2.danube:6650",
    });
  });

  test("are made once for each broker behind a proxy, whose calls take turns", async () => {
    const { connections } = setUp();
    const [x, y] = ["http://x", "http://y"].map((behindProxy) => ({ url: a.url, behindProxy })) as [Target, Target];
    const headers: Headers[] = [];
    for (const target of [x, y, x, y]) {
      const send = (_: unknown, header: Headers) => {
        headers.push(header);
        return undefined;
      };
      connections.call({ target, timeoutMs: 1_000, send, onSending() {}, onAnswer() {}, onFailure() {} }).begin();
    }
    expect(headers[2]).toBe(headers[0]);
    expect(headers[3]).toBe(headers[1]);
    expect(headers[1]).not.toBe(headers[0]);
  });

  test("streams have them too", async () => {
    const { connections, calls } = setUp({ token: "abc" });
    const target = { url: a.url, behindProxy: "http://x" };
    const stream = connections.stream(
      target,
      ConsumerService.method.receiveMessages,
      { consumerId: 1n },
      new AbortController().signal,
    );
    await settled();
    expect(calls[0]?.timeoutMs).toBeUndefined();
    expect(Object.fromEntries(calls[0]?.header ?? [])).toEqual({
      authorization: "Bearer abc",
      "x-danube-broker-url": "http://x",
    });
    calls[0]?.answer({ requestId: 7n });
    const received: unknown[] = [];
    for await (const message of await stream) {
      received.push(message);
    }
    expect(received).toMatchObject([{ requestId: 7n }]);
  });
});

describe("UNAUTHENTICATED", () => {
  const tokens = () => {
    let given = 0;
    return () => `t${++given}`;
  };

  test("the call is made again, once, with a new token", async () => {
    const { call, calls } = setUp({ token: tokens() });
    const result = watch(call(a));
    await settled();
    calls[0]?.fail(status(Code.Unauthenticated));
    await settled();
    expect(calls.map(({ header }) => header.get("authorization"))).toEqual(["Bearer t1", "Bearer t2"]);
    expect(result.state).toBe("pending");
    calls[1]?.answer();
    await settled();
    expect(result.state).toBe("resolved");
  });

  test("and not for ever: with it alone, and then no more", async () => {
    const { call, calls, connections } = setUp({ token: tokens() });
    const result = watch(call(a));
    for (let i = 0; i < 3; i++) {
      await settled();
      calls[i]?.fail(status(Code.Unauthenticated));
    }
    await settled();
    expect(calls.map(({ header }) => header.get("authorization"))).toEqual(["Bearer t1", "Bearer t2", "t2"]);
    expect(result.value).toMatchObject({ kind: "status", status: Code.Unauthenticated });
    expect(connections.status()[0]?.callsInFlight).toBe(0);
  });

  test("without a token, nothing is tried twice", async () => {
    const { failWith, calls } = setUp();
    expect(await failWith(a, status(Code.Unauthenticated))).toMatchObject({ status: Code.Unauthenticated });
    expect(calls).toHaveLength(1);
  });

  test("a fixed token is also tried alone, as brokers until 0.10 want it", async () => {
    const { call, calls } = setUp({ token: "abc" });
    const result = watch(call(a));
    await settled();
    calls[0]?.fail(status(Code.Unauthenticated));
    await settled();
    calls[1]?.answer();
    await settled();
    expect(result.state).toBe("resolved");
    void call(a);
    await settled();
    expect(calls.map(({ header }) => header.get("authorization"))).toEqual(["Bearer abc", "abc", "abc"]);
  });

  test("many calls at once ask for one new token", async () => {
    let asked = 0;
    const { call, calls } = setUp({ token: async () => `t${++asked}` });
    const results = Array.from({ length: 5 }, () => watch(call(a)));
    await settled();
    for (const fake of [...calls]) {
      fake.fail(status(Code.Unauthenticated));
    }
    await settled();
    expect(asked).toBe(2);
    calls.slice(5).forEach((fake) => void fake.answer());
    await settled();
    expect(results.map(({ state }) => state)).toEqual(Array(5).fill("resolved"));
  });

  test("other statuses leave the token alone", async () => {
    const { call, calls } = setUp({ token: tokens() });
    for (let i = 0; i < 2; i++) {
      const result = watch(call(a));
      await settled();
      calls.at(-1)?.fail(status(Code.PermissionDenied));
      await settled();
      expect(result.state).toBe("rejected");
    }
    expect(calls.map(({ header }) => header.get("authorization"))).toEqual(["Bearer t1", "Bearer t1"]);
  });
});

describe("after a failure", () => {
  test.each<FailureKind>(["unreachable", "lost", "garbled", "untrusted", "silent"])(
    "%s: the next call is on a new transport",
    async (kind) => {
      const { made, succeed, failWith, connections } = setUp();
      await succeed(a);
      await failWith(a, failure(kind));
      expect(made).toMatchObject([{ closed: 1 }]);
      expect(connections.status()).toEqual([]);
      await succeed(a);
      expect(made).toMatchObject([{ closed: 1 }, { closed: 0 }]);
    },
  );

  test("a status or a refused call say nothing against the transport", async () => {
    const { made, succeed, failWith } = setUp();
    await failWith(a, status(Code.Unavailable));
    await failWith(a, failure("refused"));
    await failWith(a, failure("reset"));
    await succeed(a);
    expect(made).toMatchObject([{ closed: 0 }]);
  });

  test("only the transport that failed is replaced", async () => {
    const { made, succeed, failWith } = setUp();
    await succeed(a);
    await succeed(b);
    await failWith(a, failure("lost"));
    await succeed(b);
    expect(made.map(({ url, closed }) => [url, closed])).toEqual([
      [a.url, 1],
      [b.url, 0],
    ]);
  });

  test("the failed transport is closed only when the last call on it has ended", async () => {
    const { made, begin, succeed } = setUp();
    await succeed(a);
    const [first, second, third] = [await begin(a), await begin(a), await begin(a)];
    first.fake.fail(failure("lost"));
    await settled();
    expect(made[0]?.closed).toBe(0);
    await succeed(a);
    expect(made).toHaveLength(2);
    // A luckier call still gets its answer.
    second.fake.answer();
    await settled();
    expect(second.result.state).toBe("resolved");
    expect(made[0]?.closed).toBe(0);
    third.fake.fail(failure("lost"));
    await settled();
    expect(made.map(({ closed }) => closed)).toEqual([1, 0]);
  });

  test("many calls that fail together cause one new transport", async () => {
    const { made, begin, succeed, events } = setUp();
    await succeed(a);
    const calls = [await begin(a), await begin(a), await begin(a)];
    for (const { fake } of calls) {
      fake.fail(failure("lost"));
      await settled();
    }
    await succeed(a);
    expect(made).toHaveLength(2);
    expect(events.filter(({ type }) => type === "disconnected")).toHaveLength(1);
  });

  test("a time-out replaces the transport, unless it answered others meanwhile", async () => {
    const { made, begin, failWith, succeed } = setUp();
    await succeed(a);
    const slow = await begin(a);
    await vi.advanceTimersByTimeAsync(100);
    await succeed(a);
    slow.fake.fail(failure("deadline"));
    await settled();
    expect(made).toMatchObject([{ closed: 0 }]);
    await vi.advanceTimersByTimeAsync(100);
    await failWith(a, failure("deadline"));
    expect(made).toMatchObject([{ closed: 1 }]);
  });

  test("a call that the caller gave up: harmless on a connection that answered, doubtful on one that never did in ten seconds", async () => {
    const { made, failWith, succeed } = setUp();
    await failWith(a, failure("aborted"));
    await vi.advanceTimersByTimeAsync(9_999);
    await failWith(a, failure("aborted"));
    expect(made).toMatchObject([{ closed: 0 }]);
    await vi.advanceTimersByTimeAsync(1);
    await failWith(a, failure("aborted"));
    expect(made).toMatchObject([{ closed: 1 }]);
    await succeed(a);
    await failWith(a, failure("aborted"));
    await succeed(a);
    expect(made).toHaveLength(2);
    expect(made[1]?.closed).toBe(0);
  });

  test("calls that are given up, and none answered for ten seconds: the connection is thrown away, though it has answered before", async () => {
    const { made, failWith, succeed } = setUp();
    await succeed(a);
    await vi.advanceTimersByTimeAsync(60_000);
    await failWith(a, failure("aborted"));
    await vi.advanceTimersByTimeAsync(9_000);
    await succeed(a);
    await failWith(a, failure("aborted"));
    await vi.advanceTimersByTimeAsync(9_999);
    await failWith(a, failure("aborted"));
    expect(made).toMatchObject([{ closed: 0 }]);
    await vi.advanceTimersByTimeAsync(1);
    await failWith(a, failure("aborted"));
    expect(made).toMatchObject([{ closed: 1 }]);
  });

  test("what is no CallFailure is passed on as it is", async () => {
    const { failWith, made } = setUp();
    const bug = new Error("a bug");
    expect(await failWith(a, bug)).toBe(bug);
    expect(made[0]?.closed).toBe(0);
  });
});

describe("silence", () => {
  const warnings = (events: DanubeEvent[]) => events.flatMap((event) => (event.type === "warning" ? event.code : []));

  test("from an address that never answered raises a warning: it may be the wrong one", async () => {
    const { failWith, events } = setUp();
    expect(await failWith(a, failure("silent"))).toMatchObject({ kind: "silent", message: "it was silent" });
    expect(await failWith(a, failure("silent"))).toMatchObject({ kind: "silent" });
    expect(warnings(events)).toEqual(["BROKER_SILENT"]);
  });

  test("from one that has answered is a broker that restarts, on later transports too", async () => {
    const { succeed, failWith, events } = setUp();
    await succeed(a);
    await failWith(a, failure("lost"));
    expect(await failWith(a, failure("silent"))).toMatchObject({ kind: "silent" });
    expect(warnings(events)).toEqual([]);
    await failWith(b, failure("silent"));
    expect(warnings(events)).toEqual(["BROKER_SILENT"]);
  });

  test("an error status is an answer", async () => {
    const { failWith, events } = setUp();
    await failWith(a, status(Code.NotFound));
    await failWith(a, failure("silent"));
    expect(warnings(events)).toEqual([]);
  });
});

describe("events and status", () => {
  test("connected once per transport, disconnected only after that", async () => {
    const { succeed, failWith, events } = setUp();
    await failWith(a, failure("unreachable"));
    await succeed(a);
    await succeed(a);
    await failWith(a, failure("lost"));
    await failWith(a, failure("unreachable"));
    await succeed(a);
    expect(events).toMatchObject([
      { type: "connected", url: a.url },
      { type: "disconnected", url: a.url, error: { code: "UNAVAILABLE", message: "it was lost" } },
      { type: "connected", url: a.url },
    ]);
  });

  test("calls in flight and answers are counted", async () => {
    const { begin, connections } = setUp();
    const first = await begin(a);
    await begin(a);
    expect(connections.status()).toEqual([{ url: a.url, brokerUrl: undefined, answered: false, callsInFlight: 2 }]);
    first.fake.answer();
    await settled();
    expect(connections.status()).toEqual([{ url: a.url, brokerUrl: undefined, answered: true, callsInFlight: 1 }]);
  });
});

describe("idle transports", () => {
  test("are let go, and no timer is left", async () => {
    const { made, succeed, connections } = setUp({ idleMs: 1_000 });
    await succeed(a);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(made[0]?.closed).toBe(1);
    expect(connections.status()).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    await succeed(a);
    expect(made).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(made[1]?.closed).toBe(1);
  });

  test("are not those with a call, however long it takes", async () => {
    const { made, begin } = setUp({ idleMs: 1_000 });
    const { fake } = await begin(a);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(made[0]?.closed).toBe(0);
    fake.answer();
    await vi.advanceTimersByTimeAsync(999);
    expect(made[0]?.closed).toBe(0);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(made[0]?.closed).toBe(1);
  });

  test("are not those in use, while others go", async () => {
    const { made, succeed } = setUp({ idleMs: 1_000 });
    await succeed(b);
    for (let i = 0; i < 10; i++) {
      await succeed(a);
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(made).toMatchObject([
      { url: b.url, closed: 1 },
      { url: a.url, closed: 0 },
    ]);
  });

  test("take five minutes by default", async () => {
    const { made, succeed } = setUp();
    await succeed(a);
    await vi.advanceTimersByTimeAsync(299_000);
    expect(made[0]?.closed).toBe(0);
    await vi.advanceTimersByTimeAsync(301_000);
    expect(made[0]?.closed).toBe(1);
  });
});

describe("close()", () => {
  test("closes every transport, retired ones included, and leaves no timer", async () => {
    const { made, begin, succeed, connections } = setUp();
    await succeed(b);
    const first = await begin(a);
    await begin(a);
    first.fake.fail(failure("lost"));
    await settled();
    await succeed(a);
    connections.close();
    expect(made.map(({ closed }) => closed)).toEqual([1, 1, 1]);
    expect(connections.status()).toEqual([]);
    // The sweeper's, until it finds nothing left to look after.
    await vi.advanceTimersByTimeAsync(60_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("after it, calls fail and open nothing", async () => {
    const { made, connections, call } = setUp();
    connections.close();
    expect(await rejection(call(a))).toMatchObject({ code: "CLOSED" });
    const signal = new AbortController().signal;
    const stream = connections.stream(a, ConsumerService.method.receiveMessages, { consumerId: 1n }, signal);
    expect(await rejection(stream)).toMatchObject({ code: "CLOSED" });
    expect(made).toEqual([]);
  });

  test("a call that waited for its token meanwhile opens nothing either", async () => {
    const token = Promise.withResolvers<string>();
    const { made, connections, call } = setUp({ token: () => token.promise });
    const result = watch(call(a));
    await settled();
    connections.close();
    token.resolve("abc");
    await settled();
    expect(made).toEqual([]);
    expect(result).toMatchObject({ state: "rejected", value: { code: "CLOSED" } });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a token that does not come", () => {
  const never = () => new Promise<string>(() => {});

  // A send that was given up leaves its lane only when its call has ended: see producer/lane.ts.
  test("the caller's signal ends the call", async () => {
    const { call } = setUp({ token: never });
    const controller = new AbortController();
    const result = watch(call(a, controller.signal));
    await settled();
    controller.abort();
    await settled();
    expect(result).toMatchObject({ state: "rejected", value: { kind: "aborted" } });
  });

  test("a signal that is aborted already ends it as well", async () => {
    const { call, made } = setUp({ token: never });
    const result = watch(call(a, AbortSignal.abort()));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(result).toMatchObject({ state: "rejected", value: { kind: "aborted" } });
    expect(made).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("the time of the attempt ends the call", async () => {
    const { connections } = setUp({ token: never });
    const result = watch(connections.unary(a, HealthCheck.method.healthCheck, {}, { timeoutMs: 5_000 }));
    await vi.advanceTimersByTimeAsync(5_001);
    expect(result.state).toBe("rejected");
  });
});

describe("a call that is given up", () => {
  /** A call by itself, of which is told what it was told; `onEvent` may give it up. */
  function single(options: { token?: string; onEvent?: () => void; onToken?: () => void } = {}) {
    const told: string[] = [];
    const credentials = createCredentials(options.token, { allowInsecure: true });
    const { connections, calls } = setUp({
      credentials: {
        ...credentials,
        authorization(url) {
          options.onToken?.();
          return credentials.authorization(url);
        },
      },
      events: createEventLog(() => options.onEvent?.()),
    });
    const call = connections.call({
      target: a,
      timeoutMs: 5_000,
      send(transport, header, it) {
        told.push("sent");
        transport.unary(Discovery.method.topicLookup, undefined, 5_000, header, { topic: "/default/t" }).then(
          (answer) => it.onAnswer(answer),
          (reason) => it.onFailure(reason),
        );
        return undefined;
      },
      onSending: () => void told.push("sending"),
      onAnswer(_, lease) {
        told.push("answered");
        lease.done();
      },
      onFailure: () => void told.push("failed"),
    });
    const inFlight = () => connections.status().reduce((sum, { callsInFlight }) => sum + callsInFlight, 0);
    return { call, told, calls, inFlight };
  }

  test("by the function that gives the token: nothing is sent", async () => {
    const one = single({ onToken: () => one.call.cancel() });
    one.call.begin();
    await settled();
    expect([one.told, one.inFlight()]).toEqual([[], 0]);
  });

  test("by whoever is told that there is a connection: it is told nothing, and its lease is ended once", async () => {
    const one = single({ onEvent: () => one.call.cancel() });
    one.call.begin();
    await settled();
    one.calls[0]?.answer();
    await settled();
    expect([one.told, one.inFlight()]).toEqual([["sending", "sent"], 0]);
  });

  test("the same, where the answer is a refusal of the token: it is not made again", async () => {
    const one = single({ token: "abc", onEvent: () => one.call.cancel() });
    one.call.begin();
    await settled();
    one.calls[0]?.fail(status(Code.Unauthenticated));
    await settled();
    expect([one.told, one.calls.length, one.inFlight()]).toEqual([["sending", "sent"], 1, 0]);
  });
});
