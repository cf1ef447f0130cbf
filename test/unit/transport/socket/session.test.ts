import { afterEach, describe, expect, test, vi } from "vitest";
import { createEncoder } from "../../../../src/transport/http2/hpack/encoder.ts";
import { CallFailure } from "../../../../src/transport/seam.ts";
import { answer, data, frame, goaway, good, HEADERS, headers, ok, rst, settings } from "../http2/frames.ts";
import { turn } from "./fake-peer.ts";
import { requests, start, whole } from "./test-session.ts";

afterEach(() => void vi.useRealTimers());

describe("connections", () => {
  test("the first call opens one, others share it", async () => {
    const { call, lines, accept } = start();
    expect(lines).toHaveLength(0);
    const one = call();
    const line = accept();
    const other = call();
    expect(await requests(line)).toEqual([1, 3]);
    line.speak(answer(3), answer(1));
    expect([one.events, other.events]).toEqual([whole, whole]);
    expect(lines).toHaveLength(1);
  });

  test("a server that uses a table of fields, though it was asked not to, is understood", async () => {
    const { call, accept } = start();
    const calls = [call(), call(), call()];
    const peer = accept();
    await requests(peer);
    // Bun's do so.
    const encoder = createEncoder();
    for (const id of [1, 3, 5]) {
      peer.speak(
        frame(HEADERS, 4, id, encoder.encode([...ok, "content-type", "application/grpc+proto"])),
        data(id, "answer"),
        frame(HEADERS, 5, id, encoder.encode([...good, "user-agent", "one"])),
      );
    }
    expect(encoder.table.length).toBeGreaterThan(0);
    expect(calls.map(({ events }) => events)).toEqual([whole, whole, whole]);
  });

  test("calls before it stands wait for it", async () => {
    const { call, lines, accept } = start();
    const calls = [call(), call()];
    expect(lines).toHaveLength(1);
    accept().speak(answer(1), answer(3));
    expect(calls.map(({ events }) => events)).toEqual([whole, whole]);
  });

  test("GOAWAY: those that it names go on there, those that it does not and new ones go to another, no call is lost", async () => {
    const { call, lines, accept } = start();
    const calls = [call(), call(), call()];
    const old = accept();
    await requests(old);
    old.speak(goaway(2 ** 31 - 1));
    calls.push(call());
    expect(lines).toHaveLength(2);
    const line = accept();
    expect(await requests(line)).toEqual([1]);
    old.speak(goaway(3), answer(3));
    expect(await requests(line)).toEqual([3]);
    expect(old.done).not.toContain("end");
    old.speak(answer(1));
    expect(old.done).toContain("end");
    old.close();
    line.speak(answer(1), answer(3));
    expect(calls.map(({ events }) => events)).toEqual(Array(4).fill(whole));
  });

  test("one that is lost while idle is replaced by the next call", async () => {
    const { call, lines, accept } = start();
    call();
    accept().speak(answer(1));
    lines[0]?.close();
    const one = call();
    accept().speak(answer(1));
    expect([lines.length, one.events]).toEqual([2, whole]);
  });

  test("keeps the process alive while there are calls, and no longer", () => {
    const { call, accept } = start();
    const one = call();
    const line = accept();
    line.speak(answer(1));
    expect(line.done).toEqual(["free"]);
    const other = call();
    other.running.cancel();
    one.running.cancel();
    call();
    line.speak(rst(5, 2));
    expect(line.done).toEqual(["free", "hold", "free", "hold", "free"]);
  });

  test("one that the peer has not taken note of the end of is ended with the session", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { session, call, accept } = start();
    call();
    const line = accept();
    line.speak(goaway(1), answer(1));
    expect(line.done).toEqual(["end", "free"]);
    session.close();
    expect(line.done).toEqual(["end", "free", "destroy"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a peer that does not take note of the end has the connection ended for it, a little later", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { call, accept } = start();
    call();
    const line = accept();
    line.speak(data(0, "x"));
    expect(line.done).toEqual(["end", "free"]);
    line.speak(answer(1));
    vi.advanceTimersByTime(1_000);
    expect(line.done.slice(2)).toEqual(["destroy"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("one that closes by itself leaves no timer", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    const { call, accept } = start();
    call();
    const line = accept();
    expect(vi.getTimerCount()).toBe(1);
    line.speak(goaway(0));
    const again = accept();
    line.close();
    again.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("calls that the broker did not begin with", () => {
  test("REFUSED_STREAM: made again, four times at most", async () => {
    const { call, lines, accept } = start();
    const one = call();
    const line = accept();
    for (const id of [1, 3, 5]) {
      line.speak(rst(id, 7));
      expect(one.events).toEqual([]);
    }
    expect(await requests(line)).toEqual([1, 3, 5, 7]);
    line.speak(rst(7, 7));
    expect(one.failure).toMatchObject({ kind: "refused", message: expect.stringMatching(/REFUSED_STREAM/) });
    expect(lines).toHaveLength(1);
  });

  test("not those that were answered in part, that come piece by piece, or that were given up", () => {
    const { call, lines, accept } = start();
    const [answered, pieces, given] = [call(), call("pieces"), call()];
    const line = accept();
    given.running.cancel();
    line.speak(headers(1, ok), goaway(0));
    expect(answered.events).toEqual(["headers", "lost"]);
    expect(pieces.events).toEqual(["refused"]);
    expect(given.events).toEqual([]);
    expect(lines).toHaveLength(1);
  });

  test("those that wait for their turn, when the connection is lost; those that were sent are lost", async () => {
    const { call, lines, accept } = start();
    const first = call();
    const line = accept();
    line.speak(settings([3, 1]));
    const waiting = [call(), call()];
    line.close(new CallFailure("lost", "ECONNRESET"));
    expect(first.failure).toMatchObject({ kind: "lost", message: "ECONNRESET" });
    expect(lines).toHaveLength(2);
    const next = accept();
    expect(await requests(next)).toEqual([1, 3]);
    next.speak(answer(1), answer(3));
    expect(waiting.map(({ events }) => events)).toEqual([whole, whole]);
  });

  test("each once, when GOAWAY finds all of them waiting", async () => {
    const { call, accept } = start();
    call();
    const line = accept();
    line.speak(settings([3, 0]), answer(1));
    call();
    call();
    call();
    line.speak(goaway(2 ** 31 - 1));
    expect(await requests(accept())).toEqual([1, 3, 5]);
  });

  test("the same bytes go out again", async () => {
    const { call, accept } = start();
    const body = Uint8Array.from({ length: 50_000 }, (_, i) => i);
    call(body);
    const line = accept();
    line.speak(goaway(0));
    await turn();
    const again = accept();
    await turn();
    const pieces = again.frames().filter(({ type }) => type === 0);
    expect(pieces.flatMap(({ payload }) => [...payload])).toEqual([...body]);
  });
});
