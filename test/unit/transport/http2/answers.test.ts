import { describe, expect, test } from "vitest";
import {
  answer,
  brief,
  CONTINUATION,
  data,
  frame,
  good,
  HEADERS,
  headers,
  join,
  ok,
  rst,
  settings,
  windowUpdate,
} from "./frames.ts";
import { body, harness } from "./harness.ts";

describe("an answer", () => {
  test("in fields, bytes and trailers", () => {
    const { call, feed, connection } = harness();
    const one = call();
    feed(headers(1, ok), data(1, "abc"), data(1, "de"), headers(1, good, true));
    expect(one.events).toEqual([`headers ${ok.join(" ")}`, "data 3", "data 2", "headers grpc-status 0 end"]);
    expect(body(one)).toBe("abcde");
    expect(connection.load()).toBe(0);
  });

  test("of nothing but trailers", () => {
    const { call, feed } = harness();
    const one = call();
    feed(headers(1, [...ok, "grpc-status", "5"], true));
    expect(one.events).toEqual([`headers ${ok.join(" ")} grpc-status 5 end`]);
  });

  test("that ends with its bytes, or with none", () => {
    const { call, feed } = harness();
    const [one, other] = [call(), call()];
    feed(headers(1, ok), data(1, "abc", true), headers(3, ok), data(3, "", true));
    expect(one.events.slice(1)).toEqual(["data 3 end"]);
    expect(other.events.slice(1)).toEqual(["data 0 end"]);
  });

  test("behind interim ones", () => {
    const { call, feed } = harness();
    const one = call();
    feed(headers(1, [":status", "100"]), headers(1, [":status", "103", "link", "x"]), answer(1));
    expect(one.events).toHaveLength(3);
    expect(one.events[0]).toBe(`headers ${ok.join(" ")}`);
  });

  test("that is complete before its request: the rest of that is not sent", () => {
    const { connection, call, feed, sent } = harness();
    const one = call(Uint8Array.of(1), { more: true });
    const big = call(new Uint8Array(100_000));
    sent();
    feed(answer(1), headers(3, [...ok, "grpc-status", "9"], true));
    expect(sent()).toEqual(["RST 1 0", "RST 3 0"]);
    connection.write(one.stream, Uint8Array.of(2), true);
    feed(windowUpdate(0, 1_000_000), windowUpdate(3, 1_000_000), rst(1, 0), rst(3, 8));
    expect(sent()).toEqual([]);
    expect(big.events).toEqual([`headers ${ok.join(" ")} grpc-status 9 end`]);
  });

  test("that begins before its request is complete", () => {
    const { connection, call, feed, sent } = harness();
    const one = call(Uint8Array.of(1), { more: true });
    feed(headers(1, ok), data(1, "a"));
    connection.write(one.stream, Uint8Array.of(2), true);
    feed(data(1, "b"), headers(1, good, true));
    expect(sent()).toEqual(["HEADERS 1 1", "DATA 1 1", "DATA 1 1 end"]);
    expect(body(one)).toBe("ab");
  });
});

describe("what means nothing", () => {
  test("frames of unknown types, on any stream, of any flags and length; PRIORITY; unknown flags", () => {
    const { call, feed, sent, connection } = harness();
    const one = call();
    sent();
    feed(
      ...[0, 1, 2, 99].map((id) => frame(0xfa, 0xff, id, new Uint8Array(id))),
      ...[1, 2, 99].map((id) => frame(2, 0, id, [0, 0, 0, 0, 1])),
      // The reserved bit, and flags that HEADERS and DATA do not have.
      frame(HEADERS, 4 | 0xd2, 2 ** 31 + 1, headers(1, ok).subarray(9)),
      frame(0, 0xf6, 1, [120]),
      headers(1, good, true),
    );
    expect(connection.takesRequests()).toBe(true);
    expect(sent()).toEqual([]);
    expect(one.events).toHaveLength(3);
    expect(body(one)).toBe("x");
  });

  test("the priority in HEADERS", () => {
    const { call, feed } = harness();
    const one = call();
    feed(frame(HEADERS, 4 | 32 | 1, 1, [0x80, 0, 0, 1, 5, ...headers(1, ok).subarray(9)]));
    expect(one.events).toEqual([`headers ${ok.join(" ")} end`]);
  });

  test("padding, also all of a frame, and the priority before it", () => {
    const { call, feed } = harness();
    const one = call();
    const padded = (type: number, flags: number, content: ArrayLike<number>, by: number) =>
      frame(type, flags | 8, 1, [by, ...Array.from(content), ...new Uint8Array(by)]);
    feed(
      padded(HEADERS, 4 | 32, [0, 0, 0, 0, 1, ...headers(1, ok).subarray(9)], 3),
      padded(0, 0, [97, 98], 255),
      padded(0, 0, [], 0),
      padded(0, 0, [99], 0),
      padded(HEADERS, 5, headers(1, good).subarray(9), 200),
    );
    expect(one.events.slice(1)).toEqual(["data 2", "data 1", "headers grpc-status 0 end"]);
    expect(body(one)).toBe("abc");
  });
});

describe("CONTINUATION", () => {
  test("of the peer: a block in pieces, some of them empty; END_STREAM is that of its HEADERS", () => {
    const { call, feed } = harness();
    const one = call();
    const octets = headers(1, [...ok, "x-long", "y".repeat(40_000)]).subarray(9);
    const [a, b] = [octets.subarray(0, 3), octets.subarray(3, 16_000)];
    const [c, d] = [octets.subarray(16_000, 32_000), octets.subarray(32_000)];
    feed(frame(HEADERS, 1, 1, a), ...[b, [], c].map((part) => frame(CONTINUATION, 0, 1, part)));
    expect(one.events).toEqual([]);
    feed(frame(CONTINUATION, 4, 1, d));
    expect(one.events).toHaveLength(1);
    expect(one.events[0]).toMatch(/^headers :status 200 .* x-long y{40000} end$/);
  });

  test("of ours: a block larger than the peer's frames, at once and with nothing between", () => {
    const { call, frames, feed } = harness();
    const block = Uint8Array.from({ length: 40_000 }, (_, i) => i);
    call(Uint8Array.of(1), { head: block });
    const sent = frames();
    expect(sent.map(brief)).toEqual(["HEADERS 1 16384", "CONT 1 16384", "CONT 1 7232", "DATA 1 1 end"]);
    expect(sent.map(({ flags }) => flags)).toEqual([0, 0, 4, 1]);
    expect(join(...sent.slice(0, 3).map(({ payload }) => payload))).toEqual(block);
    feed(settings([5, 20_000]));
    call(undefined, { head: block });
    expect(frames().map(({ flags, payload }) => [flags, payload.length])).toEqual([
      [1, 0],
      [1, 20_000],
      [4, 20_000],
    ]);
  });
});
