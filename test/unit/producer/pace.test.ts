import { expect, test } from "vitest";
import { createPace } from "../../../src/producer/pace.ts";

function setUp(horizonMs: number) {
  let time = 0;
  const pace = createPace(horizonMs, () => time);
  const steps = (count: number, ms: number) => {
    for (let i = 0; i < count; i++) {
      time += ms;
      pace.step();
    }
  };
  /** How many may wait, to the next hundred. */
  const limit = () => {
    let messages = 0;
    while (messages < 100_000 && pace.allows(messages)) {
      messages += messages < 200 ? 1 : 100;
    }
    return messages;
  };
  return { pace, steps, limit, idle: (ms: number) => (time += ms) };
}

test("a few may wait before anything is known", () => {
  expect(setUp(15_000).limit()).toBe(64);
});

test("as many as get through within the horizon, when that is known", () => {
  const { steps, limit } = setUp(15_000);
  steps(200, 10);
  expect(limit()).toBe(1_500);
  steps(300, 1);
  expect(limit()).toBeGreaterThan(14_000);
  steps(300, 1_000);
  expect(limit()).toBe(64);
});

test("time without anything to send does not count, nor much of one in which nothing gets through", () => {
  const { pace, steps, limit, idle } = setUp(15_000);
  steps(200, 1);
  idle(3_600_000);
  pace.begin();
  steps(10, 1);
  expect(limit()).toBeGreaterThan(14_000);
  // A failover of half a minute.
  steps(1, 30_000);
  steps(100, 1);
  expect(limit()).toBeGreaterThan(10_000);
});
