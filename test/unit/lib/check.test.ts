import { describe, expect, test } from "vitest";
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNonEmptyString,
  checkOneOf,
  checkOptions,
  checkSignal,
  checkString,
} from "../../../src/lib/check.ts";
import { thrown } from "../support/outcomes.ts";

type Check = (value: unknown) => void;

// Of each check: what it lets through and what it does not.
const checks: [name: string, check: Check, right: unknown[], wrong: unknown[]][] = [
  [
    "checkString",
    (value) => checkString("option", value),
    ["", "text", "é漢😀", "\0"],
    [undefined, null, 1, 1n, {}, [], true, Symbol("s"), () => {}, new String("x"), "\ud83d", "a\udc00b", "😀\ud83d"],
  ],
  ["checkNonEmptyString", (value) => checkNonEmptyString("option", value), ["x", " "], ["", undefined, null, "\udfff"]],
  [
    "checkInteger",
    (value) => checkInteger("option", value, 1, 10),
    [1, 5, 10],
    [0, 11, -1, 1.5, "5", 5n, undefined, null, Number.NaN, Number.POSITIVE_INFINITY, {}],
  ],
  [
    "checkInteger without an upper limit",
    (value) => checkInteger("option", value, 0),
    [0, Number.MAX_SAFE_INTEGER],
    [-1, Number.MAX_SAFE_INTEGER + 1, 1e300, Number.POSITIVE_INFINITY],
  ],
  ["checkBoolean", (value) => checkBoolean("option", value), [true, false], [0, 1, "true", undefined, null, {}]],
  ["checkFunction", (value) => checkFunction("option", value), [() => {}, async () => {}], [undefined, null, {}, "f"]],
  [
    "checkOneOf",
    (value) => checkOneOf("option", value, ["a", "b"]),
    ["a", "b"],
    ["c", "", "A", undefined, null, 0, ["a"], "toString"],
  ],
  [
    "checkSignal",
    (value) => checkSignal("option", value),
    [new AbortController().signal, AbortSignal.abort()],
    [undefined, null, {}, new AbortController(), { aborted: false }],
  ],
];

describe.each(checks)("%s", (_, check, right, wrong) => {
  test("lets what is right pass", () => {
    for (const value of right) {
      expect(() => check(value)).not.toThrow();
    }
  });

  test("throws a TypeError that names the option for everything else", () => {
    for (const value of wrong) {
      const error = thrown(() => check(value));
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toContain('"option"');
    }
  });
});

describe("messages", () => {
  test("say what was given", () => {
    expect(() => checkString("name", null)).toThrow("not null");
    expect(() => checkString("name", [1])).toThrow("not an array");
    expect(() => checkInteger("count", "7", 1)).toThrow('not "7"');
    expect(() => checkInteger("count", 0.5, 1)).toThrow("at least 1, not 0.5");
    expect(() => checkInteger("count", 11, 1, 10)).toThrow("at least 1 and at most 10, not 11");
    expect(() => checkOneOf("mode", "c", ["a", "b"])).toThrow('"mode" must be one of "a", "b", not "c"');
  });

  test("do not repeat a megabyte", () => {
    expect((thrown(() => checkBoolean("flag", "x".repeat(1_000_000))) as Error).message.length).toBeLessThan(300);
  });
});

describe("checkOptions", () => {
  test("takes an object of known names", () => {
    expect(() => checkOptions("the options", {}, ["a"])).not.toThrow();
    expect(() => checkOptions("the options", { a: undefined }, ["a", "b"])).not.toThrow();
  });

  test("a misspelt name is named, and the right ones with it", () => {
    expect(() => checkOptions("the options", { a: 1, tpoic: 1 }, ["a", "topic"])).toThrow(TypeError);
    expect(() => checkOptions("the options", { a: 1, tpoic: 1 }, ["a", "topic"])).toThrow(
      'the options has no "tpoic"; there are "a", "topic"',
    );
  });

  test("names that every object inherits are no options", () => {
    expect(() => checkOptions("the options", { toString: 1 }, ["a"])).toThrow('"toString"');
  });

  test("only an object will do", () => {
    for (const wrong of [null, undefined, [], "text", 1, () => {}]) {
      expect(() => checkOptions("the options", wrong, ["a"])).toThrow(TypeError);
    }
  });
});
