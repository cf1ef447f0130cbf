import { describe, expect, test } from "vitest";
import { count, createProgress, summary } from "../../../src/cli/progress.ts";

function terminal(options: { isTTY?: boolean; columns?: number } = { isTTY: true }) {
  const written: string[] = [];
  let time = 1_000;
  const progress = createProgress({ ...options, write: (text: string) => written.push(text) }, () => time);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what terminals are told begins with one
  const lines = () => written.map((text) => text.replace(/^\r\x1b\[2K/, ""));
  return { progress, written, lines, pass: (ms: number) => (time += ms) };
}

describe("createProgress", () => {
  test("writes nothing where there is no terminal", () => {
    for (const isTTY of [false, undefined]) {
      const { progress, written } = terminal({ ...(isTTY !== undefined && { isTTY }) });
      progress.update(1, 1, 0.5);
      progress.clear();
      expect(written).toEqual([]);
    }
  });

  test("writes one line again and again, ten times a second at most", () => {
    const { progress, written, pass } = terminal();
    for (let i = 1; i <= 1_000; i++) {
      progress.update(i, i * 10, i / 1_000);
      pass(1);
    }
    expect(written).toHaveLength(10);
    expect(written.every((text) => text.startsWith("\r\x1b[2K") && !text.includes("\n"))).toBe(true);
  });

  test("shows how much is done, and how fast", () => {
    const { progress, lines, pass } = terminal();
    pass(2_000);
    progress.update(500, 12_345, 0.25);
    expect(lines()).toEqual(["[######------------------] 25% 500 messages, 12.3 kB, 250 a second"]);
  });

  test("has no bar where the end is not known", () => {
    const { progress, lines, pass } = terminal();
    pass(1_000);
    progress.update(1, 5, undefined);
    expect(lines()).toEqual(["1 message, 5 bytes, 1 a second"]);
  });

  test("the bar is full at the end and not wider", () => {
    const { progress, lines, pass } = terminal();
    progress.update(1, 1, 0);
    pass(100);
    progress.update(1, 1, 1);
    expect(lines()[0]).toMatch(/^\[-{24}\] 0% /);
    expect(lines()[1]).toMatch(/^\[#{24}\] 100% /);
  });

  test("is cut to the terminal's width, so that it stays one line", () => {
    for (const columns of [20, 40]) {
      const { progress, lines } = terminal({ isTTY: true, columns });
      progress.update(1_000_000, 1e9, 0.5);
      expect(lines()[0]).toHaveLength(columns - 1);
    }
  });

  test("clear removes what was written, and nothing where nothing was", () => {
    const { progress, written } = terminal();
    progress.clear();
    expect(written).toEqual([]);
    progress.update(1, 1, undefined);
    progress.clear();
    expect(written.at(-1)).toBe("\r\x1b[2K");
  });
});

describe("summary", () => {
  test.each<[number, number, number, string]>([
    [0, 0, 0, "0 messages, 0 bytes, 0 a second"],
    [1, 1, 1_000, "1 message, 1 byte, 1 a second"],
    [1, 999, 1_000, "1 message, 999 bytes, 1 a second"],
    [1_024, 57_800, 500, "1,024 messages, 57.8 kB, 2,048 a second"],
    [2, 1_000, 1_000, "2 messages, 1.0 kB, 2 a second"],
    [2, 1_000_000, 1_000, "2 messages, 1.0 MB, 2 a second"],
    [2, 2_500_000_000, 1_000, "2 messages, 2.5 GB, 2 a second"],
    [10, 10, 0, "10 messages, 10 bytes, 10 a second"],
  ])("%i messages, %i bytes in %i ms", (messages, bytes, tookMs, text) => {
    expect(summary(messages, bytes, tookMs)).toBe(text);
  });
});

test("count: one, none and many", () => {
  expect([0, 1, 2, 1_234_567].map((n) => count(n, "line"))).toEqual([
    "0 lines",
    "1 line",
    "2 lines",
    "1,234,567 lines",
  ]);
});
