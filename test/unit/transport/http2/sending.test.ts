import { describe, expect, test } from "vitest";
import { brief, DATA, type Frame, join, settings, windowUpdate } from "./frames.ts";
import { type Harness, harness } from "./harness.ts";

/** The bytes of DATA that went out, by stream. */
function dataIn(frames: Frame[]): Record<number, number> {
  const sizes: Record<number, number> = {};
  for (const { type, id, payload } of frames) {
    if (type === DATA) {
      sizes[id] = (sizes[id] ?? 0) + payload.length;
    }
  }
  return sizes;
}

const numbered = (length: number) => Uint8Array.from({ length }, (_, i) => i * 7 + (i >> 8));

describe("what we send", () => {
  test("is no more than 65,535 bytes until the peer opens the window of stream and connection, in whole frames", () => {
    const { call, frames, feed } = harness();
    const bytes = numbered(200_000);
    call(bytes);
    const sent = frames();
    expect(sent.map(brief)).toEqual(["HEADERS 1 1", ...Array(3).fill("DATA 1 16384"), "DATA 1 16383"]);
    feed(windowUpdate(1, 10));
    expect(frames()).toEqual([]);
    feed(windowUpdate(0, 1));
    sent.push(...frames());
    feed(windowUpdate(0, 200_000));
    sent.push(...frames());
    expect(dataIn(sent)).toEqual({ 1: 65_545 });
    feed(windowUpdate(1, 200_000));
    sent.push(...frames());
    expect(sent.at(-1)?.flags).toBe(1);
    expect(join(...sent.slice(1).map(({ payload }) => payload))).toEqual(bytes);
  });

  test("a stream without a window does not stall others, and the connection's goes round", () => {
    const { call, frames, feed } = harness();
    feed(settings([4, 100]));
    const stalled = call(numbered(1_000));
    call(numbered(100));
    expect(dataIn(frames())).toEqual({ 1: 100, 3: 100 });
    feed(settings([4, 65_535]));
    expect(dataIn(frames())).toEqual({ 1: 900 });
    call(numbered(65_000));
    call(numbered(65_000));
    call(numbered(65_000));
    expect(dataIn(frames())).toEqual({ 5: 64_435 });
    feed(windowUpdate(0, 600), windowUpdate(0, 100), windowUpdate(0, 200));
    expect(dataIn(frames())).toEqual({ 5: 565, 7: 235, 9: 100 });
    expect(stalled.failure).toBeUndefined();
  });

  test("INITIAL_WINDOW_SIZE up and down moves the windows of open streams, below zero too", () => {
    const { call, frames, feed } = harness();
    feed(windowUpdate(0, 1_000_000));
    call(numbered(100_000));
    expect(dataIn(frames())).toEqual({ 1: 65_535 });
    // The stream's window is at 0 now, and goes to -65,435.
    feed(settings([4, 100]), windowUpdate(1, 65_435));
    expect(dataIn(frames())).toEqual({});
    feed(windowUpdate(1, 1));
    expect(dataIn(frames())).toEqual({ 1: 1 });
    call(numbered(1_000));
    expect(dataIn(frames())).toEqual({ 3: 100 });
    feed(settings([4, 0]), settings([4, 150]));
    expect(dataIn(frames())).toEqual({ 1: 50, 3: 50 });
    feed(settings([4, 300], [4, 160]));
    expect(dataIn(frames())).toEqual({ 1: 10, 3: 10 });
  });

  test("the largest windows and frames that there are", () => {
    const { connection, call, feed, frames } = harness();
    feed(settings([4, 2 ** 31 - 1], [5, 2 ** 24 - 1], [2, 0]), windowUpdate(0, 2 ** 31 - 1 - 65_535));
    call(numbered(300_000));
    expect(dataIn(frames())).toEqual({ 1: 300_000 });
    feed(windowUpdate(1, 300_000), windowUpdate(0, 300_000));
    expect(connection.takesRequests()).toBe(true);
  });

  test("an end without bytes needs no window", () => {
    const { connection, call, frames, feed } = harness();
    feed(settings([4, 0]));
    const one = call(undefined, { more: true });
    connection.write(one.stream, undefined, true);
    expect(frames().map(brief).slice(-1)).toEqual(["DATA 1 0 end"]);
  });

  test("MAX_FRAME_SIZE up and down, and never more than is good for others", () => {
    const { call, frames, feed } = harness();
    feed(windowUpdate(0, 10_000_000), settings([4, 1_000_000], [5, 20_000]));
    call(numbered(50_000));
    expect(frames().slice(2).map(brief)).toEqual(["DATA 1 20000", "DATA 1 20000", "DATA 1 10000 end"]);
    feed(settings([5, 16_777_215]));
    call(numbered(100_000));
    expect(frames().slice(2).map(brief)).toEqual(["DATA 3 65536", "DATA 3 34464 end"]);
    feed(settings([5, 16_384]));
    call(numbered(20_000));
    expect(frames().slice(2).map(brief)).toEqual(["DATA 5 16384", "DATA 5 3616 end"]);
  });

  test("a peer that grants no window: nothing is copied or sent meanwhile, and what is given up is let go", () => {
    const { connection, call, frames, feed, socket } = harness();
    feed(settings([4, 0]));
    const bytes = numbered(100_000);
    const calls = Array.from({ length: 50 }, () => call(bytes));
    frames();
    const before = socket.bytes;
    for (let i = 0; i < 100; i++) {
      feed(windowUpdate(0, 1_000));
      expect(frames()).toEqual([]);
    }
    expect(socket.bytes).toBe(before);
    for (const { stream } of calls) {
      connection.cancel(stream);
    }
    expect(connection.load()).toBe(0);
    feed(settings([4, 65_535]));
    expect(dataIn(frames())).toEqual({});
  });
});

