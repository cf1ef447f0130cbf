import { describe, expect, test } from "vitest";
import { createWindow, type Order, type Waiting } from "../../../src/producer/window.ts";
import { seeded } from "../support/random.ts";

interface Item extends Waiting {
  number: number;
  key: string | undefined;
}

function setUp(order: Order, maxInFlight: number) {
  const started: Item[] = [];
  const window = createWindow<Item>({
    order,
    maxInFlight,
    keyOf: ({ key }) => key,
    start: (item) => void started.push(item),
  });
  const numbers = () => started.map(({ number }) => number);
  return { window, started, numbers };
}

const items = (...keys: (string | undefined)[]): Item[] => keys.map((key, number) => ({ number, key }));

describe("partition", () => {
  test("one after the other, whatever maxInFlight and the keys are", () => {
    const { window, numbers } = setUp("partition", 100);
    const all = items("a", "b", undefined, "a");
    all.forEach(window.add);
    for (const [i, item] of all.entries()) {
      expect(numbers()).toEqual([0, 1, 2, 3].slice(0, i + 1));
      window.done(item);
    }
    expect(numbers()).toEqual([0, 1, 2, 3]);
  });
});

describe("key", () => {
  test("keys run beside each other, each in order", () => {
    const { window, numbers } = setUp("key", 100);
    const all = items("a", "a", "b", "b", "a");
    all.forEach(window.add);
    expect(numbers()).toEqual([0, 2]);
    window.done(all[2] as Item);
    expect(numbers()).toEqual([0, 2, 3]);
    window.done(all[0] as Item);
    expect(numbers()).toEqual([0, 2, 3, 1]);
    window.done(all[1] as Item);
    expect(numbers()).toEqual([0, 2, 3, 1, 4]);
  });

  test("those without a key are one more key", () => {
    const { window, numbers } = setUp("key", 100);
    items(undefined, undefined, "a").forEach(window.add);
    expect(numbers()).toEqual([0, 2]);
  });

  test("no more at once than maxInFlight", () => {
    const { window, numbers } = setUp("key", 2);
    const all = items("a", "b", "c", "d");
    all.forEach(window.add);
    expect(numbers()).toEqual([0, 1]);
    window.done(all[1] as Item);
    expect(numbers()).toEqual([0, 1, 2]);
  });

  test("a busy key does not keep the others waiting", () => {
    const { window, numbers } = setUp("key", 2);
    const all = items("a", ...Array.from({ length: 50 }, () => "a"), "b");
    all.forEach(window.add);
    expect(numbers()).toEqual([0, 51]);
  });

  test("names that every object inherits are keys like any other", () => {
    const { window, numbers } = setUp("key", 10);
    items("__proto__", "constructor", "__proto__").forEach(window.add);
    expect(numbers()).toEqual([0, 1]);
  });
});

describe("none", () => {
  test("as many as maxInFlight at once, in any order of ending", () => {
    const { window, numbers } = setUp("none", 3);
    const all = items("a", "a", "a", "a", "a");
    all.forEach(window.add);
    expect(numbers()).toEqual([0, 1, 2]);
    window.done(all[2] as Item);
    window.done(all[0] as Item);
    expect(numbers()).toEqual([0, 1, 2, 3, 4]);
  });
});

test("more than its buffer holds are begun in order, also when it never runs empty", () => {
  const { window, started, numbers } = setUp("none", 1);
  const count = 10_000;
  let next = 0;
  const add = () => window.add({ number: next++, key: undefined });
  add();
  for (let i = 0; i < count; i++) {
    add();
    if (i % 3 !== 0) {
      window.done(started.at(-1) as Item);
    }
  }
  while (started.length < next) {
    window.done(started.at(-1) as Item);
  }
  expect(numbers()).toEqual(Array.from({ length: next }, (_, i) => i));
});

// Any schedule: additions and endings as they come.
describe.each(["partition", "key", "none"] as const)("order %s, random schedules", (order) => {
  test("each strand in order, no more at once than allowed, never idle for nothing, everything once, but what was taken out", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seeded(seed);
      const maxInFlight = 1 + random.below(6);
      const limit = order === "partition" ? 1 : maxInFlight;
      const keys = [undefined, "", "a", "b", "c", "constructor"].slice(0, 1 + random.below(6));
      const { window, started } = setUp(order, maxInFlight);
      const strandOf = ({ key, number }: Item) =>
        order === "partition" ? "all" : order === "key" ? `key ${key ?? ""}` : `own ${number}`;
      const count = 1 + random.below(120);
      const waiting = new Set<Item>();
      const running = new Set<Item>();
      let added = 0;
      let seen = 0;

      const look = () => {
        for (; seen < started.length; seen++) {
          const item = started[seen] as Item;
          expect(waiting.delete(item)).toBe(true);
          // Nothing of its strand runs, and nothing that came before it in its strand waits.
          const strand = strandOf(item);
          expect([...running].some((other) => strandOf(other) === strand)).toBe(false);
          expect([...waiting].some((other) => strandOf(other) === strand && other.number < item.number)).toBe(false);
          running.add(item);
        }
        expect(running.size).toBeLessThanOrEqual(limit);
        const busy = new Set([...running].map(strandOf));
        const couldRun = [...waiting].some((item) => !busy.has(strandOf(item)));
        expect(running.size === limit || !couldRun).toBe(true);
      };

      let removed = 0;

      while (added < count || running.size > 0) {
        if (waiting.size > 0 && random.next() < 0.2) {
          const item = random.pick([...waiting]);
          expect([window.remove(item), window.remove(item)]).toEqual([true, false]);
          waiting.delete(item);
          removed++;
        } else if (added < count && (running.size === 0 || random.next() < 0.5)) {
          const item = { number: added++, key: random.pick(keys) };
          waiting.add(item);
          window.add(item);
        } else {
          const item = random.pick([...running]);
          expect(window.remove(item)).toBe(false);
          running.delete(item);
          window.done(item);
        }
        look();
      }
      expect(waiting.size).toBe(0);
      expect(started).toHaveLength(count - removed);
    }
  });
});
