import { describe, expect, test } from "vitest";
import { checked, oneOf, parse, UsageError, wholeNumber } from "../../../src/cli/usage.ts";
import { DanubeError } from "../../../src/errors.ts";
import { rejection, thrown } from "../support/outcomes.ts";

describe("parse", () => {
  const options = { name: { type: "string", short: "n" }, quiet: { type: "boolean" } } as const;
  const read = (...args: string[]) => parse({ args, allowPositionals: true, options });

  test("gives options and the rest", () => {
    const { values, positionals } = read("-n", "x", "topic", "--quiet", "--", "--name");
    expect({ ...values }).toEqual({ name: "x", quiet: true });
    expect(positionals).toEqual(["topic", "--name"]);
  });

  test.each([[["--nmae", "x"]], [["--name"]], [["--quiet=yes"]], [["-x"]]])("%j is called wrongly", (args) => {
    const error = thrown(() => read(...args));
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain((args[0] as string).replace(/=.*/, ""));
  });
});

describe("wholeNumber", () => {
  test("reads whole numbers", () => {
    expect(wholeNumber("n", undefined, 5)).toBeUndefined();
    expect(["0", "7", "007", "9007199254740991"].map((text) => wholeNumber("n", text, 0))).toEqual([
      0, 7, 7, 9_007_199_254_740_991,
    ]);
  });

  test.each(["", " 1", "1 ", "1.5", "-1", "+1", "1e3", "0x10", "١", "ten", "9007199254740992", "Infinity"])(
    "%j is none",
    (text) => {
      const error = thrown(() => wholeNumber("max-in-flight", text, 0));
      expect(error).toBeInstanceOf(UsageError);
      expect((error as Error).message).toContain("--max-in-flight");
    },
  );

  test("has a least value", () => {
    expect(wholeNumber("n", "3", 3)).toBe(3);
    expect(() => wholeNumber("n", "2", 3)).toThrow(UsageError);
  });
});

describe("oneOf", () => {
  test("lets the choices pass, and what is left out", () => {
    expect(oneOf("order", "key", ["key", "none"])).toBe("key");
    expect(oneOf("order", undefined, ["key", "none"])).toBeUndefined();
  });

  test("names them when it is none of them", () => {
    for (const text of ["", "Key", "toString"]) {
      expect(() => oneOf("order", text, ["key", "none"])).toThrow(UsageError);
      expect(() => oneOf("order", text, ["key", "none"])).toThrow("--order must be one of key, none");
    }
  });
});

describe("checked", () => {
  test("gives what the work gives, now or later", async () => {
    expect(await checked(() => 1)).toBe(1);
    expect(await checked(async () => 2)).toBe(2);
  });

  test("what the library says about arguments is about the command line", async () => {
    const complaints = [
      () => {
        throw new TypeError('"topic" must be');
      },
      () => Promise.reject(new TypeError('"topic" must be')),
    ];
    for (const work of complaints) {
      const error = await rejection(checked(work));
      expect(error).toBeInstanceOf(UsageError);
      expect((error as Error).message).toBe('"topic" must be');
    }
  });

  test("other failures stay what they are", async () => {
    const error = new DanubeError("TIMEOUT", "no");
    expect(await rejection(checked(() => Promise.reject(error)))).toBe(error);
  });
});
