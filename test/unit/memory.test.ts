import { afterEach, expect, test, vi } from "vitest";
import { growth, heldByTenths, idleProducers } from "./support/memory-use.ts";
import { virtualTime } from "./support/virtual-time.ts";

// Memory is measured after a full garbage collection. bench/ does the same at greater length.

afterEach(() => void vi.useRealTimers());

test("50,000 sends hold memory flat", async () => {
  const held = await heldByTenths(50_000);
  expect(growth(held), `bytes held after each tenth: ${held.join(", ")}`).toBeLessThanOrEqual(1.05);
}, 60_000);

test("10,000 idle producers on 1,000 topics hold less than 4 KiB each", async () => {
  const { danube, bytesEach } = await idleProducers(10_000, 1_000);
  expect(await bytesEach()).toBeLessThan(4_096);
  await danube.close();
}, 60_000);

test("10,000 that have sent make no calls in an hour, have no timers, and hold no more after it", async () => {
  const time = virtualTime();
  const { danube, broker, bytesEach } = await idleProducers(10_000, 1_000, 1);
  const before = broker.calls();
  // Two for the client: it looks for connections that are not used, and for messages whose time is over.
  expect(time.timers()).toBeLessThanOrEqual(2);
  await time.advance(3_600_000);
  expect(time.timers()).toBeLessThanOrEqual(1);
  expect(broker.calls()).toBe(before);
  expect(await bytesEach()).toBeLessThan(4_096);
  await danube.close();
  expect(time.timers()).toBe(0);
}, 60_000);
