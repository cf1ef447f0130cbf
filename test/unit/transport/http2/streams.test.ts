import { describe, expect, test } from "vitest";
import { answer, data, goaway, good, headers, ok, rst, settings, windowUpdate } from "./frames.ts";
import { harness } from "./harness.ts";

describe("MAX_CONCURRENT_STREAMS", () => {
  test("others wait, in order, and begin as those before them end, in whatever way", () => {
    const { connection, call, feed, sent } = harness();
    feed(settings([3, 2]));
    const calls = Array.from({ length: 6 }, (_, i) => call(Uint8Array.of(i)));
    sent();
    expect(connection.load()).toBe(6);
    feed(answer(1));
    expect(sent()).toEqual(["HEADERS 5 1", "DATA 5 1 end"]);
    feed(rst(3, 2));
    expect(sent()).toEqual(["HEADERS 7 1", "DATA 7 1 end"]);
    connection.cancel(calls[2]?.stream as never);
    expect(sent()).toEqual(["RST 5 8", "HEADERS 9 1", "DATA 9 1 end"]);
    feed(headers(7, ["x", "y"], true));
    expect(sent()).toEqual(["RST 7 1", "HEADERS 11 1", "DATA 11 1 end"]);
  });

  test("0, and up again; below what is open ends nothing", () => {
    const { call, feed, sent } = harness();
    const open = [call(), call()];
    feed(settings([3, 0]));
    call();
    call();
    sent();
    feed(answer(1));
    expect(sent()).toEqual([]);
    feed(settings([3, 2]));
    expect(sent()).toEqual(["SETTINGS ack", "HEADERS 5 1 end"]);
    feed(settings([3, 100]));
    expect(sent()).toEqual(["SETTINGS ack", "HEADERS 7 1 end"]);
    expect(open[1]?.failure).toBeUndefined();
  });

  test("what is written to one that waits goes out when it begins; one that is cancelled leaves no trace", () => {
    const { connection, call, feed, sent } = harness();
    feed(settings([3, 1]));
    call();
    const given = call();
    const one = call(undefined, { more: true });
    connection.write(one.stream, Uint8Array.of(1, 2), true);
    connection.cancel(given.stream);
    sent();
    feed(answer(1));
    expect(sent()).toEqual(["HEADERS 3 1", "DATA 3 2 end"]);
    expect(given.events).toEqual([]);
  });

  test("a stream that begins late has the window of that time", () => {
    const { call, feed, sent } = harness();
    feed(settings([3, 0]));
    call(new Uint8Array(100));
    feed(settings([4, 10]), settings([3, 1]));
    expect(sent().slice(-2)).toEqual(["HEADERS 1 1", "DATA 1 10"]);
  });
});

describe("GOAWAY", () => {
  test("in two steps: calls go on until the second names the last; those above it were refused", () => {
    const { connection, call, feed, told, socket } = harness();
    const [one, two, three] = [call(), call(), call()];
    feed(goaway(2 ** 31 - 1));
    expect(told).toEqual(["draining"]);
    expect(connection.takesRequests()).toBe(false);
    expect(call().events).toEqual(["failed refused"]);
    feed(answer(1));
    expect([one, two, three].map(({ failure }) => failure)).toEqual([undefined, undefined, undefined]);
    feed(goaway(3, 0));
    expect(three.events).toEqual(["failed refused 0"]);
    expect(socket.ended).toBe(0);
    feed(answer(3));
    expect(two.events.at(-1)).toBe("headers grpc-status 0 end");
    expect([told, socket.ended]).toEqual([["draining", "end "], 1]);
  });

  test("with a code, and more behind it", () => {
    const { call, feed, told } = harness();
    const one = call();
    feed(goaway(0, 11), goaway(0, 11), answer(1));
    expect(one.events).toEqual(["failed refused 11"]);
    expect(told).toEqual(["draining", "end "]);
  });

  test("on a connection without calls ends it", () => {
    const { feed, told, connection } = harness();
    feed(goaway(0));
    expect(told).toEqual(["draining", "end "]);
    expect(connection.takesRequests()).toBe(false);
  });

  test("those that wait are refused, each told once, also when none is open", () => {
    const { call, feed } = harness();
    feed(settings([3, 0]));
    const waiting = [call(), call(), call()];
    feed(goaway(2 ** 31 - 1));
    expect(waiting.map(({ events }) => events)).toEqual(Array(3).fill(["failed refused 0"]));
  });

  test("with some open and some waiting, and none begins after it", () => {
    const { call, feed, sent } = harness();
    feed(settings([3, 2]));
    const calls = Array.from({ length: 4 }, () => call());
    sent();
    feed(goaway(1));
    expect(calls.map(({ events }) => events)).toEqual([[], ...Array(3).fill(["failed refused 0"])]);
    feed(answer(1));
    expect(sent()).toEqual([]);
  });

  test("a call that was answered in part, and is above the last stream, was begun all the same", () => {
    const { call, feed } = harness();
    const one = call();
    feed(headers(1, ok), goaway(0));
    expect(one.events.at(-1)).toBe("failed lost 0");
  });

  test("window updates for those that go on are taken", () => {
    const { call, feed, sent } = harness();
    call(new Uint8Array(70_000));
    sent();
    feed(goaway(1), windowUpdate(0, 10_000), windowUpdate(1, 10_000));
    expect(sent()).toEqual(["DATA 1 4465 end"]);
  });
});

