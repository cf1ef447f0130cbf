import { expect, test } from "vitest";
import { busy, CALM, CLOSED, COMPRESSION, FLOW_CONTROL, FRAME_SIZE, PROTOCOL } from "./conditions.ts";
import {
  answer,
  block,
  CONTINUATION,
  DATA,
  data,
  END_HEADERS,
  frame,
  good,
  HEADERS,
  headers,
  ok,
  PRIORITY,
  ping,
  priority,
  rst,
  settings,
  settingsAck,
  windowUpdate,
} from "./frames.ts";
import { harness } from "./harness.ts";

const big = 2 ** 31 - 1;
const promise = frame(5, END_HEADERS, 1, [0, 0, 0, 2, 0x88]);
const open = frame(HEADERS, 0, 1, block(ok));

type Case = [name: string, code: number, bytes: Uint8Array[]];

/** Stream 1 is open, 3 is over, 5 was reset by the peer, 7 has its fields. */
const breaches: Case[] = [
  ["a frame that is too large", FRAME_SIZE, [frame(DATA, 0, 7, new Uint8Array(16_385))]],
  ["the beginning of one", FRAME_SIZE, [frame(0x42, 0, 0, new Uint8Array(70_000)).subarray(0, 9)]],
  ["DATA on stream 0", PROTOCOL, [data(0, "a")]],
  ["DATA on an idle stream", PROTOCOL, [data(99, "a")]],
  ["DATA on a stream of the peer's", PROTOCOL, [data(2, "a")]],
  ["DATA on a stream that has ended", CLOSED, [data(3, "a")]],
  ["DATA on a stream that the peer has reset", CLOSED, [data(5, "a")]],
  ["HEADERS on stream 0", PROTOCOL, [headers(0, ok)]],
  ["HEADERS on an idle stream", PROTOCOL, [headers(11, ok)]],
  ["HEADERS on a stream of the peer's", PROTOCOL, [headers(2, ok)]],
  ["HEADERS on a stream that has ended", CLOSED, [headers(3, good, true)]],
  ["RST_STREAM on stream 0", PROTOCOL, [rst(0, 8)]],
  ["RST_STREAM on an idle stream", PROTOCOL, [rst(11, 8)]],
  ["RST_STREAM of a wrong length", FRAME_SIZE, [frame(3, 0, 1, [0, 0, 0])]],
  ["WINDOW_UPDATE on an idle stream", PROTOCOL, [windowUpdate(11, 8)]],
  ["WINDOW_UPDATE on a stream of the peer's", PROTOCOL, [windowUpdate(2, 8)]],
  ["WINDOW_UPDATE of a wrong length", FRAME_SIZE, [frame(8, 0, 1, [0, 0, 0, 0, 1])]],
  ["WINDOW_UPDATE of the connection by 0", PROTOCOL, [windowUpdate(0, 0)]],
  ["a WINDOW_UPDATE that only the reserved bit makes more than 0", PROTOCOL, [windowUpdate(0, 2 ** 31)]],
  ["a connection's window that overflows", FLOW_CONTROL, [windowUpdate(0, big - 65_535), windowUpdate(0, 1)]],
  ["streams' windows that overflow by SETTINGS", FLOW_CONTROL, [windowUpdate(1, 65_536), settings([4, big])]],
  ["PUSH_PROMISE", PROTOCOL, [promise]],
  ["CONTINUATION of nothing", PROTOCOL, [frame(CONTINUATION, 4, 1, block(ok))]],
  ["CONTINUATION behind the end of a block", PROTOCOL, [headers(1, ok), frame(CONTINUATION, 4, 1, [])]],
  ["CONTINUATION on another stream", PROTOCOL, [open, frame(CONTINUATION, 4, 7, [])]],
  ["CONTINUATION on stream 0", PROTOCOL, [open, frame(CONTINUATION, 4, 0, [])]],
  ["PING within a block", PROTOCOL, [open, ping()]],
  ["DATA within a block", PROTOCOL, [open, data(1, "a")]],
  ["an unknown frame within a block", PROTOCOL, [open, frame(0x77, 0, 1)]],
  ["HEADERS within a block", PROTOCOL, [open, headers(1, ok)]],
  ["CONTINUATIONs without end", CALM, [open, ...Array(100).fill(frame(CONTINUATION, 0, 1))]],
  ["a block without end", CALM, [open, ...Array(5).fill(frame(CONTINUATION, 0, 1, new Uint8Array(16_384)))]],
  ["SETTINGS on a stream", PROTOCOL, [frame(4, 0, 1)]],
  ["SETTINGS of a wrong length", FRAME_SIZE, [frame(4, 0, 0, [0, 1, 0, 0, 0])]],
  ["an acknowledgement with something in it", FRAME_SIZE, [frame(4, 1, 0, [0, 1, 0, 0, 0, 0])]],
  ["ENABLE_PUSH", PROTOCOL, [settings([2, 1])]],
  ["ENABLE_PUSH that is no bool", PROTOCOL, [settings([2, 2])]],
  ["INITIAL_WINDOW_SIZE beyond 2^31-1", FLOW_CONTROL, [settings([4, 2 ** 31])]],
  ["MAX_FRAME_SIZE too small", PROTOCOL, [settings([5, 16_383])]],
  ["MAX_FRAME_SIZE too large", PROTOCOL, [settings([5, 2 ** 24])]],
  ["a bad value behind good ones", PROTOCOL, [settings([4, 5], [5, 0])]],
  ["PING on a stream", PROTOCOL, [frame(6, 0, 1, new Uint8Array(8))]],
  ["PING of a wrong length", FRAME_SIZE, [frame(6, 0, 0, new Uint8Array(7))]],
  ["GOAWAY on a stream", PROTOCOL, [frame(7, 0, 1, new Uint8Array(8))]],
  ["GOAWAY of a wrong length", FRAME_SIZE, [frame(7, 0, 0, new Uint8Array(7))]],
  ["PRIORITY on stream 0", PROTOCOL, [priority(0)]],
  ["PRIORITY of a wrong length", FRAME_SIZE, [frame(PRIORITY, 0, 1, [0, 0, 0, 0])]],
  ["padded DATA without a length", FRAME_SIZE, [frame(DATA, 8, 7)]],
  ["DATA with as much padding as frame", PROTOCOL, [frame(DATA, 8, 7, [3, 0, 0])]],
  ["padded HEADERS without a length", FRAME_SIZE, [frame(HEADERS, 12, 1)]],
  ["HEADERS with more padding than frame", PROTOCOL, [frame(HEADERS, 12, 1, [9, 0x88])]],
  ["HEADERS with padding where the priority is", PROTOCOL, [frame(HEADERS, 44, 1, [3, 0, 0, 0, 0, 0, 0, 0])]],
  ["HEADERS too short for a priority", FRAME_SIZE, [frame(HEADERS, 36, 1, [0, 0, 0, 0])]],
  ["an index of nothing", COMPRESSION, [frame(HEADERS, 4, 1, [0x88, 0xff, 0x7f])]],
  ["index 0", COMPRESSION, [frame(HEADERS, 4, 1, [0x80])]],
  ["a block that is cut off", COMPRESSION, [frame(HEADERS, 4, 1, block(ok).subarray(0, -1))]],
  ["a table where we allow none", COMPRESSION, [frame(HEADERS, 4, 1, [0x3f, 0x61, 0x88])]],
  ["HPACK that is wrong, of a stream that was given up", COMPRESSION, [frame(HEADERS, 4, 9, [0x80])]],
];

