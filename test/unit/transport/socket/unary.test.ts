import { afterEach, describe, expect, test, vi } from "vitest";
import {
  CONTINUATION,
  data,
  frame,
  goaway,
  good,
  HEADERS,
  headers,
  join,
  ok,
  rst,
  settings,
  u32,
} from "../http2/frames.ts";
import { turn } from "./fake-peer.ts";
import { listened, message, outcome, request, response, short, start } from "./test-unary.ts";

afterEach(() => void vi.useRealTimers());

test("the request: its fields, its bytes, its end", async () => {
  const { transport, accept } = start();
  void short(transport, { header: new Headers({ authorization: "Bearer x" }), timeoutMs: 5_000 }).catch(() => {});
  await turn();
  const line = accept();
  await turn();
  const sent = line.frames().filter(({ id }) => id === 1);
  expect(sent.map(({ type, flags }) => [type, flags])).toEqual([
    [HEADERS, 4],
    [0, 1],
  ]);
  expect(sent[1]?.payload).toEqual(request);
  transport.close();
});

describe("an answer", () => {
  const body = join(
    [0, 0, 1, 134, 160],
    Uint8Array.from({ length: 100_000 }, (_, i) => i),
  );

  test.each([1, 3, 1_000, 16_384])("in pieces of %d", async (size) => {
    const { transport, accept } = start();
    const call = short(transport);
    const line = accept();
    const bytes = size < 100 ? join([0, 0, 0, 0, 200], body.subarray(5, 205)) : body;
    line.speak(headers(1, ok));
    for (let at = 0; at < bytes.length; at += size) {
      line.speak(data(1, bytes.subarray(at, at + size)), data(1, ""));
    }
    line.speak(headers(1, good, true));
    expect(await call).toEqual(bytes.subarray(5));
  });

  test("of many megabytes takes time in proportion, and one without end is given up", async () => {
    const { transport, accept } = start();
    const big = short(transport);
    const line = accept();
    const piece = data(1, new Uint8Array(16_384));
    const length = 16_384 * 2_000;
    line.speak(headers(1, ok), data(1, [0, ...u32(length)]));
    for (let i = 0; i < 2_000; i++) {
      line.speak(piece);
    }
    line.speak(headers(1, good, true));
    expect((await big).length).toBe(length);

    const endless = outcome(short(transport));
    line.speak(headers(3, ok), data(3, [0, 255, 255, 255, 255]));
    line.sent();
    for (let i = 0; i < 4_200; i++) {
      line.speak(data(3, new Uint8Array(16_384)));
    }
    expect(await endless).toMatchObject({ name: "CallFailure", kind: "lost" });
    await turn();
    expect(line.sent()).toContain("RST 3 8");
  });
});

describe("the end of its time", () => {
  test("is told, and the stream reset", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    const { transport, accept } = start();
    const call = outcome(short(transport, { timeoutMs: 500 }));
    const line = accept();
    await turn();
    line.frames();
    vi.advanceTimersByTime(540);
    expect(await call).toMatchObject({ kind: "deadline" });
    await turn();
    expect(line.sent()).toEqual(["RST 1 8"]);
    line.speak(headers(1, ok), data(1, message), headers(1, good, true));
    const next = short(transport, { timeoutMs: 500 });
    line.speak(headers(3, ok), data(3, message), headers(3, good, true));
    expect(await next).toEqual(response);
    transport.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("also of a call that waits for its turn, or for a connection", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    const { transport, lines, accept } = start();
    const first = outcome(short(transport, { timeoutMs: 100 }));
    vi.advanceTimersByTime(150);
    expect(await first).toMatchObject({ kind: "deadline" });
    const line = accept();
    line.speak(settings([3, 0]));
    const second = outcome(short(transport, { timeoutMs: 100 }));
    vi.advanceTimersByTime(150);
    expect(await second).toMatchObject({ kind: "deadline" });
    await turn();
    // The first was begun before the peer had said anything.
    expect(line.sent().filter((text) => !/^(SETTINGS|WINDOW)/.test(text))).toEqual([
      expect.stringMatching(/^HEADERS 1 /),
      "DATA 1 7 end",
      "RST 1 8",
    ]);
    expect(lines).toHaveLength(1);
  });

  test("also across connections: the time is that of the call", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    const { transport, accept } = start();
    const call = outcome(short(transport, { timeoutMs: 100 }));
    const old = accept();
    vi.advanceTimersByTime(60);
    old.speak(goaway(0));
    const line = accept();
    vi.advanceTimersByTime(60);
    expect(await call).toMatchObject({ kind: "deadline" });
    await turn();
    expect(line.sent().at(-1)).toBe("RST 1 8");
  });
});

