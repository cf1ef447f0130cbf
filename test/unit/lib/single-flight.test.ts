import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { singleFlight, unlessAborted } from "../../../src/lib/single-flight.ts";
import { rejection, settled, watch } from "../support/outcomes.ts";

/** Work whose every run is settled by hand. */
function byHand<V>() {
  const runs: { abandoned: AbortSignal; resolve(value: V): void; reject(reason: unknown): void }[] = [];
  const work = (abandoned: AbortSignal) =>
    new Promise<V>((resolve, reject) => void runs.push({ abandoned, resolve, reject }));
  return { runs, work };
}

describe("singleFlight", () => {
  test("who asks while it runs shares its result; one work per key", async () => {
    const flight = singleFlight<string, string>();
    const { runs, work } = byHand<string>();
    const a = [flight("a", work), flight("a", work), flight("a", work)];
    const b = flight("b", work);
    expect(runs).toHaveLength(2);
    runs[0]?.resolve("of a");
    runs[1]?.resolve("of b");
    expect(await Promise.all(a)).toEqual(["of a", "of a", "of a"]);
    expect(await b).toBe("of b");
  });

  test("nothing is kept: once settled, the next to ask starts anew", async () => {
    const flight = singleFlight<string, number>();
    let runs = 0;
    const work = async () => ++runs;
    expect(await flight("a", work)).toBe(1);
    expect(await flight("a", work)).toBe(2);
  });

  test("a failure is shared, and not kept either", async () => {
    const flight = singleFlight<string, string>();
    const { runs, work } = byHand<string>();
    const asked = [flight("a", work), flight("a", work)].map(rejection);
    const reason = new Error("no");
    runs[0]?.reject(reason);
    expect(await Promise.all(asked)).toEqual([reason, reason]);
    const next = flight("a", work);
    runs[1]?.resolve("yes");
    expect(await next).toBe("yes");
  });

  test("work that throws before it begins rejects, and is not kept", async () => {
    const flight = singleFlight<string, string>();
    const reason = new Error("at once");
    const broken = () => {
      throw reason;
    };
    expect(await rejection(flight("a", broken))).toBe(reason);
    expect(await flight("a", async () => "then")).toBe("then");
  });

  test("who leaves gets the signal's reason at once; the others get the result", async () => {
    const flight = singleFlight<string, string>();
    const { runs, work } = byHand<string>();
    const controller = new AbortController();
    const leaving = rejection(flight("a", work, controller.signal));
    const staying = flight("a", work, new AbortController().signal);
    const reason = new Error("had enough");
    controller.abort(reason);
    expect(await leaving).toBe(reason);
    expect(runs[0]?.abandoned.aborted).toBe(false);
    runs[0]?.resolve("done");
    expect(await staying).toBe("done");
    expect(runs).toHaveLength(1);
  });

  test("the work is abandoned when the last one leaves, and not before", async () => {
    const flight = singleFlight<string, string>();
    const { runs, work } = byHand<string>();
    const controllers = [new AbortController(), new AbortController()];
    const leaving = controllers.map(({ signal }) => rejection(flight("a", work, signal)));
    controllers[0]?.abort();
    await settled();
    expect(runs[0]?.abandoned.aborted).toBe(false);
    controllers[1]?.abort();
    await Promise.all(leaving);
    expect(runs[0]?.abandoned.aborted).toBe(true);
  });

  test("who waits without a signal keeps the work going", async () => {
    const flight = singleFlight<string, string>();
    const { runs, work } = byHand<string>();
    const controller = new AbortController();
    const staying = flight("a", work);
    const leaving = rejection(flight("a", work, controller.signal));
    controller.abort();
    await leaving;
    expect(runs[0]?.abandoned.aborted).toBe(false);
    runs[0]?.resolve("done");
    expect(await staying).toBe("done");
  });

  test("after an abandonment the next starts anew, and what the old work does is no matter to it", async () => {
    const flight = singleFlight<string, string>();
    const { runs, work } = byHand<string>();
    const controller = new AbortController();
    const leaving = rejection(flight("a", work, controller.signal));
    controller.abort();
    await leaving;

    const second = flight("a", work);
    expect(runs).toHaveLength(2);
    runs[0]?.resolve("too late");
    await settled();
    // The old one has landed: it must not have taken the new one off the list.
    const third = flight("a", work);
    expect(runs).toHaveLength(2);
    runs[1]?.resolve("new");
    expect(await Promise.all([second, third])).toEqual(["new", "new"]);
  });

  test("the late failure of abandoned work is nobody's: no unhandled rejection", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const flight = singleFlight<string, string>();
    const { runs, work } = byHand<string>();
    const controller = new AbortController();
    const leaving = rejection(flight("a", work, controller.signal));
    controller.abort();
    await leaving;
    runs[0]?.reject(new Error("late"));
    await new Promise((resolve) => setTimeout(resolve, 0));
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test("a signal that is aborted already: the work is not even started", async () => {
    const flight = singleFlight<string, string>();
    const { runs, work } = byHand<string>();
    const reason = new Error("before");
    expect(await rejection(flight("a", work, AbortSignal.abort(reason)))).toBe(reason);
    expect(runs).toHaveLength(0);
  });

  test("callers' signals are left without listeners", async () => {
    const flight = singleFlight<string, string>();
    const { runs, work } = byHand<string>();
    const { signal } = new AbortController();
    const asked = watch(flight("a", work, signal));
    runs[0]?.resolve("done");
    await settled();
    expect(asked).toEqual({ state: "resolved", value: "done" });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("unlessAborted", () => {
  const reason = new Error("enough");
  const never = new Promise<string>(() => {});

  test("settles as the promise does, with a signal and without", async () => {
    for (const signal of [undefined, new AbortController().signal]) {
      expect(await unlessAborted(Promise.resolve("done"), signal)).toBe("done");
      expect(await rejection(unlessAborted(Promise.reject(reason), signal))).toBe(reason);
    }
  });

  test("rejects with the signal's reason when that is aborted first", async () => {
    const controller = new AbortController();
    const result = watch(unlessAborted(never, controller.signal));
    await settled();
    expect(result.state).toBe("pending");
    controller.abort(reason);
    await settled();
    expect(result).toEqual({ state: "rejected", value: reason });
  });

  // An aborted signal fires no event any more.
  test("also when it was aborted before", async () => {
    const result = watch(unlessAborted(never, AbortSignal.abort(reason)));
    await settled();
    expect(result).toEqual({ state: "rejected", value: reason });
  });
});
