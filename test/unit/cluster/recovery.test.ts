import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Action } from "../../../src/cluster/error-table.ts";
import { type RecoveryOptions, recover } from "../../../src/cluster/recovery.ts";
import { DanubeError } from "../../../src/errors.ts";
import { createEventLog } from "../../../src/events.ts";
import { settled, watch } from "../support/outcomes.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Attempts that fail with these actions, one after the other, and then succeed. */
function setUp(actions: Action[], options: Partial<RecoveryOptions> = {}) {
  const errors = actions.map((_, i) => new DanubeError("UNAVAILABLE", `failure ${i + 1}`));
  const log: string[] = [];
  let attempts = 0;
  const events = createEventLog((event) => {
    if (event.type === "retrying") {
      log.push(`retry ${event.attempt} of ${event.topic} in ${event.delayMs}: ${event.error.message}`);
    }
  });
  const result = watch(
    recover(
      async () => {
        const action = actions[attempts++];
        if (action) {
          throw action;
        }
        return "done";
      },
      {
        backoff: (failures) => failures * 100,
        signal: new AbortController().signal,
        judge: (reason) => ({ action: reason as Action, error: errors[attempts - 1] as DanubeError }),
        events,
        topic: "/default/t",
        forget: (error) => void log.push(`forget ${error.message}`),
        ...options,
      },
    ),
  );
  return { result, log, errors, attempts: () => attempts };
}

const repeat = (action: Action, times: number): Action[] => Array.from({ length: times }, () => action);

describe("recover", () => {
  test("a success at once needs nothing", async () => {
    const { result, log } = setUp([]);
    await settled();
    expect(result).toEqual({ state: "resolved", value: "done" });
    expect(log).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each<Action>(["fail", "ask"])("%s is final", async (action) => {
    const { result, log, errors, attempts } = setUp([action]);
    await settled();
    expect(result).toEqual({ state: "rejected", value: errors[0] });
    expect(attempts()).toBe(1);
    expect(log).toEqual([]);
  });

  test("locate forgets, waits as the backoff says, and tries again", async () => {
    const { result, log, attempts } = setUp(["locate", "locate"]);
    await settled();
    expect(log).toEqual(["forget failure 1", "retry 1 of /default/t in 100: failure 1"]);
    await vi.advanceTimersByTimeAsync(99);
    expect(attempts()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(attempts()).toBe(2);
    await vi.advanceTimersByTimeAsync(199);
    expect(attempts()).toBe(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(result).toEqual({ state: "resolved", value: "done" });
    expect(log.slice(2)).toEqual(["forget failure 2", "retry 2 of /default/t in 200: failure 2"]);
  });

  test("again forgets nothing", async () => {
    const { result, log } = setUp(["again"]);
    await vi.advanceTimersByTimeAsync(100);
    expect(result.state).toBe("resolved");
    expect(log).toEqual(["retry 1 of /default/t in 100: failure 1"]);
  });

  test("again is forgiven five times in a row, and not a sixth", async () => {
    const five = setUp(repeat("again", 5));
    await vi.advanceTimersByTimeAsync(100_000);
    expect(five.result.state).toBe("resolved");
    const six = setUp(repeat("again", 6));
    await vi.advanceTimersByTimeAsync(100_000);
    expect(six.result).toEqual({ state: "rejected", value: six.errors[5] });
    expect(six.attempts()).toBe(6);
  });

  test("a locate in between begins the count anew", async () => {
    const { result } = setUp([...repeat("again", 5), "locate", ...repeat("again", 5)]);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(result.state).toBe("resolved");
  });

  test("locate has no limit but the signal", async () => {
    const { result, attempts } = setUp(repeat("locate", 60));
    await vi.advanceTimersByTimeAsync(1_000_000);
    expect(result.state).toBe("resolved");
    expect(attempts()).toBe(61);
  });

  test("the signal ends the wait at once, with the last failure", async () => {
    const controller = new AbortController();
    const { result, errors, attempts } = setUp(["locate", "locate"], { signal: controller.signal });
    await vi.advanceTimersByTimeAsync(150);
    expect(attempts()).toBe(2);
    controller.abort();
    await settled();
    expect(result).toEqual({ state: "rejected", value: errors[1] });
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(attempts()).toBe(2);
  });

  test("after the signal a failure is the last: nothing is forgotten or announced for it", async () => {
    const { result, log, errors } = setUp(["locate"], { signal: AbortSignal.abort() });
    await settled();
    expect(result).toEqual({ state: "rejected", value: errors[0] });
    expect(log).toEqual([]);
  });

  test("an attempt that the signal cut off says less than the failure before it", async () => {
    const ended = new AbortController();
    const failures = [new DanubeError("UNAVAILABLE", "why"), new DanubeError("CANCELED", "the call was aborted")];
    const verdicts = failures.map((error, i) => ({ error, action: i === 0 ? ("locate" as const) : ("fail" as const) }));
    const { result } = setUp(["locate", "fail"], {
      signal: ended.signal,
      judge: () => verdicts.shift() as (typeof verdicts)[number],
    });
    await vi.advanceTimersByTimeAsync(100);
    expect(result).toEqual({ state: "rejected", value: failures[0] });
  });

  test("so does one that ends with the signal's reason, whatever the judge makes of that", async () => {
    const ended = new AbortController();
    const failures = [new DanubeError("UNAVAILABLE", "why"), new DanubeError("PROTOCOL", "AbortError")];
    let attempts = 0;
    const result = watch(
      recover(
        async () => {
          if (++attempts === 2) {
            ended.abort();
            throw ended.signal.reason;
          }
          throw new Error("x");
        },
        {
          backoff: () => 100,
          events: createEventLog(() => {}),
          topic: "/default/t",
          signal: ended.signal,
          judge: () => ({ error: failures[attempts - 1] as DanubeError, action: attempts === 1 ? "locate" : "fail" }),
        },
      ),
    );
    await vi.advanceTimersByTimeAsync(100);
    expect(result).toEqual({ state: "rejected", value: failures[0] });
  });

  test("the judge may take its time", async () => {
    const error = new DanubeError("PERMISSION_DENIED", "no");
    const verdict = Promise.withResolvers<{ action: Action; error: DanubeError }>();
    const { result } = setUp(["ask"], { judge: () => verdict.promise });
    await settled();
    expect(result.state).toBe("pending");
    verdict.resolve({ action: "fail", error });
    await settled();
    expect(result.value).toBe(error);
  });

  test("a backoff that throws or answers rubbish makes neither an end nor a loop without a wait", async () => {
    const broken = () => {
      throw new Error("a bug of the user's");
    };
    const answers = [Number.NaN, -1, Number.POSITIVE_INFINITY, "5", undefined, null].map((answer) => () => answer);
    for (const backoff of [broken, ...answers]) {
      const { result, attempts } = setUp(["locate"], { backoff: backoff as RecoveryOptions["backoff"] });
      await vi.advanceTimersByTimeAsync(999);
      expect(attempts()).toBe(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(result.state).toBe("resolved");
    }
  });

  test("repeat has no limit, forgets nothing, and is no excuse for again", async () => {
    const patient = setUp(repeat("repeat", 60));
    await vi.advanceTimersByTimeAsync(1_000_000);
    expect(patient.result.state).toBe("resolved");
    expect(patient.log.filter((line) => line.startsWith("forget"))).toEqual([]);
    const { result } = setUp([...repeat("again", 3), "repeat", ...repeat("again", 3)]);
    await vi.advanceTimersByTimeAsync(1_000_000);
    expect(result.state).toBe("rejected");
  });
});