describe("a call that is given up", () => {
  test("before there is a connection: it is not sent, and told nothing", async () => {
    const { transport, accept } = start();
    const call = listened(transport);
    call.cancel();
    const line = accept();
    line.speak(headers(1, ok), data(1, message), headers(1, good, true));
    await turn();
    expect(call.told).toEqual([]);
  });

  test("during it: the stream is reset, and what comes then means nothing", async () => {
    const { transport, accept } = start();
    const call = listened(transport);
    const line = accept();
    line.speak(headers(1, ok), data(1, message.subarray(0, 3)));
    await turn();
    line.frames();
    call.cancel();
    line.speak(data(1, message.subarray(3)), headers(1, good, true));
    await turn();
    expect(line.sent()).toEqual(["RST 1 8"]);
    expect(call.told).toEqual([]);
  });

  test("after it: nothing happens, and no timer is left", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    const { transport, accept } = start();
    const calls = [listened(transport), listened(transport)];
    const line = accept();
    line.speak(headers(1, ok), data(1, message), headers(1, good, true), rst(3, 2));
    await turn();
    line.frames();
    for (const call of calls) {
      call.cancel();
    }
    await turn();
    expect(calls.map(({ told }) => told)).toEqual([["answered"], [expect.objectContaining({ kind: "reset" })]]);
    expect(line.sent()).toEqual([]);
    transport.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

test("what requests begin with is remembered for a header and a time, and no longer", async () => {
  const { transport, accept } = start();
  const secret = new Headers({ "x-token": "one" });
  const other = new Headers({ "x-token": "another" });
  const calls = [
    ...[secret, secret, other].map((header) => short(transport, { header, timeoutMs: 1_000 })),
    short(transport, { header: other, timeoutMs: 2_000 }),
  ];
  const line = accept();
  await turn();
  const blocks = line.frames().filter(({ type }) => type === HEADERS || type === CONTINUATION);
  const text = blocks.map(({ payload }) => String(payload));
  // The second goes by the table of the first, and the third differs.
  expect(new Set(text.slice(1)).size).toBe(3);
  line.speak(...[1, 3, 5, 7].flatMap((id) => [headers(id, ok), data(id, message), headers(id, good, true)]));
  expect(await Promise.all(calls)).toEqual(Array(4).fill(response));
});

test("an answer that is refused is had on the next connection", async () => {
  const { transport, lines, accept } = start();
  const call = short(transport);
  accept().speak(rst(1, 7), goaway(1));
  accept().speak(headers(1, ok), data(1, message), headers(1, good, true));
  expect(await call).toEqual(response);
  expect(lines).toHaveLength(2);
});

test("a header that cannot be sent fails the call, and no other", async () => {
  const { transport, accept } = start();
  const bad = { forEach: (each: (value: string, name: string) => void) => each("\u{100}", "x"), has: () => false };
  await expect(short(transport, { header: bad as unknown as Headers })).rejects.toThrow();
  const call = short(transport);
  accept().speak(frame(6, 0, 0, new Uint8Array(8)), headers(1, ok), data(1, message), headers(1, good, true));
  expect(await call).toEqual(response);
});
