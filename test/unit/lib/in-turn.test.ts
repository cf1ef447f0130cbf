import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { inTurn } from "../../../src/lib/in-turn.ts";
import { settled, watch } from "../support/outcomes.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const final = new Error("final");

/** Candidates a, b, c, … that are answered by hand. */
function trial(names: string) {
  const asked: string[] = [];
  const answers = new Map<string, { resolve(value: string): void; reject(reason: unknown): void }>();
  const attempt = (name: string) => {
    asked.push(name);
    return new Promise<string>((resolve, reject) => void answers.set(name, { resolve, reject }));
  };
  const options = { patienceMs: 1_000, isFinal: (reason: unknown) => reason === final };
  const result = watch(inTurn([...names], attempt, options));
  return {
    asked,
    result,
    resolve: async (name: string) => {
      answers.get(name)?.resolve(`from ${name}`);
      await settled();
    },
    reject: async (name: string, reason: unknown = new Error(`of ${name}`)) => {
      answers.get(name)?.reject(reason);
      await settled();
    },
  };
}

describe("inTurn", () => {
  test("the first that answers is enough: the others are never asked", async () => {
    const { asked, result, resolve } = trial("abc");
    expect(asked).toEqual(["a"]);
    await resolve("a");
    expect(result).toEqual({ state: "resolved", value: "from a" });
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toEqual(["a"]);
  });

  test("a failure moves on at once", async () => {
    const { asked, result, resolve, reject } = trial("abc");
    await reject("a");
    expect(asked).toEqual(["a", "b"]);
    await reject("b");
    expect(asked).toEqual(["a", "b", "c"]);
    await resolve("c");
    expect(result).toEqual({ state: "resolved", value: "from c" });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a slow one is left after the patience, and can still win", async () => {
    const { asked, result, resolve } = trial("abc");
    await vi.advanceTimersByTimeAsync(999);
    expect(asked).toEqual(["a"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked).toEqual(["a", "b"]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toEqual(["a", "b", "c"]);
    await resolve("a");
    expect(result).toEqual({ state: "resolved", value: "from a" });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("patience begins anew with each candidate", async () => {
    const { asked, reject } = trial("abc");
    await vi.advanceTimersByTimeAsync(900);
    await reject("a");
    await vi.advanceTimersByTimeAsync(900);
    expect(asked).toEqual(["a", "b"]);
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toEqual(["a", "b", "c"]);
  });

  test("late winners and losers change nothing", async () => {
    const { asked, result, resolve, reject } = trial("abcd");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(asked).toEqual(["a", "b", "c"]);
    await resolve("b");
    await reject("a");
    await reject("c", final);
    expect(result).toEqual({ state: "resolved", value: "from b" });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toEqual(["a", "b", "c"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a final failure ends it: nobody else is asked, and who answers later is too late", async () => {
    const { asked, result, resolve, reject } = trial("abc");
    await vi.advanceTimersByTimeAsync(1_000);
    await reject("b", final);
    expect(result).toEqual({ state: "rejected", value: final });
    expect(vi.getTimerCount()).toBe(0);
    await resolve("a");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toEqual(["a", "b"]);
    expect(result.value).toBe(final);
  });

  test("all failed: an AggregateError in the candidates' order, not the failures'", async () => {
    const { result, reject } = trial("abc");
    await vi.advanceTimersByTimeAsync(2_000);
    await reject("c");
    await reject("a");
    expect(result.state).toBe("pending");
    await reject("b");
    expect(result.state).toBe("rejected");
    expect(result.value).toBeInstanceOf(AggregateError);
    expect((result.value as AggregateError).errors.map((error: Error) => error.message)).toEqual([
      "of a",
      "of b",
      "of c",
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("the last one is waited for, however slow: no timer is left for it", async () => {
    const { result, resolve, reject } = trial("ab");
    await reject("a");
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(result.state).toBe("pending");
    await resolve("b");
    expect(result).toEqual({ state: "resolved", value: "from b" });
  });

  test("a single candidate: its failure is in an AggregateError too", async () => {
    const { result, reject } = trial("a");
    await reject("a");
    expect((result.value as AggregateError).errors).toHaveLength(1);
  });
});
