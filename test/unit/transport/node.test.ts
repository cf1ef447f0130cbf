import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../../../src/index.ts";
import { type EmbeddedBroker, startBroker } from "../../../src/testing/index.ts";

let broker: EmbeddedBroker;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(() => broker.close());

// Timers take more than 2^31 - 1 ms for 1 ms, and gRPC's own header has room for eight digits.
describe("attemptTimeoutMs", () => {
  test.each([1_000, 99_999_999, 100_000_000, 2 ** 31 - 1, 2 ** 31, Number.MAX_SAFE_INTEGER])(
    "%d ms is that long, and not over at once",
    async (attemptTimeoutMs) => {
      await using danube = connect({ brokers: broker.urls, attemptTimeoutMs, createTimeoutMs: 1_000 });
      await danube.ready();
      const producer = await danube.createProducer({ topic: "/default/t" });
      expect((await producer.send("x")).topic).toBe("/default/t");
    },
  );
});