describe("a socket that takes no more", () => {
  function full(): Harness {
    const all = harness();
    all.feed(windowUpdate(0, 1_000_000), settings([4, 1_000_000]));
    all.frames();
    all.socket.takes = false;
    return all;
  }

  test("gets no more DATA until it has drained; the calls go on then, in their order", () => {
    const { connection, call, frames, socket } = full();
    call(numbered(10));
    expect(dataIn(frames())).toEqual({ 1: 10 });
    call(numbered(20_000));
    call(numbered(30_000));
    expect(frames().map(brief)).toEqual(["HEADERS 3 1", "HEADERS 5 1"]);
    socket.takes = true;
    connection.drained();
    expect(frames().map(({ type, id }) => [type, id])).toEqual([
      [0, 3],
      [0, 3],
      [0, 5],
      [0, 5],
    ]);
  });

  test("one that is cancelled meanwhile is not sent", () => {
    const { connection, call, frames } = full();
    call(numbered(10));
    frames();
    const one = call(numbered(10), { more: true });
    connection.cancel(one.stream);
    connection.write(one.stream, numbered(10), true);
    connection.drained();
    expect(frames().map(brief)).toEqual(["HEADERS 3 1", "RST 3 8"]);
  });

  test("is asked again when it says so again", () => {
    const { connection, call, frames, feed } = full();
    feed(settings([5, 65_536]));
    frames();
    connection.drained();
    call(numbered(200_000));
    // What fills the buffer is handed over before the turn ends.
    expect(dataIn(frames())[1]).toBeLessThanOrEqual(131_072);
    connection.drained();
    frames();
    connection.drained();
    expect(frames().at(-1)?.flags ?? 1).toBe(1);
  });

  test("a writer is told when its bytes are on their way, and not before", () => {
    const { connection, call, frames } = full();
    call(numbered(10));
    frames();
    const one = call(undefined, { more: true });
    connection.write(one.stream, numbered(10), false);
    expect(one.events).toEqual([]);
    connection.drained();
    expect(one.events).toEqual(["drain"]);
  });
});
