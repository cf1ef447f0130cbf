import { describe, expect, test, vi } from "vitest";
import { createOwnership, type Owner } from "../../../src/cluster/ownership.ts";
import { DanubeError } from "../../../src/errors.ts";
import { createEventLog, type DanubeEvent } from "../../../src/events.ts";
import { createSweeper } from "../../../src/lib/sweeper.ts";
import { rejection, settled, watch } from "../support/outcomes.ts";

const topic = "/default/t";
const because = new DanubeError("UNAVAILABLE", "gone");

const ownerAt = (url: string, options: Partial<Owner> = {}): Owner => ({
  topic,
  target: { url, behindProxy: undefined },
  brokerUrl: `${url}/advertised`,
  assigned: true,
  certain: true,
  ...options,
});

function setUp() {
  const lookups: { topic: string; signal: AbortSignal; answer(owner: Owner): void; fail(reason: unknown): void }[] = [];
  const events: DanubeEvent[] = [];
  const ownership = createOwnership(
    (name, signal) =>
      new Promise((resolve, reject) => {
        lookups.push({ topic: name, signal, answer: resolve, fail: reject });
      }),
    createEventLog((event) => events.push(event)),
    createSweeper(60_000),
  );
  /** Has the owner looked up and answered. */
  const learn = async (owner: Owner) => {
    const asked = ownership.owner(owner.topic);
    await settled();
    lookups.at(-1)?.answer(owner);
    return asked;
  };
  return { ownership, lookups, events, learn };
}

describe("owner()", () => {
  test("one lookup per topic at a time, and then none", async () => {
    const { ownership, lookups } = setUp();
    const asked = Array.from({ length: 10 }, () => ownership.owner(topic));
    void ownership.owner("/default/other");
    await settled();
    expect(lookups.map((lookup) => lookup.topic)).toEqual([topic, "/default/other"]);
    const owner = ownerAt("http://a");
    lookups[0]?.answer(owner);
    expect(new Set(await Promise.all(asked))).toEqual(new Set([owner]));
    expect(await ownership.owner(topic)).toBe(owner);
    expect(ownership.lookups()).toBe(2);
    expect(ownership.status()).toEqual([owner]);
  });

  test("a failed lookup fails all who wait, and the next one asks again", async () => {
    const { ownership, lookups } = setUp();
    const asked = [rejection(ownership.owner(topic)), rejection(ownership.owner(topic))];
    await settled();
    const reason = new Error("no seed");
    lookups[0]?.fail(reason);
    expect(await Promise.all(asked)).toEqual([reason, reason]);
    void ownership.owner(topic);
    await settled();
    expect(lookups).toHaveLength(2);
    expect(ownership.status()).toEqual([]);
  });

  test("an unassigned topic is answered and not remembered", async () => {
    const { ownership, lookups, events, learn } = setUp();
    expect(await learn(ownerAt("http://seed", { assigned: false }))).toMatchObject({ assigned: false });
    expect(ownership.status()).toEqual([]);
    expect(events).toEqual([]);
    void ownership.owner(topic);
    await settled();
    expect(lookups).toHaveLength(2);
  });

  test("a lookup that nobody waits for any more is aborted, and its answer not taken", async () => {
    const { ownership, lookups } = setUp();
    const controller = new AbortController();
    const asked = rejection(ownership.owner(topic, controller.signal));
    await settled();
    controller.abort(new Error("left"));
    expect(await asked).toMatchObject({ message: "left" });
    expect(lookups[0]?.signal.aborted).toBe(true);
    lookups[0]?.answer(ownerAt("http://stale"));
    await settled();
    expect(ownership.status()).toEqual([]);
  });

  test("a known owner needs no signal that is still alive", async () => {
    const { ownership, learn } = setUp();
    const owner = await learn(ownerAt("http://a"));
    expect(await ownership.owner(topic, AbortSignal.abort())).toBe(owner);
  });

  test("tells what was found", async () => {
    const { events, learn } = setUp();
    await learn(ownerAt("http://a"));
    expect(events).toEqual([{ type: "owner-found", topic, url: "http://a", brokerUrl: "http://a/advertised" }]);
  });
});