describe("RST_STREAM", () => {
  test.each([
    [7, "refused"],
    [0, "reset"],
    [2, "reset"],
    [8, "reset"],
    [0xffff_ffff, "reset"],
  ])("with code %d: %s, and the connection goes on", (code, kind) => {
    const { connection, call, feed } = harness();
    const [one, other] = [call(), call()];
    feed(rst(1, code), answer(3));
    expect(one.events).toEqual([`failed ${kind} ${code}`]);
    expect(other.failure).toBeUndefined();
    expect([connection.takesRequests(), connection.load()]).toEqual([true, 0]);
  });

  test("REFUSED_STREAM of one that has answered is a reset", () => {
    const { call, feed } = harness();
    const one = call();
    feed(headers(1, ok), rst(1, 7));
    expect(one.events.at(-1)).toBe("failed reset 7");
  });

  test("stops what was still to be sent", () => {
    const { call, feed, sent } = harness();
    call(new Uint8Array(100_000));
    sent();
    feed(rst(1, 8), windowUpdate(0, 100_000), windowUpdate(1, 100_000));
    expect(sent()).toEqual([]);
  });
});

describe("a call that is cancelled", () => {
  test("is reset, once, and told nothing more, whatever was under way", () => {
    const { connection, call, feed, sent, told } = harness();
    const [one, two, three, four] = [call(), call(), call(), call()];
    sent();
    feed(headers(3, ok), data(3, "a"));
    for (const { stream } of [one, two, three, four]) {
      connection.cancel(stream);
      connection.cancel(stream);
    }
    expect(sent()).toEqual([1, 3, 5, 7].map((id) => `RST ${id} 8`));
    feed(answer(1), data(3, "b"), headers(3, good, true), rst(5, 8), headers(7, ok), rst(7, 0), windowUpdate(1, 5));
    expect([one.events, three.events, four.events, told]).toEqual([[], [], [], []]);
    expect(two.events).toHaveLength(2);
    expect(connection.takesRequests()).toBe(true);
  });

  test("thousands at once, with all their answers under way", () => {
    const { connection, call, feed, sent } = harness();
    const calls = Array.from({ length: 12_000 }, () => call());
    for (const { stream } of calls) {
      connection.cancel(stream);
    }
    sent();
    for (const { stream } of calls.slice(-9_000)) {
      feed(answer(stream.id));
    }
    expect(connection.takesRequests()).toBe(true);
    // Of the first ones nothing is known any more.
    for (const { stream } of calls.slice(0, 1_000)) {
      feed(answer(stream.id));
    }
    expect(connection.takesRequests()).toBe(true);
  });

  test("with a window of small pieces under way", () => {
    const { connection, call, feed } = harness();
    const one = call(undefined, { consume: false });
    feed(headers(1, ok));
    connection.cancel(one.stream);
    for (let i = 0; i < 40_000; i++) {
      feed(data(1, "message"));
    }
    expect(connection.takesRequests()).toBe(true);
  });
});

test("when the numbers of streams are used up, the last ones come to their end, and others are refused", () => {
  const { connection, call, feed, sent, told } = harness({ firstStreamId: 2 ** 31 - 5 });
  feed(settings([3, 2]));
  const calls = Array.from({ length: 5 }, () => call(Uint8Array.of(1)));
  expect(sent().filter((text) => text.startsWith("HEADERS"))).toEqual(["HEADERS 2147483643 1", "HEADERS 2147483645 1"]);
  feed(answer(2 ** 31 - 5));
  expect(sent()).toEqual(["HEADERS 2147483647 1", "DATA 2147483647 1 end"]);
  expect(told).toEqual(["draining"]);
  expect(calls.slice(3).map(({ events }) => events)).toEqual(Array(2).fill(["failed refused 0"]));
  expect(connection.takesRequests()).toBe(false);
  feed(answer(2 ** 31 - 3), answer(2 ** 31 - 1));
  expect(calls[2]?.events.at(-1)).toBe("headers grpc-status 0 end");
  expect(told).toEqual(["draining", "end "]);
});
