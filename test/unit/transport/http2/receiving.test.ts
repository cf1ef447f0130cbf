import { describe, expect, test } from "vitest";
import { DATA, data, frame, good, headers, ok } from "./frames.ts";
import { harness } from "./harness.ts";

describe("what we take", () => {
  const kib = new Uint8Array(1_024);

  test("of a stream is what its reader takes: no credit for what is not consumed", () => {
    const { connection, call, feed, sent } = harness({ streamWindow: 65_536 });
    const slow = call(undefined, { consume: false });
    sent();
    feed(headers(1, ok), ...Array(64).fill(data(1, kib)));
    expect(sent()).toEqual([]);
    connection.consume(slow.stream, 32_767);
    expect(sent()).toEqual([]);
    connection.consume(slow.stream, 1);
    expect(sent()).toEqual(["WINDOW 1 32768"]);
    feed(...Array(32).fill(data(1, kib)));
    expect(slow.failure).toBeUndefined();
    feed(data(1, [1]));
    expect(slow.events.at(-1)).toBe("failed malformed 3");
    expect(sent()).toEqual(["RST 1 3"]);
  });

  test("a stream that nobody reads does not stall others", () => {
    const { call, feed, sent } = harness({ streamWindow: 65_536, connectionWindow: 100_000 });
    const slow = call(undefined, { consume: false });
    const quick = call();
    feed(headers(1, ok), headers(3, ok), ...Array(64).fill(data(1, kib)));
    for (let i = 0; i < 1_000; i++) {
      feed(data(3, kib));
    }
    const updates = sent().filter((text) => text.startsWith("WINDOW 0"));
    const given = updates.reduce((sum, text) => sum + Number(text.split(" ")[2]), 0);
    // Whatever the peer may have under way, it has half of the connection's window at least.
    expect(64 + 1_000 - given / 1_024).toBeLessThan(50_000 / 1_024);
    expect([slow.failure, quick.failure]).toEqual([undefined, undefined]);
    expect(quick.received).toHaveLength(1_000);
  });

  test("padding counts, and is given back though nobody reads it", () => {
    const { call, feed, sent } = harness({ streamWindow: 65_536 });
    const one = call();
    sent();
    const nothing = frame(DATA, 8, 1, [255, ...new Uint8Array(255)]);
    feed(headers(1, ok), ...Array(500).fill(nothing));
    expect(sent()).toEqual(Array(3).fill("WINDOW 1 32768"));
    expect(one.events).toHaveLength(1);
    feed(data(1, [7]), headers(1, good, true));
    expect(one.events.slice(1)).toEqual(["data 1", "headers grpc-status 0 end"]);
  });

  test("of streams that are given up goes on counting for the connection", () => {
    const { connection, call, feed, sent } = harness({ streamWindow: 65_536, connectionWindow: 100_000 });
    const one = call();
    connection.cancel(one.stream);
    sent();
    feed(headers(1, ok), ...Array(64).fill(data(1, kib)));
    expect(sent()).toEqual(["WINDOW 0 50176"]);
    expect(one.events).toEqual([]);
  });

  test("no credit for a stream that is over", () => {
    const { connection, call, feed, sent } = harness({ streamWindow: 2_048 });
    const one = call(undefined, { consume: false });
    sent();
    feed(headers(1, ok), data(1, kib), data(1, kib), headers(1, good, true));
    connection.consume(one.stream, 2_048);
    expect(sent()).toEqual([]);
  });

  test("an answer of many megabytes, in the smallest and the largest frames", () => {
    const { call, feed, sent } = harness();
    const one = call();
    feed(headers(1, ok));
    let bytes = 0;
    for (let i = 0; i < 500; i++) {
      feed(data(1, new Uint8Array(16_384)), data(1, [1]));
      bytes += 16_385;
    }
    feed(headers(1, good, true));
    expect(one.received.reduce((sum, { length }) => sum + length, 0)).toBe(bytes);
    expect(sent().filter((text) => text.startsWith("WINDOW 1 "))).toHaveLength(15);
  });
});
