import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createDeadlines, type Due } from "../../../src/lib/deadlines.ts";

interface Item extends Due<Item> {
  name: string;
}

const start = 1_000_000;
let expired: { name: string; at: number }[] = [];

beforeEach(() => {
  vi.useFakeTimers({ now: start });
  expired = [];
});
afterEach(() => void vi.useRealTimers());

const note = ({ name }: Item) => void expired.push({ name, at: Date.now() - start });
const due = (name: string, inMs: number): Item => ({
  name,
  deadline: start + inMs,
  older: undefined,
  newer: undefined,
});

/** With one group, and its means. */
function createGroup(expire: (item: Item) => void) {
  const deadlines = createDeadlines<Item>(expire);
  return { ...deadlines.group(), close: deadlines.close };
}

describe("createDeadlines", () => {
  test("each item at its time, whatever the order they came in", () => {
    const deadlines = createGroup(note);
    for (const item of [due("c", 300), due("a", 100), due("b", 200)]) {
      deadlines.add(item);
    }
    vi.advanceTimersByTime(1_000);
    expect(expired).toEqual([
      { name: "a", at: 100 },
      { name: "b", at: 200 },
      { name: "c", at: 300 },
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("nothing expires early, and nothing more than 20 ms late", () => {
    const deadlines = createGroup(note);
    const times = [10, 11, 12, 29, 30, 31, 50, 55, 90, 91, 500];
    for (const inMs of times) {
      deadlines.add(due(String(inMs), inMs));
    }
    vi.advanceTimersByTime(1_000);
    expect(expired.map(({ name }) => Number(name)).sort((a, b) => a - b)).toEqual(times);
    for (const { name, at } of expired) {
      expect(at - Number(name)).toBeGreaterThanOrEqual(0);
      expect(at - Number(name)).toBeLessThanOrEqual(20);
    }
  });

  test("those that come due close together are handled together", () => {
    const deadlines = createGroup(note);
    for (let i = 0; i < 15; i++) {
      deadlines.add(due(String(i), 100 + i));
    }
    vi.advanceTimersByTime(1_000);
    expect(expired).toHaveLength(15);
    expect(new Set(expired.map(({ at }) => at)).size).toBeLessThanOrEqual(2);
  });

  test("a deadline that is over expires with the next timer, not within add", () => {
    const deadlines = createGroup(note);
    deadlines.add(due("past", -5));
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(0);
    expect(expired.map(({ name }) => name)).toEqual(["past"]);
  });

  test("an item that was deleted does not expire", () => {
    const deadlines = createGroup(note);
    const [a, b] = [due("a", 100), due("b", 200)];
    deadlines.add(a);
    deadlines.add(b);
    deadlines.delete(a);
    vi.advanceTimersByTime(150);
    expect(expired).toEqual([]);
    deadlines.delete(b);
    deadlines.delete(b);
    vi.advanceTimersByTime(1_000);
    expect(expired).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("items that come one by one share a timer, which holds the process while there is one of them", () => {
    const made: { ref: () => void; unref: () => void }[] = [];
    const holds: boolean[] = [];
    vi.stubGlobal("setTimeout", () => {
      made.push({ ref: () => void holds.push(true), unref: () => void holds.push(false) });
      return made.at(-1);
    });
    const deadlines = createGroup(note);
    for (let i = 0; i < 3; i++) {
      const item = due(String(i), 1_000 + i);
      deadlines.add(item);
      deadlines.delete(item);
    }
    expect(made).toHaveLength(1);
    expect(holds).toEqual([false, true, false, true, false]);
    vi.unstubAllGlobals();
  });

  test("where timers are numbers, and hold a process, there is none without items", () => {
    const timers = new Set<number>();
    vi.stubGlobal("setTimeout", () => {
      timers.add(timers.size + 1);
      return timers.size;
    });
    vi.stubGlobal("clearTimeout", (timer: number) => timers.delete(timer));
    const deadlines = createGroup(note);
    const item = due("a", 100);
    deadlines.add(item);
    expect(timers.size).toBe(1);
    deadlines.delete(item);
    expect(timers.size).toBe(0);
    vi.unstubAllGlobals();
  });

  test("groups share the timer, and each knows its own", () => {
    const deadlines = createDeadlines<Item>(note);
    const groups = [deadlines.group(), deadlines.group(), deadlines.group()];
    const items = groups.map((group, i) => {
      const item = due(String(i), 100 * (3 - i));
      group.add(item);
      return item;
    });
    expect(vi.getTimerCount()).toBe(1);
    expect(groups.map((group) => [...group])).toEqual(items.map((item) => [item]));
    groups[1]?.delete(items[1] as Item);
    vi.advanceTimersByTime(1_000);
    expect(expired.map(({ name }) => name)).toEqual(["2", "0"]);
    expect(groups.map((group) => group.size())).toEqual([0, 0, 0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("close forgets everything", () => {
    const deadlines = createGroup(note);
    deadlines.add(due("a", 100));
    deadlines.close();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1_000);
    expect(expired).toEqual([]);
  });

  test("after the last one was deleted a later item, due earlier or later, has a timer again", () => {
    const deadlines = createGroup(note);
    const first = due("first", 100);
    deadlines.add(first);
    deadlines.delete(first);
    deadlines.add(due("second", 400));
    vi.advanceTimersByTime(399);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(expired).toEqual([{ name: "second", at: 400 }]);
  });

  test("one timer for ten thousand items", () => {
    const deadlines = createGroup(note);
    for (let i = 0; i < 10_000; i++) {
      deadlines.add(due(String(i), 60_000 + i));
    }
    expect(vi.getTimerCount()).toBe(1);
  });

  test("all at once: every item expires once", () => {
    const deadlines = createGroup(note);
    const items = Array.from({ length: 10_000 }, (_, i) => due(String(i), 100));
    items.forEach(deadlines.add);
    vi.advanceTimersByTime(100);
    expect(expired.map(({ name }) => name)).toEqual(items.map(({ name }) => name));
    expect(vi.getTimerCount()).toBe(0);
  });

  test("what expires may delete itself and others, and add new ones", () => {
    const items = { a: due("a", 100), b: due("b", 100), c: due("c", 150) };
    const deadlines = createGroup((item) => {
      note(item);
      deadlines.delete(item);
      if (item === items.a) {
        deadlines.delete(items.b);
        deadlines.add(due("d", 120));
      }
    });
    Object.values(items).forEach(deadlines.add);
    vi.advanceTimersByTime(1_000);
    expect(expired.map(({ name }) => name)).toEqual(["a", "d", "c"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a deadline beyond what a timer can wait for does not expire at once", () => {
    const deadlines = createGroup(note);
    const inMs = 2 ** 31 + 5_000;
    deadlines.add(due("far", inMs));
    vi.advanceTimersByTime(2 ** 31);
    expect(expired).toEqual([]);
    vi.advanceTimersByTime(5_000);
    expect(expired).toEqual([{ name: "far", at: inMs }]);
  });
});
