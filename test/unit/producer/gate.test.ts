import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createGate } from "../../../src/producer/gate.ts";
import { settled, watch } from "../support/outcomes.ts";
import { seeded } from "../support/random.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pace = { begin() {}, step() {} };
const wide = { late: () => false, pace, maxMessages: 1_000, maxBytes: 1_000_000, maxMessageBytes: 100 };

test("the pace is that of messages that get through, from the first that waits", () => {
  const steps: string[] = [];
  const noted = { begin: () => void steps.push("begin"), step: () => void steps.push("step") };
  const gate = createGate({ ...wide, pace: noted });
  gate.enter(1);
  gate.enter(1);
  gate.leave(1);
  gate.leave(1, false);
  gate.enter(1);
  expect(steps).toEqual(["begin", "step", "begin"]);
});

test("ready() waits while what is queued is late, though there is room; enter() does not", async () => {
  let isLate = false;
  const gate = createGate({ ...wide, late: () => isLate });
  // Alone, nothing can be late.
  isLate = true;
  await gate.ready();
  expect(gate.enter(10)).toBe(true);
  const waiting = watch(gate.ready());
  await settled();
  expect(waiting.state).toBe("pending");
  expect(gate.enter(10)).toBe(true);
  gate.leave(10);
  await settled();
  expect(waiting.state).toBe("pending");
  isLate = false;
  gate.leave(10);
  await settled();
  expect(waiting.state).toBe("resolved");
});

describe("enter", () => {
  test("lets in up to maxMessages", () => {
    const gate = createGate({ ...wide, maxMessages: 3 });
    expect([1, 1, 1, 1].map((size) => gate.enter(size))).toEqual([true, true, true, false]);
    expect([gate.messages(), gate.bytes()]).toEqual([3, 3]);
    gate.leave(1);
    expect(gate.enter(5)).toBe(true);
    expect([gate.messages(), gate.bytes()]).toEqual([3, 7]);
  });

  test("lets in up to maxBytes, to the byte", () => {
    const gate = createGate({ ...wide, maxBytes: 100 });
    expect(gate.enter(60)).toBe(true);
    expect(gate.enter(41)).toBe(false);
    expect(gate.enter(40)).toBe(true);
    expect(gate.enter(1)).toBe(false);
    gate.leave(60);
    expect(gate.enter(60)).toBe(true);
  });

  test("always lets one in, however large it is", () => {
    const gate = createGate({ ...wide, maxBytes: 10 });
    expect(gate.enter(99)).toBe(true);
    expect(gate.enter(1)).toBe(false);
    gate.leave(99);
    expect(gate.enter(99)).toBe(true);
  });

  test("who is refused is not counted", () => {
    const gate = createGate({ ...wide, maxMessages: 1 });
    gate.enter(5);
    gate.enter(5);
    expect([gate.messages(), gate.bytes()]).toEqual([1, 5]);
    gate.leave(5);
    expect([gate.messages(), gate.bytes()]).toEqual([0, 0]);
  });
});

describe("ready", () => {
  test("resolves at once while there is room, and waits for it otherwise", async () => {
    const gate = createGate({ ...wide, maxMessages: 2 });
    gate.enter(1);
    const first = watch(gate.ready());
    await settled();
    expect(first.state).toBe("resolved");
    gate.enter(1);
    const second = watch(gate.ready());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(second.state).toBe("pending");
    gate.leave(1);
    await settled();
    expect(second.state).toBe("resolved");
  });

  test("means room for the largest message there may be", async () => {
    const gate = createGate({ ...wide, maxBytes: 150 });
    gate.enter(51);
    const waiting = watch(gate.ready());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(waiting.state).toBe("pending");
    gate.leave(51);
    gate.enter(50);
    await settled();
    expect(waiting.state).toBe("resolved");
    expect(gate.enter(100)).toBe(true);
  });

  test("a limit below one message does not stop everything", async () => {
    const gate = createGate({ ...wide, maxBytes: 10 });
    await gate.ready();
    expect(gate.enter(100)).toBe(true);
    const next = watch(gate.ready());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(next.state).toBe("pending");
    gate.leave(100);
    await settled();
    expect(next.state).toBe("resolved");
  });

  test("one place is promised to one at a time, in the order of asking", async () => {
    const gate = createGate({ ...wide, maxMessages: 1 });
    const order: number[] = [];
    const use = async (name: number) => {
      await gate.ready();
      expect(gate.enter(1)).toBe(true);
      order.push(name);
    };
    const all = [1, 2, 3].map(use);
    for (const done of [1, 2, 3]) {
      await settled();
      expect(order).toHaveLength(done);
      gate.leave(1);
    }
    await Promise.all(all);
    expect(order).toEqual([1, 2, 3]);
  });

  test("a place that nobody comes for is given to the next", async () => {
    const gate = createGate({ ...wide, maxMessages: 1 });
    await gate.ready();
    const next = watch(gate.ready());
    await settled();
    expect(next.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    expect(next.state).toBe("resolved");
  });

  test("leaves no timer once everything is quiet", async () => {
    const gate = createGate(wide);
    for (let i = 0; i < 50; i++) {
      await gate.ready();
      gate.enter(1);
    }
    await vi.advanceTimersByTimeAsync(10);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("open lets everybody go", async () => {
    const gate = createGate({ ...wide, maxMessages: 1 });
    gate.enter(1);
    const waiting = [watch(gate.ready()), watch(gate.ready())];
    await settled();
    expect(waiting.map(({ state }) => state)).toEqual(["pending", "pending"]);
    gate.open();
    await settled();
    expect(waiting.map(({ state }) => state)).toEqual(["resolved", "resolved"]);
  });

  test("whoever waits for ready is let in, for any sizes and limits", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = seeded(seed);
      const limits = {
        maxMessages: 1 + random.below(8),
        maxBytes: 1 + random.below(600),
        maxMessageBytes: 1 + random.below(200),
      };
      const gate = createGate({ ...limits, late: () => false, pace });
      const inside: number[] = [];
      let entered = 0;
      const sender = async () => {
        for (let i = 0; i < 10; i++) {
          await gate.ready();
          const size = 1 + random.below(limits.maxMessageBytes);
          expect({ seed, limits, let: gate.enter(size) }).toEqual({ seed, limits, let: true });
          inside.push(size);
          entered++;
          expect(gate.messages()).toBeLessThanOrEqual(limits.maxMessages);
          expect(gate.bytes() <= limits.maxBytes || gate.messages() === 1).toBe(true);
        }
      };
      const senders = Promise.all(Array.from({ length: 1 + random.below(6) }, sender));
      const finished = watch(senders);
      for (let turn = 0; turn < 1_000 && finished.state === "pending"; turn++) {
        await vi.advanceTimersByTimeAsync(random.below(2));
        if (inside.length > 0) {
          gate.leave(inside.splice(random.below(inside.length), 1)[0] as number);
        }
        await settled();
      }
      await senders;
      for (const size of inside.splice(0)) {
        gate.leave(size);
      }
      expect(entered % 10).toBe(0);
      expect([gate.messages(), gate.bytes()]).toEqual([0, 0]);
    }
  });
});
