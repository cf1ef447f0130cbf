import { describe, expect, test } from "vitest";
import { CallFailure } from "../../../../src/transport/seam.ts";
import { answer, data, frame, goaway, good, HEADERS, headers, ok, rst, settings } from "../http2/frames.ts";
import type { FakeLine } from "./fake-peer.ts";
import { start, whole } from "./test-session.ts";

describe("how calls fail", () => {
  const lost = new CallFailure("lost", "the wire was cut");

  const opened = (act: (line: FakeLine) => void) => (line: FakeLine) => {
    line.open();
    act(line);
  };

  test.each<[name: string, kind: string, text: RegExp, act: (line: FakeLine) => void]>([
    ["no connection", "unreachable", /^no$/, (line) => line.close(new CallFailure("unreachable", "no"))],
    ["TLS", "untrusted", /^no$/, (line) => line.close(new CallFailure("untrusted", "no"))],
    [
      "closed without a word",
      "silent",
      /does not speak HTTP\/2.*TLS/,
      (line) => {
        line.open(false);
        line.close();
      },
    ],
    [
      "HTTP/1.1",
      "garbled",
      /does not speak HTTP\/2/,
      (line) => {
        line.open(false);
        line.speak(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
      },
    ],
    ["a connection that broke", "lost", /^the wire was cut$/, opened((line) => line.close(lost))],
    ["one that the peer closed", "lost", /lost: the peer closed/, opened((line) => line.close())],
    ["a broken rule", "lost", /stream 0.*PROTOCOL_ERROR/, opened((line) => line.speak(data(0, "x")))],
    ["RST_STREAM", "reset", /broke the call off.*INTERNAL_ERROR/, opened((line) => line.speak(rst(1, 2)))],
    ["CANCEL", "reset", /\(CANCEL\)/, opened((line) => line.speak(rst(1, 8)))],
    [
      "a bad answer",
      "lost",
      /status 20 \(PROTOCOL_ERROR\)$/,
      opened((line) => line.speak(headers(1, [":status", "20"]))),
    ],
    ["wrong HPACK", "lost", /COMPRESSION_ERROR/, opened((line) => line.speak(frame(HEADERS, 4, 1, [0x80])))],
    [
      "a bomb",
      "lost",
      /ENHANCE_YOUR_CALM/,
      opened((line) => line.speak(frame(HEADERS, 4, 1, Array(9_000).fill(0x88)))),
    ],
  ])("%s: %s", (_, kind, text, act) => {
    const { call, lines } = start();
    const one = call();
    act(lines[0] as FakeLine);
    expect(one.failure).toMatchObject({ name: "CallFailure", kind, message: expect.stringMatching(text) });
    expect(one.events).toHaveLength(1);
    expect(lines).toHaveLength(1);
  });

  test("a broker that spoke once and then closes without a word was lost, not silent", () => {
    const { call, lines, accept } = start();
    call();
    accept().speak(answer(1));
    lines[0]?.close();
    const one = call();
    lines[1]?.open(false);
    lines[1]?.close();
    expect(one.failure?.kind).toBe("lost");
  });

  test("after a reset and a bad answer the connection goes on", () => {
    const { call, accept, lines } = start();
    const calls = [call(), call(), call()];
    accept().speak(rst(1, 2), headers(3, ["x", "y"]), answer(5));
    expect(calls.map(({ events }) => events)).toEqual([["reset"], ["lost"], whole]);
    expect(lines).toHaveLength(1);
  });
});

describe("close", () => {
  test("loses what is under way, on all connections, and calls after it are aborted", () => {
    const { session, call, accept, lines } = start();
    const old = call();
    accept().speak(goaway(2 ** 31 - 1));
    const one = call();
    accept().speak(settings([3, 1]));
    const waiting = call();
    session.close();
    session.close();
    expect([old, one, waiting].map(({ events }) => events)).toEqual(Array(3).fill(["lost"]));
    expect(old.failure?.message).toMatch(/given up/);
    expect(lines.map(({ done }) => done.includes("destroy"))).toEqual([true, true]);
    expect(call().events).toEqual(["aborted"]);
    expect(lines).toHaveLength(2);
  });
});

test("trailers of nothing else, END_STREAM with DATA", () => {
  const { call, accept } = start();
  const [one, other] = [call(), call()];
  accept().speak(headers(1, [...ok, ...good], true), headers(3, ok), data(3, "abc", true));
  expect([one.events, other.events]).toEqual([["headers end"], ["headers", "data 3 end"]]);
});
