import { afterEach, describe, expect, test, vi } from "vitest";
import { createQuiets } from "../../../../src/transport/keepalive.ts";
import { answer, goaway, PING, ping } from "../http2/frames.ts";
import { type FakeLine, turn } from "./fake-peer.ts";
import { start, whole } from "./test-session.ts";

afterEach(() => void vi.useRealTimers());

describe("a peer that is gone without a word", () => {
  function watched() {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] });
    return start();
  }
  const pings = (line: FakeLine) => line.frames().filter(({ type }) => type === PING).length;

  test("is asked after 20 s, and given up when it does not answer", async () => {
    const { call, accept, lines } = watched();
    const one = call();
    const line = accept();
    vi.advanceTimersByTime(19_000);
    await turn();
    expect(pings(line)).toBe(0);
    vi.advanceTimersByTime(1_000);
    await turn();
    expect(pings(line)).toBe(1);
    vi.advanceTimersByTime(9_000);
    expect(one.events).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(one.failure).toMatchObject({ kind: "lost", message: expect.stringMatching(/no sign of life/) });
    expect(line.done).toContain("destroy");
    expect(vi.getTimerCount()).toBe(0);
    call();
    expect(lines).toHaveLength(2);
  });

  test("but not one that answers, nor one that nothing is expected of", async () => {
    const { call, accept } = watched();
    const one = call();
    const line = accept();
    for (let i = 0; i < 10; i++) {
      vi.advanceTimersByTime(20_000);
      await turn();
      expect(pings(line)).toBe(1);
      line.speak(ping(new Uint8Array(8), true));
    }
    line.speak(answer(1));
    vi.advanceTimersByTime(3_600_000);
    await turn();
    expect(pings(line)).toBe(0);
    expect(one.events).toEqual(whole);
    expect(line.done).not.toContain("destroy");
  });

  test("a process that slept looks at what came before it gives up", async () => {
    const { call, accept } = watched();
    const one = call();
    const line = accept();
    vi.advanceTimersByTime(20_000);
    // Late, and only once: then what came is read.
    vi.setSystemTime(Date.now() + 60_000);
    vi.advanceTimersByTime(5_000);
    line.speak(ping(new Uint8Array(8), true), answer(1));
    vi.advanceTimersByTime(20_000);
    await turn();
    expect([one.events, line.done.includes("destroy")]).toEqual([whole, false]);
  });

  test("one that never stood is unreachable, also after others did", () => {
    const { call, accept, lines } = watched();
    call();
    accept().speak(answer(1), goaway(1));
    const one = call();
    vi.advanceTimersByTime(30_000);
    expect(one.failure).toMatchObject({ kind: "unreachable", message: expect.stringMatching(/^cannot connect to/) });
    expect(lines[1]?.done).toContain("destroy");
  });

  test("one that says that it is asked too often is left alone for twice as long, on its next connections too", async () => {
    const { call, accept } = watched();
    call();
    accept().speak(goaway(0, 0xb, "too_many_pings"));
    const one = call();
    const line = accept();
    vi.advanceTimersByTime(35_000);
    await turn();
    expect(pings(line)).toBe(0);
    vi.advanceTimersByTime(5_000);
    await turn();
    expect(pings(line)).toBe(1);
    line.speak(goaway(3, 0xb, "too_many_pings"));
    expect(one.events).toEqual([]);
    line.close();
    expect(one.failure?.message).toMatch(/lost.*too_many_pings.*ENHANCE_YOUR_CALM/);
    call();
    const last = accept();
    vi.advanceTimersByTime(75_000);
    await turn();
    expect(pings(last)).toBe(0);
  });

  test("one that calls for calm for another reason is asked as before", async () => {
    const { call, accept } = watched();
    call();
    accept().speak(goaway(0, 0xb, "too many resets"));
    const line = accept();
    vi.advanceTimersByTime(20_000);
    await turn();
    expect(pings(line)).toBe(1);
  });
});

test("what a broker said is known to the transports after the one that it was said to, and to no other broker's", () => {
  const quiets = createQuiets();
  quiets("http://a").double();
  quiets("http://a").double();
  expect([quiets("http://a").ms(), quiets("http://b").ms()]).toEqual([80_000, 20_000]);
});
