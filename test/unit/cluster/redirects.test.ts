import { Code } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CallFailure } from "../../../src/transport/seam.ts";
import { connectTo, notFound, redirectTo } from "../support/fake-brokers.ts";
import { a, b, c, fails, listing, lookupAmong, says, topic } from "../support/lookups.ts";
import { settled, watch } from "../support/outcomes.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("Redirect", () => {
  test("is believed when the broker it names says Connect", async () => {
    const { find, asked } = lookupAmong({ [a]: says(redirectTo(c)), [c]: says(connectTo(c)) });
    expect(await find()).toMatchObject({ target: { url: c, behindProxy: undefined }, assigned: true });
    expect(asked).toEqual([`${a} ${topic}`, `${c} ${topic}`]);
  });

  test("is followed further", async () => {
    const { find } = lookupAmong({ [a]: says(redirectTo(b)), [b]: says(redirectTo(c)), [c]: says(connectTo(c)) });
    expect((await find()).target.url).toBe(c);
  });

  test("an address without a scheme is http, or https among secure seeds", async () => {
    const plain = lookupAmong({ [a]: says(redirectTo("c:1")), [c]: says(connectTo("c:1")) });
    expect((await plain.find()).target.url).toBe(c);
    const [seed, owner] = ["https://a:1", "https://c:1"];
    const secure = lookupAmong(
      { [seed]: says(redirectTo("c:1")), [owner]: says(connectTo("c:1")) },
      { seeds: [seed], secure: true },
    );
    expect((await secure.find()).target.url).toBe(owner);
  });

  test("mapBrokerUrl is asked what the address means here", async () => {
    const mapBrokerUrl = vi.fn((url: string) => url.replace("container-7", "c").replace("6650", "1"));
    const { find } = lookupAmong(
      { [a]: says(redirectTo("container-7:6650")), [c]: says(connectTo("http://container-7:6650")) },
      { mapBrokerUrl },
    );
    expect(await find()).toMatchObject({ target: { url: c }, brokerUrl: "http://container-7:6650" });
    expect(mapBrokerUrl).toHaveBeenCalledWith("http://container-7:6650");
  });

  test("an address that is none, or that mapBrokerUrl spoils, is the broker's fault and named", async () => {
    const bad = await lookupAmong({ [a]: says(redirectTo("http://c/path")) }, { seeds: [a] }).failure();
    expect(bad.kind).toBe("garbled");
    expect(bad.message).toContain("http://c/path");
    const mapped = await lookupAmong({ [a]: says(redirectTo(c)) }, { seeds: [a], mapBrokerUrl: () => "??" }).failure();
    expect(mapped.kind).toBe("garbled");
    expect(mapped.message).toContain(c);
  });

  test("in a circle: an end, of the kind that passes", async () => {
    const { failure, asked } = lookupAmong({
      [a]: says(redirectTo(b)),
      [b]: says(redirectTo(c)),
      [c]: says(redirectTo(b)),
    });
    expect(await failure()).toMatchObject({ kind: "status", status: Code.Unavailable });
    expect(asked.length).toBeLessThan(10);
  });

  test("in a circle that the owner is not in, because each mistakes the name: the owner is found", async () => {
    const brokers = { [a]: says(redirectTo(b)), [b]: says(redirectTo(a)), [c]: says(connectTo(c)) };
    const { find } = lookupAmong(brokers, { seeds: [a, b, c] });
    expect((await find()).target.url).toBe(c);
  });

  test("in a circle that longer names lead to: the topic does not exist", async () => {
    const names = [`${topic}-part-0`, `${topic}-part-1`];
    const { find } = lookupAmong({ [a]: says(redirectTo(b), names), [b]: says(redirectTo(a), names) });
    expect(await find()).toMatchObject({ assigned: false });
  });

  test("to a broker that is dead: the error names its URL, who gave it, and the remedies", async () => {
    const { failure } = lookupAmong({ [a]: says(redirectTo(c)), [b]: says(redirectTo(c)) });
    const reason = await failure();
    expect(reason.kind).toBe("unreachable");
    expect(reason.message).toContain(c);
    expect(reason.message).toContain(a);
    expect(reason.message).toContain("mapBrokerUrl");
    expect(reason.message).toContain("proxy");
  });

  test("to a dead broker, while another seed has the topic already", async () => {
    const { find } = lookupAmong({ [a]: says(redirectTo(c)), [b]: says(connectTo(b)) });
    expect((await find()).target.url).toBe(b);
  });

  test.each([
    ["asks no more than the seeds", "/default/other", []],
    ["asks every broker where another name could be meant", `${topic}-eu`, ["http://d:1"]],
  ])("to a dead broker %s", async (_, other, more) => {
    const d = "http://d:1";
    const { find, asked } = lookupAmong({
      [a]: { lookup: (name) => redirectTo(name === topic ? c : d), names: listing([topic, other]) },
      [d]: says(connectTo(d)),
    });
    // Tells of a broker.
    await find(other);
    asked.length = 0;
    await find().catch(() => {});
    const seedsAndOwner = [a, c, b];
    expect(asked).toEqual([...seedsAndOwner, ...(more.length > 0 ? [b, ...more] : [])].map((url) => `${url} ${topic}`));
  });

  test("to an address that nobody can dial raises a warning, a refused connection does not", async () => {
    const unspecified = lookupAmong({ [a]: says(redirectTo("http://0.0.0.0:6650")) });
    await unspecified.failure();
    expect(unspecified.warnings()).toEqual(["BROKER_ADDRESS"]);

    const unknown = lookupAmong({
      [a]: says(redirectTo("http://container-7:1")),
      "http://container-7:1": fails(new CallFailure("unreachable", "getaddrinfo ENOTFOUND container-7")),
    });
    await unknown.failure();
    expect(unknown.warnings()).toEqual(["BROKER_ADDRESS"]);

    const dead = lookupAmong({ [a]: says(redirectTo(c)) });
    await dead.failure();
    expect(dead.warnings()).toEqual([]);
  });

  test("a refusal by the broker that is named is final", async () => {
    const refusal = new CallFailure("status", "no binding grants", { status: Code.PermissionDenied });
    const { failure } = lookupAmong({ [a]: says(redirectTo(c)), [b]: says(connectTo(b)), [c]: fails(refusal) });
    expect(await failure()).toBe(refusal);
  });
});

