import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createSweeper } from "../../../src/lib/sweeper.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("visits each until it is done, with one timer, and none after", () => {
  const sweeper = createSweeper(1_000);
  const visits = { a: 0, b: 0 };
  const a = () => ++visits.a === 2;
  const b = () => ++visits.b === 3;
  sweeper.add(a);
  sweeper.add(a);
  sweeper.add(b);
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(999);
  expect(visits).toEqual({ a: 0, b: 0 });
  vi.advanceTimersByTime(2_001);
  expect(visits).toEqual({ a: 2, b: 3 });
  expect(vi.getTimerCount()).toBe(0);
  sweeper.add(a);
  vi.advanceTimersByTime(1_000);
  expect(visits.a).toBe(3);
});

test("close ends it", () => {
  const sweeper = createSweeper(1_000);
  let visits = 0;
  sweeper.add(() => ++visits > 100);
  sweeper.close();
  sweeper.add(() => ++visits > 100);
  vi.advanceTimersByTime(10_000);
  expect(visits).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