describe("forget()", () => {
  test("the next to ask looks up again", async () => {
    const { ownership, learn, events } = setUp();
    ownership.forget(await learn(ownerAt("http://a")), because);
    expect(ownership.status()).toEqual([]);
    expect(events.at(-1)).toEqual({ type: "owner-lost", topic, url: "http://a", error: because });
    expect((await learn(ownerAt("http://b"))).target.url).toBe("http://b");
  });

  test("twice is once: many calls fail for the same reason", async () => {
    const { ownership, learn, events } = setUp();
    const owner = await learn(ownerAt("http://a"));
    ownership.forget(owner, because);
    ownership.forget(owner, because);
    expect(events.filter(({ type }) => type === "owner-lost")).toHaveLength(1);
  });

  test("does not touch the one that is known by now", async () => {
    const { ownership, learn } = setUp();
    const old = await learn(ownerAt("http://a"));
    ownership.forget(old, because);
    const current = await learn(ownerAt("http://b"));
    ownership.forget(old, because);
    // The same broker once more, found anew: an old failure says nothing about it.
    ownership.forget(ownerAt("http://b"), because);
    expect(ownership.status()).toEqual([current]);
    expect(await ownership.owner(topic)).toBe(current);
  });

  test("leaves other topics alone", async () => {
    const { ownership, learn } = setUp();
    const owner = await learn(ownerAt("http://a"));
    const other = await learn(ownerAt("http://a", { topic: "/default/other" }));
    ownership.forget(owner, because);
    expect(ownership.status()).toEqual([other]);
  });
});

describe("confirm()", () => {
  test("the broker that took an unassigned topic is its owner from then on", async () => {
    const { ownership, learn, events, lookups } = setUp();
    const found = await learn(ownerAt("http://seed", { assigned: false }));
    const confirmed = ownership.confirm(found);
    expect(confirmed).toEqual({ ...found, assigned: true });
    expect(await ownership.owner(topic)).toBe(confirmed);
    expect(lookups).toHaveLength(1);
    expect(events.map(({ type }) => type)).toEqual(["owner-found"]);
    ownership.forget(confirmed, because);
    expect(ownership.status()).toEqual([]);
  });

  test("an owner that is known already stays the same object", async () => {
    const { ownership, learn, events } = setUp();
    const owner = await learn(ownerAt("http://a"));
    expect(ownership.confirm(owner)).toBe(owner);
    expect(ownership.status()).toEqual([owner]);
    expect(events).toHaveLength(1);
  });

  test("one that was forgotten by another call is known again", async () => {
    const { ownership, learn } = setUp();
    const owner = await learn(ownerAt("http://a"));
    ownership.forget(owner, because);
    ownership.confirm(owner);
    expect(ownership.status()).toEqual([owner]);
  });

  test("does not replace another one that is known by now", async () => {
    const { ownership, learn } = setUp();
    const found = await learn(ownerAt("http://seed", { assigned: false }));
    const other = await learn(ownerAt("http://b"));
    expect(ownership.confirm(found)).toMatchObject({ target: { url: "http://seed" }, assigned: true });
    expect(ownership.status()).toEqual([other]);
  });
});

describe("a stale answer never overwrites a newer one", () => {
  test("an answer asked for before a forget does not come in after it", async () => {
    const { ownership, lookups, learn } = setUp();
    const found = await learn(ownerAt("http://seed", { assigned: false }));
    // Another caller asks before the first one has created the topic; its lookup is slow.
    const slow = watch(ownership.owner(topic));
    await settled();
    const confirmed = ownership.confirm(found);
    ownership.forget(confirmed, because);
    lookups[1]?.answer(ownerAt("http://seed"));
    await settled();
    expect(slow.state).not.toBe("pending");
    expect(ownership.status()).toEqual([]);
  });
});

test("confirm() of what is known gives it: whoever holds it can have it forgotten", async () => {
  const { ownership, learn, events } = setUp();
  const unassigned = ownerAt("http://a", { assigned: false });
  const first = ownership.confirm(unassigned);
  const second = ownership.confirm(unassigned);
  expect(second).toBe(first);
  ownership.forget(second, because);
  expect(ownership.status()).toEqual([]);
  expect(events.map(({ type }) => type)).toEqual(["owner-found", "owner-lost"]);
  await learn(ownerAt("http://b"));
  expect(ownership.confirm(unassigned)).not.toBe(ownership.status()[0]);
});

describe("what nobody needs", () => {
  test("is let go, also when it was never said to be needed", async () => {
    vi.useFakeTimers();
    try {
      const { ownership, learn } = setUp();
      const leave = [ownership.need(topic), ownership.need(topic)];
      await learn(ownerAt("http://a"));
      await learn(ownerAt("http://b", { topic: "/default/other" }));
      await vi.advanceTimersByTimeAsync(60_000);
      expect(ownership.status().map((owner) => owner.topic)).toEqual([topic]);
      expect(vi.getTimerCount()).toBe(0);
      leave[0]?.();
      leave[0]?.();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(ownership.status()).toHaveLength(1);
      leave[1]?.();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(ownership.status()).toEqual([]);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test("an answer to a lookup is kept that was asked for before", async () => {
    vi.useFakeTimers();
    try {
      const { ownership, lookups } = setUp();
      ownership.need(topic)();
      const asked = ownership.owner(topic);
      await settled();
      await vi.advanceTimersByTimeAsync(60_000);
      lookups[0]?.answer(ownerAt("http://a"));
      expect((await asked).target.url).toBe("http://a");
    } finally {
      vi.useRealTimers();
    }
  });
});