test.each(breaches)("%s ends the connection with code %d", (_, code, bytes) => {
  const { feed, calls, sent, told, socket, connection } = busy();
  feed(...bytes);
  expect(told.filter((word) => !word.startsWith("table"))).toEqual([`end ${code}`]);
  expect(sent().at(-1)).toBe(`GOAWAY ${code}`);
  expect(socket.ended).toBe(1);
  expect([calls[0], calls[3]].map((call) => call?.events.at(-1))).toEqual(["failed malformed", "failed malformed"]);
  expect([connection.load(), connection.takesRequests()]).toEqual([0, false]);
});

test.each<Case>([
  ["no SETTINGS first", PROTOCOL, [ping(), settings()]],
  ["an acknowledgement first", PROTOCOL, [settingsAck]],
  ["a stream first", PROTOCOL, [answer(1)]],
  ["HTTP/1.1", FRAME_SIZE, [new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n")]],
  ["SETTINGS of a wrong length first", FRAME_SIZE, [frame(4, 0, 0, [1])]],
])("%s ends the connection with code %d", (_, code, bytes) => {
  const { feed, call, sent, told } = harness({}, false);
  const one = call();
  feed(...bytes);
  expect(told).toEqual([`end ${code}`]);
  expect(sent().at(-1)).toBe(`GOAWAY ${code}`);
  expect(one.events).toEqual(["failed malformed"]);
});
