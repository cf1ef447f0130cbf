import { expect, test } from "vitest";
import { shown } from "../../../src/lib/shown.ts";

test.each([
  ["plain words", "Topic '/default/é' is draining 😀", "Topic '/default/é' is draining 😀"],
  ["line breaks", "a\r\nb\nc", "a b c"],
  ["a terminal's escapes", "\u001b[31mred\u009b0m\u0007", " [31mred 0m "],
  ["other line breaks, and turns of direction", "a\u2028b\u202ec\u2066d\u200e", "a b c d "],
])("%s", (_, words, expected) => expect(shown(words)).toBe(expected));

test("what is long is cut, and says so", () => {
  expect(shown("x".repeat(4_096))).toHaveLength(4_096);
  expect(shown("x".repeat(5_000))).toMatch(/^x{4096}… \(904 characters more\)$/);
  expect(shown("abcdef", 3)).toBe("abc… (3 characters more)");
});
