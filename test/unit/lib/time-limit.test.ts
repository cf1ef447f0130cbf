import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { timeLimit } from "../../../src/lib/time-limit.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("is over after its time, and not before", () => {
  const { signal, isOver } = timeLimit(1_000, undefined);
  vi.advanceTimersByTime(999);
  expect([signal.aborted, isOver()]).toEqual([false, false]);
  vi.advanceTimersByTime(1);
  expect([signal.aborted, isOver()]).toEqual([true, true]);
});

test("ends with another signal, which is not its time", () => {
  const other = new AbortController();
  const { signal, isOver, end } = timeLimit(1_000, undefined, other.signal);
  other.abort();
  expect([signal.aborted, isOver()]).toEqual([true, false]);
  end();
  expect(vi.getTimerCount()).toBe(0);
});

test("when it ends, what goes on is given up, and its time is never over", () => {
  const { signal, isOver, end } = timeLimit(1_000);
  end();
  vi.advanceTimersByTime(10_000);
  expect([signal.aborted, isOver()]).toEqual([true, false]);
  expect(vi.getTimerCount()).toBe(0);
});

test("a time beyond what timers can hold is not over at once", () => {
  const { isOver, end } = timeLimit(Number.MAX_SAFE_INTEGER);
  vi.advanceTimersByTime(1_000);
  expect(isOver()).toBe(false);
  end();
});
