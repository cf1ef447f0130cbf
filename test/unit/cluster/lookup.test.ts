import { Code } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CallFailure } from "../../../src/transport/seam.ts";
import { connectTo, type FakeBroker, type FoundTopic, notFound, redirectTo } from "../support/fake-brokers.ts";
import { a, b, c, fails, lookupAmong, says, topic } from "../support/lookups.ts";
import { watch } from "../support/outcomes.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const silent: FakeBroker = { lookup: () => new Promise(() => {}) };

describe("seeds", () => {
  test("are asked in turn, and the good one is asked first the next time", async () => {
    const { find, asked } = lookupAmong({ [b]: says(connectTo(b)) });
    expect((await find()).target.url).toBe(b);
    expect(asked).toEqual([`${a} ${topic}`, `${b} ${topic}`]);
    asked.length = 0;
    await find();
    expect(asked).toEqual([`${b} ${topic}`]);
  });

  test("after the good one come the others, round to the first", async () => {
    const { find, asked, brokers } = lookupAmong({ [b]: says(connectTo(b)) }, { seeds: [a, b, c] });
    await find();
    delete brokers[b];
    brokers[a] = says(connectTo(a));
    asked.length = 0;
    expect((await find()).target.url).toBe(a);
    expect(asked.map((call) => call.split(" ")[0])).toEqual([b, c, a]);
  });

  test("a silent one is not waited for alone", async () => {
    const { find } = lookupAmong({ [a]: silent, [b]: says(connectTo(b)) });
    const result = watch(find());
    await vi.advanceTimersByTimeAsync(999);
    expect(result.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    expect(result.value).toMatchObject({ target: { url: b } });
  });

  test("one that answers others is busy, and is waited for until it has been silent", async () => {
    const slow = { lookup: (name: string) => (name === topic ? new Promise<never>(() => {}) : connectTo(a)) };
    const { find } = lookupAmong({ [a]: slow, [b]: says(connectTo(b)) });
    const result = watch(find());
    await vi.advanceTimersByTimeAsync(900);
    await find("/default/other");
    await vi.advanceTimersByTimeAsync(1_099);
    expect(result.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    expect(result.value).toMatchObject({ target: { url: b } });
  });

  test("what one broker says about the topic or the caller, another would say too", async () => {
    for (const code of [Code.PermissionDenied, Code.Unauthenticated, Code.InvalidArgument]) {
      const refusal = new CallFailure("status", "no", { status: code });
      const { failure, asked } = lookupAmong({ [a]: fails(refusal), [b]: says(connectTo(b)) });
      expect(await failure()).toBe(refusal);
      expect(asked).toHaveLength(1);
    }
  });

  test("an unavailable one is passed over", async () => {
    const { find } = lookupAmong({
      [a]: fails(new CallFailure("status", "no leader", { status: Code.Unavailable })),
      [b]: says(connectTo(b)),
    });
    expect((await find()).target.url).toBe(b);
  });

  test("when none answers, one failure tells of all, as hopeful as the most hopeful", async () => {
    const { failure } = lookupAmong({ [a]: fails(new CallFailure("garbled", "a is a web server")) });
    const reason = await failure();
    expect(reason).toBeInstanceOf(CallFailure);
    expect(reason.kind).toBe("unreachable");
    expect(reason.message).toMatch(/a is a web server.*cannot connect to http:\/\/b:1/);
    expect((reason.cause as AggregateError).errors).toHaveLength(2);
  });

  test("the failure of a single seed is passed on as it is", async () => {
    const garbled = new CallFailure("garbled", "a web server");
    const { failure } = lookupAmong({ [a]: fails(garbled) }, { seeds: [a] });
    expect(await failure()).toBe(garbled);
  });
});

describe("Connect", () => {
  test("keeps the URL that answered, whatever is advertised", async () => {
    for (const advertised of ["http://0.0.0.0:6650", "http://container-7:6650", "http://b:1", ""]) {
      const { find } = lookupAmong({ [a]: says(connectTo(advertised)) });
      expect((await find()).target).toEqual({ url: a, behindProxy: undefined });
    }
  });

  test("also when what is advertised is no address at all", async () => {
    const { find } = lookupAmong({ [a]: says(connectTo("my broker:6650")) });
    expect((await find()).target.url).toBe(a);
  });

  test("the broker's own name goes into the messages", async () => {
    const { find } = lookupAmong({ [a]: says(connectTo("http://x:1", { brokerUrl: "http://broker-1.danube:6650" })) });
    expect(await find()).toMatchObject({ topic, brokerUrl: "http://broker-1.danube:6650", assigned: true });
  });

  test("old brokers give one address: it is the name as well", async () => {
    const { find } = lookupAmong({ [a]: says(connectTo("x:6650", { brokerUrl: "" })) });
    expect((await find()).brokerUrl).toBe("x:6650");
  });
});

describe("NOT_FOUND", () => {
  test("is an answer: unassigned, to be created at the seed that said so", async () => {
    const { find, asked } = lookupAmong({ [b]: says(notFound) });
    expect(await find()).toEqual({
      topic,
      target: { url: b, behindProxy: undefined },
      brokerUrl: b,
      assigned: false,
      certain: false,
    });
    expect(asked).toHaveLength(2);
  });
});

describe("a proxy", () => {
  const named = (name: string) => ({ proxy: true, brokerUrl: name });
  const [one, two] = ["http://broker-1:6650", "http://broker-2:6650"] as const;
  const proxied = named(two);

  test("is dialled, and the broker named", async () => {
    const { find, asked } = lookupAmong({ [a]: says(connectTo("http://proxy:1", proxied)) });
    expect(await find()).toMatchObject({
      target: { url: "http://proxy:1", behindProxy: two },
      brokerUrl: two,
      assigned: true,
      certain: true,
    });
    expect(asked).toHaveLength(1);
  });

  test("the broker that is named is asked itself, through the proxy, before a Redirect is believed", async () => {
    const seed = says(redirectTo("http://proxy:1", proxied));
    const owner = lookupAmong({ [a]: seed, [two]: says(connectTo("http://proxy:1", proxied)) });
    expect(await owner.find()).toMatchObject({ target: { url: "http://proxy:1", behindProxy: two }, certain: true });
    expect(owner.asked).toEqual([`${a} ${topic}`, `${two} ${topic}`]);

    // Which another name was mistaken for.
    const names = [topic, `${topic}-eu`];
    const mistaken = lookupAmong({
      [a]: says(redirectTo("http://proxy:1", named(one)), names),
      [one]: says(redirectTo("http://proxy:1", named(one)), names),
      [two]: says(connectTo("http://proxy:1", named(two)), names),
    });
    const brokers = [redirectTo("http://proxy:1", named(one)), connectTo("http://proxy:1", named(two))];
    let answered = 0;
    mistaken.brokers[a] = says(() => brokers[answered++ % 2] as FoundTopic, names);
    expect((await mistaken.find()).target.behindProxy).toBe(two);
  });

  test("behind which the broker is dead: another one that has the topic, or a failure that names it", async () => {
    const dead = redirectTo("http://proxy:1", named(one));
    const { failure } = lookupAmong({ [a]: says(dead) }, { seeds: [a] });
    const reason = await failure();
    expect(reason).toMatchObject({ kind: "status", status: Code.Unavailable });
    expect(reason.message).toMatch(/broker-1:6650 cannot be reached through http:\/\/proxy:1: upstream/);

    let answered = 0;
    const next = says(() => (answered++ === 0 ? dead : connectTo("http://proxy:1", named(two))));
    expect((await lookupAmong({ [a]: next }, { seeds: [a] }).find()).target.behindProxy).toBe(two);
  });

  test("its address is mapped, the broker's name is not", async () => {
    const mapBrokerUrl = (url: string) => url.replace("proxy", "127.0.0.1");
    const { find } = lookupAmong({ [a]: says(connectTo("proxy:1", proxied)) }, { mapBrokerUrl });
    expect((await find()).target).toEqual({ url: "http://127.0.0.1:1", behindProxy: "http://broker-2:6650" });
  });
});

describe("a gateway", () => {
  test("gets every call itself, with the broker's name", async () => {
    const broker = "http://broker-2:6650";
    for (const answer of [connectTo(broker), redirectTo(broker)]) {
      const { find } = lookupAmong({ [a]: says(answer), [broker]: says(connectTo(broker)) }, { gateway: true });
      expect((await find()).target).toEqual({ url: a, behindProxy: broker });
    }
  });

  test("names no broker for a topic that nobody has", async () => {
    const { find } = lookupAmong({ [a]: says(notFound) }, { gateway: true });
    expect(await find()).toMatchObject({ target: { url: a, behindProxy: undefined }, assigned: false });
  });
});

describe("a broker that makes up addresses", () => {
  test("is not kept an account of for ever", async () => {
    let made = 0;
    // Every lookup is told of another broker, and none of them is there.
    const { find, asked } = lookupAmong(
      { [a]: says(() => redirectTo(`http://made-up-${++made}:1`)) },
      { seeds: [a], attemptTimeoutMs: 10, maxLearned: 256 },
    );
    for (let i = 0; i < 400; i++) {
      const result = watch(find());
      await vi.advanceTimersByTimeAsync(2_000);
      expect(result.state).toBe("rejected");
      asked.splice(0, i < 399 ? asked.length : 0);
    }
    expect(new Set(asked).size).toBeLessThan(270);
  });

  test.each(["http:", "https:"])(
    "of a megabyte (%s): no broker, and none of its length in the error",
    async (scheme) => {
      const { failure } = lookupAmong(
        { [a]: says(redirectTo(`${scheme}//${"a".repeat(1_000_000)}:1`)) },
        { seeds: [a] },
      );
      const { kind, message } = await failure();
      expect(kind).toBe("garbled");
      expect(message.length).toBeLessThan(1_000);
    },
  );
});

test("from a broker with TLS no way leads to one without, also where another seed has none", async () => {
  const seed = "https://a:1";
  const lookup = (allowInsecure: boolean) =>
    lookupAmong(
      { [seed]: says(redirectTo(c)), [c]: says(connectTo(c)) },
      // As where the other seeds are not all of that kind.
      { seeds: [seed], secure: false, allowInsecure },
    );
  expect(await lookup(false).failure()).toMatchObject({ kind: "garbled" });
  expect((await lookup(true).find()).target.url).toBe(c);
});