describe("names that begin alike", () => {
  const longer = `${topic}-eu`;

  test("without such a name, a Redirect is taken though the broker has not loaded the topic yet", async () => {
    for (const answer of [redirectTo(c), notFound]) {
      const { find, warnings } = lookupAmong({
        [a]: says(redirectTo(c), [topic, "/default/other"]),
        [c]: says(answer),
      });
      expect((await find()).target.url).toBe(c);
      expect(warnings()).toEqual([]);
    }
  });

  test("with one, the broker that says Connect is waited for, at every seed", async () => {
    let loaded = false;
    const { find } = lookupAmong({
      // The broker of orders-eu is named, and it is not the owner of orders: b is, or will be.
      [a]: says(redirectTo(c), [topic, longer]),
      [b]: says(() => (loaded ? connectTo(b) : redirectTo(c))),
      [c]: says(redirectTo(c)),
    });
    const result = watch(find());
    await vi.advanceTimersByTimeAsync(500);
    expect(result.state).toBe("pending");
    loaded = true;
    await vi.advanceTimersByTimeAsync(200);
    expect(result.value).toMatchObject({ target: { url: b } });
  });

  test("brokers are found by asking for the other topics of the namespace", async () => {
    const d = "http://d:1";
    const { find } = lookupAmong(
      {
        [a]: {
          lookup: (name) => redirectTo(name === "/default/far" ? d : c),
          names: listing([topic, longer, "/default/far"]),
        },
        [c]: says(redirectTo(c)),
        [d]: says(connectTo(d)),
      },
      { seeds: [a] },
    );
    const result = watch(find());
    await vi.advanceTimersByTimeAsync(300);
    expect(result.value).toMatchObject({ target: { url: d } });
  });

  test("also among a thousand topics, of which the last hundreds tell nothing", async () => {
    const d = "http://d:1";
    const many = Array.from({ length: 1_000 }, (_, i) => `/default/t${String(i).padStart(4, "0")}`);
    const { find, asked } = lookupAmong(
      {
        [a]: {
          lookup: (name) => redirectTo(many.indexOf(name) in many && many.indexOf(name) < 100 ? d : c),
          names: listing([topic, longer, ...many]),
        },
        [c]: says(redirectTo(c)),
        [d]: says(connectTo(d)),
      },
      { seeds: [a] },
    );
    const result = watch(find());
    await vi.advanceTimersByTimeAsync(3_000);
    expect(result.value).toMatchObject({ target: { url: d } });
    // A few dozen at a time, and the one that begins alike among them.
    expect(asked.length).toBeLessThan(500);
    expect(asked).toContain(`${a} ${longer}`);
  });

  test("when none says Connect, several seeds take the Redirect after all", async () => {
    const { find, warnings } = lookupAmong({
      [a]: says(redirectTo(c), [topic, longer]),
      [b]: says(redirectTo(c)),
      [c]: says(redirectTo(c)),
    });
    const result = watch(find());
    await vi.advanceTimersByTimeAsync(2_900);
    expect(result.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(300);
    expect(result.value).toMatchObject({ target: { url: c } });
    expect(warnings()).toEqual([]);
  });

  test("and a client with one seed fails rather than split the topic", async () => {
    const { failure, warnings } = lookupAmong(
      { [a]: says(redirectTo(c), [topic, longer]), [c]: says(redirectTo(c)) },
      { seeds: [a] },
    );
    const reason = await failure();
    expect(reason).toMatchObject({ kind: "status", status: Code.Unavailable });
    expect(reason.message).toContain(longer);
    expect(warnings()).toEqual(["AMBIGUOUS_OWNER"]);
  });

  test("a name that does not exist is only the beginning of one that does: unassigned", async () => {
    const { find } = lookupAmong({ [a]: says(redirectTo(c), [longer]), [c]: says(redirectTo(c)) });
    const result = watch(find());
    await vi.advanceTimersByTimeAsync(100);
    expect(result.value).toMatchObject({ target: { url: a, behindProxy: undefined }, assigned: false });
  });

  test("where topics are not listed, Connect is waited for as well, and then the Redirect taken", async () => {
    let loaded = false;
    const brokers = {
      [a]: says(redirectTo(c)),
      [b]: says(() => (loaded ? connectTo(b) : redirectTo(c))),
      [c]: says(redirectTo(c)),
    };
    const never = watch(lookupAmong(brokers).find());
    await vi.advanceTimersByTimeAsync(2_900);
    expect(never.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(300);
    expect(never.value).toMatchObject({ target: { url: c } });
    const found = watch(lookupAmong(brokers).find());
    await vi.advanceTimersByTimeAsync(500);
    loaded = true;
    await vi.advanceTimersByTimeAsync(200);
    expect(found.value).toMatchObject({ target: { url: b } });
  });

  test("whoever gives up waiting ends it, without a warning about what was not waited for", async () => {
    const { find, warnings } = lookupAmong({
      [a]: says(redirectTo(c), [topic, longer]),
      [b]: says(redirectTo(c)),
      [c]: says(redirectTo(c)),
    });
    const controller = new AbortController();
    const result = watch(find(topic, controller.signal));
    await vi.advanceTimersByTimeAsync(250);
    controller.abort();
    await settled();
    expect(result.state).not.toBe("pending");
    expect(vi.getTimerCount()).toBe(0);
    expect(warnings()).toEqual([]);
  });
});
