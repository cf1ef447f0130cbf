import { describe, expect, test } from "vitest";
import { createCreations } from "../../../src/cluster/creations.ts";
import { rejection, settled, watch } from "../support/outcomes.ts";

const topic = "/default/t";
const never = () => new AbortController().signal;

describe("creations", () => {
  test("one at a time of a topic: the others wait for its end and are told to look again", async () => {
    const creations = createCreations();
    const first = Promise.withResolvers<string>();
    let second = 0;
    const created = watch(creations.attempt(topic, () => first.promise, never()));
    const other = watch(creations.attempt(topic, async () => ++second, never()));
    const elsewhere = creations.attempt("/default/u", async () => "u", never());
    expect(await elsewhere).toBe("u");
    await settled();
    expect([created.state, other.state]).toEqual(["pending", "pending"]);
    first.resolve("done");
    await settled();
    expect(created.value).toBe("done");
    expect(other).toMatchObject({ state: "rejected", value: { name: "CallFailure", kind: "refused" } });
    expect(second).toBe(0);
    expect(await creations.attempt(topic, async () => ++second, never())).toBe(1);
  });

  test("one that fails makes room, and fails nobody else with its own reason", async () => {
    const creations = createCreations();
    const reason = new Error("no");
    const failing = creations.attempt(topic, () => Promise.reject(reason), never());
    const other = creations.attempt(topic, async () => 1, never());
    expect(await rejection(failing)).toBe(reason);
    expect(await rejection(other)).toMatchObject({ kind: "refused" });
    expect(await creations.attempt(topic, async () => 2, never())).toBe(2);
  });

  test("who waits may give up", async () => {
    const creations = createCreations();
    void creations.attempt(topic, () => new Promise(() => {}), never());
    const controller = new AbortController();
    const waiting = watch(creations.attempt(topic, async () => 1, controller.signal));
    await settled();
    controller.abort(new Error("enough"));
    await settled();
    expect(waiting).toMatchObject({ state: "rejected", value: { message: "enough" } });
  });
});
