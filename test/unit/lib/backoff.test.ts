import { describe, expect, test } from "vitest";
import { exponentialBackoff } from "../../../src/lib/backoff.ts";

const none = () => 0;
const whole = () => 1;

describe("exponentialBackoff", () => {
  test("without chance, the waits double from 50 ms up to 2 s", () => {
    const backoff = exponentialBackoff({}, none);
    expect([1, 2, 3, 4, 5, 6, 7, 8].map(backoff)).toEqual([50, 100, 200, 400, 800, 1_600, 2_000, 2_000]);
  });

  test("first wait, factor and limit are as asked for", () => {
    const backoff = exponentialBackoff({ initialMs: 10, factor: 3, maxMs: 100 }, none);
    expect([1, 2, 3, 4, 100].map(backoff)).toEqual([10, 30, 90, 100, 100]);
  });

  test("a first wait above the limit is cut", () => {
    expect(exponentialBackoff({ initialMs: 5_000, maxMs: 300 }, none)(1)).toBe(300);
  });

  test("chance takes away the share of jitter, at most, and never adds", () => {
    expect(exponentialBackoff({}, whole)(1)).toBe(25);
    expect(exponentialBackoff({ jitter: 0.2 }, whole)(1)).toBe(40);
    expect(exponentialBackoff({ jitter: 1 }, whole)(3)).toBe(0);
    expect(exponentialBackoff({ jitter: 0 }, whole)(3)).toBe(200);
  });

  test("thousands of failures do not overflow", () => {
    expect(exponentialBackoff({ factor: 100 }, none)(1_000_000)).toBe(2_000);
  });

  test("by default the waits are random, half to whole", () => {
    const backoff = exponentialBackoff();
    const waits = Array.from({ length: 200 }, () => backoff(1));
    expect(new Set(waits).size).toBeGreaterThan(100);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(25);
    expect(Math.max(...waits)).toBeLessThanOrEqual(50);
  });
});
