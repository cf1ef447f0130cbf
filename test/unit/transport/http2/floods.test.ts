import { describe, expect, test } from "vitest";
import { busy, CALM } from "./conditions.ts";
import {
  answer,
  DATA,
  data,
  frame,
  headers,
  join,
  ok,
  ping,
  priority,
  rst,
  settings,
  settingsAck,
  u32,
  windowUpdate,
} from "./frames.ts";
import { harness } from "./harness.ts";

describe("a flood", () => {
  const kinds: [name: string, bytes: Uint8Array][] = [
    ["PING", ping()],
    ["answers to PINGs that nobody sent", ping(new Uint8Array(8), true)],
    ["SETTINGS", settings()],
    ["acknowledgements", settingsAck],
    ["PRIORITY", priority(1)],
    ["unknown frames", frame(0x99, 0, 0, u32(1))],
    ["empty DATA", data(7, "")],
    ["padding", frame(DATA, 8, 7, [0])],
    ["interim answers", headers(1, [":status", "103"])],
    ["RST_STREAM of a stream that is over", rst(3, 0)],
    ["WINDOW_UPDATE of a stream that is over", windowUpdate(3, 1)],
    ["empty DATA of a stream that was given up", data(9, "")],
    ["HEADERS of a stream that was given up", headers(9, ok)],
  ];

  test.each(kinds)("of %s ends the connection with ENHANCE_YOUR_CALM", (_, bytes) => {
    const { feed, calls, frames, told, socket } = busy();
    const many = join(...Array(100).fill(bytes));
    let fed = 0;
    while (told.length === 0 && fed < 1_000) {
      feed(many);
      fed++;
    }
    expect(told.filter((word) => !word.startsWith("table"))).toEqual([`end ${CALM}`]);
    expect(fed).toBeLessThan(120);
    expect(socket.bytes).toBeLessThan(300_000);
    expect(frames().at(-1)?.type).toBe(7);
    expect(calls[0]?.events.at(-1)).toBe("failed malformed");
  });

  test.each(kinds)("a few of %s every second, for days, are none", (_, bytes) => {
    const { feed, clock, connection } = busy();
    for (let i = 0; i < 30_000; i++) {
      clock.ms += 10;
      feed(bytes, bytes, bytes);
    }
    expect(connection.takesRequests()).toBe(true);
  });

  test("a PING for each DATA of ours, and a reset and an update for each stream, are none either", () => {
    const { feed, call, connection } = harness();
    for (let id = 1; id < 60_000; id += 2) {
      call(Uint8Array.of(1));
      feed(windowUpdate(0, 1), windowUpdate(id, 1), ping(), answer(id), windowUpdate(id, 1), rst(id, 0));
    }
    expect(connection.takesRequests()).toBe(true);
    let more = 0;
    while (connection.takesRequests()) {
      feed(ping());
      more++;
    }
    expect(more).toBeLessThanOrEqual(10_003);
  });

  test("of updates by 1 of the connection does not make us look at each stream that has no window", () => {
    const { feed, call, frames } = harness();
    feed(settings([4, 0]));
    const body = new Uint8Array(10);
    for (let i = 0; i < 5_000; i++) {
      call(body);
    }
    frames();
    const update = join(...Array(1_000).fill(windowUpdate(0, 1)));
    const start = performance.now();
    for (let i = 0; i < 100; i++) {
      feed(update);
    }
    // 100,000 updates, 5,000 streams.
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(frames()).toEqual([]);
  });
});
