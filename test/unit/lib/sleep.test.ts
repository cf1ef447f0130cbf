import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { sleep } from "../../../src/lib/sleep.ts";
import { settled, watch } from "../support/outcomes.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("sleep", () => {
  test("resolves after the time and not before", async () => {
    const slept = watch(sleep(100));
    await vi.advanceTimersByTimeAsync(99);
    expect(slept.state).toBe("pending");
    await vi.advanceTimersByTimeAsync(1);
    expect(slept.state).toBe("resolved");
  });

  test("with a signal that is aborted already, resolves at once and sets no timer", async () => {
    const slept = watch(sleep(1_000, AbortSignal.abort()));
    expect(vi.getTimerCount()).toBe(0);
    await settled();
    expect(slept.state).toBe("resolved");
  });

  test("resolves, not rejects, when the signal is aborted, and leaves neither timer nor listener", async () => {
    const controller = new AbortController();
    const slept = watch(sleep(1_000, controller.signal));
    controller.abort(new Error("enough"));
    await settled();
    expect(slept.state).toBe("resolved");
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test("leaves no listener on the signal when the time is over", async () => {
    const { signal } = new AbortController();
    const slept = sleep(10, signal);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(10);
    await slept;
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  // setTimeout takes more than 2^31 - 1 ms for 1 ms: a long wait between tries would become none.
  test("a wait that is longer than a timer can be does not end at once", async () => {
    const slept = watch(sleep(2 ** 31));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(slept.state).toBe("pending");
  });
});
