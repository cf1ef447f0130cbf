import { expect, test } from "vitest";
import { CALM, FLOW_CONTROL, PROTOCOL } from "./conditions.ts";
import { answer, data, frame, good, HEADERS, headers, ok, windowUpdate } from "./frames.ts";
import { harness } from "./harness.ts";

const big = 2 ** 31 - 1;

type Case = [name: string, code: number, bytes: Uint8Array[]];

test.each<Case>([
  ["an answer without a status", PROTOCOL, [headers(1, ["content-type", "x"])]],
  ["a status behind other fields", PROTOCOL, [headers(1, ["x", "y", ":status", "200"])]],
  ["two statuses", PROTOCOL, [headers(1, [":status", "200", ":status", "200"])]],
  ...["20", "2000", "0200", "abc", "", "099", "-20", "2e2"].map(
    (status): Case => [`the status ${JSON.stringify(status)}`, PROTOCOL, [headers(1, [":status", status])]],
  ),
  ["another pseudo-header field", PROTOCOL, [headers(1, [...ok, ":path", "/"])]],
  ["an empty name", PROTOCOL, [headers(1, [...ok, "", "x"])]],
  ["an upper-case name", PROTOCOL, [headers(1, [...ok, "X-a", "x"])]],
  ["a name that is no token", PROTOCOL, [headers(1, [...ok, "x a", "x"])]],
  ...["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"].map(
    (name): Case => [`the field ${name}`, PROTOCOL, [headers(1, [...ok, name, "x"])]],
  ),
  ...["a\rb", "a\nb", "a\0b"].map(
    (value): Case => [`the value ${JSON.stringify(value)}`, PROTOCOL, [headers(1, [...ok, "x-a", value])]],
  ),
  ["a pseudo-header field in trailers", PROTOCOL, [headers(1, ok), headers(1, [":status", "200"], true)]],
  ["an upper-case name in trailers", PROTOCOL, [headers(1, ok), headers(1, ["Grpc-status", "0"], true)]],
  ["trailers that are not the end", PROTOCOL, [headers(1, ok), headers(1, good)]],
  ["a second answer", PROTOCOL, [headers(1, ok), headers(1, ok)]],
  ["an interim answer that is the end", PROTOCOL, [headers(1, [":status", "103"], true)]],
  ["101", PROTOCOL, [headers(1, [":status", "101"])]],
  ["DATA before the fields", PROTOCOL, [data(1, "a")]],
  ["DATA behind interim ones", PROTOCOL, [headers(1, [":status", "100"]), data(1, "a")]],
  ["more DATA than the window", FLOW_CONTROL, [headers(1, ok), ...Array(65).fill(data(1, new Uint8Array(16_384)))]],
  ["WINDOW_UPDATE by 0", PROTOCOL, [windowUpdate(1, 0)]],
  ["a window that overflows", FLOW_CONTROL, [windowUpdate(1, big)]],
])("%s ends the stream with code %d, and no other", (_, code, bytes) => {
  const { call, feed, sent, connection } = harness();
  const [one, other] = [call(undefined, { consume: false }), call()];
  sent();
  feed(...bytes, answer(3));
  expect(one.events.at(-1)).toBe(`failed malformed ${code}`);
  expect(sent().filter((text) => text.startsWith("RST"))).toEqual([`RST 1 ${code}`]);
  expect(other.events.at(-1)).toBe("headers grpc-status 0 end");
  // What is under way of it is taken, and means nothing.
  feed(headers(1, good, true));
  expect([connection.takesRequests(), connection.load()]).toEqual([true, 0]);
});

test("a header bomb ends its stream, not the connection; nor does one for a stream that was given up", () => {
  const { connection, call, feed, sent } = harness();
  const [one, given] = [call(), call()];
  connection.cancel(given.stream);
  sent();
  // 16,000 times ":status 200", an octet each; 42 each when they are counted.
  const bomb = new Uint8Array(16_000).fill(0x88);
  feed(frame(HEADERS, 5, 1, bomb), frame(HEADERS, 5, 3, bomb));
  expect(one.events).toEqual([`failed malformed ${CALM}`]);
  expect(sent()).toEqual([`RST 1 ${CALM}`]);
  expect(connection.takesRequests()).toBe(true);
});
