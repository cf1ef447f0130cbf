import { describe, expect, test } from "vitest";
import { jsonIn, numberIn, ofLines, textIn, wholeNumberIn, withoutMark } from "../../../src/cli/line-values.ts";
import { DanubeError } from "../../../src/errors.ts";
import { rejected } from "../../../src/schema/encode.ts";
import { int64 } from "../../../src/schema/plain.ts";
import { thrown } from "../support/outcomes.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const broken = Uint8Array.of(0x61, 0xff);

describe("textIn", () => {
  test.each(["", "a", " é ", "\ufeffa", "\0", "😀"])("%j", (text) => {
    expect(textIn(bytes(text))).toBe(text);
  });
});

describe("wholeNumberIn", () => {
  test.each<[string, bigint]>([
    ["0", 0n],
    ["-7", -7n],
    ["+7", 7n],
    [" 7\t", 7n],
    ["007", 7n],
    ["\ufeff7", 7n],
    ["9223372036854775807", 2n ** 63n - 1n],
    ["99999999999999999999", 99_999_999_999_999_999_999n],
  ])("%j", (text, value) => {
    expect(wholeNumberIn(bytes(text))).toBe(value);
  });

  test.each(["", " ", "x", "1.0", "1e3", "0x10", "1 2", "--1", "7n", "1_000", "١"])("%j is none", (text) => {
    expect(() => wholeNumberIn(bytes(text))).toThrow(`${JSON.stringify(text.trim())} is no whole number`);
  });
});

describe("numberIn", () => {
  test.each<[string, number]>([
    ["0", 0],
    ["-0", -0],
    ["1", 1],
    ["+1.5", 1.5],
    ["-.5", -0.5],
    ["5.", 5],
    ["1e3", 1_000],
    ["2.5E-3", 0.0025],
    [" 1 ", 1],
    ["1e-999", 0],
    ["nan", Number.NaN],
    ["NaN", Number.NaN],
    ["inf", Number.POSITIVE_INFINITY],
    ["+Inf", Number.POSITIVE_INFINITY],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["-infinity", Number.NEGATIVE_INFINITY],
  ])("%j", (text, value) => {
    expect(numberIn(bytes(text))).toBe(value);
  });

  test.each(["", " ", ".", "x", "0x10", "1,5", "1 2", "e5", "1e", "infinit", "info", "nano", "--1", "1n", "toString"])(
    "%j is none",
    (text) => {
      expect(() => numberIn(bytes(text))).toThrow(`${JSON.stringify(text.trim())} is no number`);
    },
  );

  test("what is too large is not taken for infinite", () => {
    expect(() => numberIn(bytes("-1e999"))).toThrow('"-1e999" is too large');
  });

  test("a long line is not told in full", () => {
    const { message } = thrown(() => numberIn(bytes("x".repeat(10_000)))) as Error;
    expect(message.length).toBeLessThan(200);
  });
});

describe("jsonIn", () => {
  test.each(['{"a":[1,null]}', "5", '"x"', " true ", "null"])("%s", (text) => {
    expect(jsonIn(bytes(text))).toEqual(JSON.parse(text));
  });

  test("a byte order mark is none of it, and not of the line that is sent", () => {
    expect(jsonIn(bytes("\ufeff[1]"))).toEqual([1]);
    expect(withoutMark(bytes("\ufeff[1]"))).toEqual(bytes("[1]"));
    expect(withoutMark(bytes("[1]"))).toEqual(bytes("[1]"));
    expect(withoutMark(bytes(""))).toEqual(bytes(""));
  });

  test.each(["", "nope", "{", "{'a':1}", "1 2", "NaN"])("%j is none", (text) => {
    expect(() => jsonIn(bytes(text))).toThrow(/^it is no JSON: ./);
  });
});

test.each([
  ["text", textIn],
  ["whole number", wholeNumberIn],
  ["number", numberIn],
  ["JSON", jsonIn],
])("bytes that are no UTF-8 are no %s", (_, read: (line: Uint8Array) => unknown) => {
  expect(() => read(broken)).toThrow("it is no UTF-8");
});

describe("ofLines", () => {
  test("encodes what the line says, and is otherwise the same schema", () => {
    const schema = ofLines(int64("n", { version: 3, register: "evolve" }), wholeNumberIn);
    expect(schema.encode(bytes("258"))).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 2));
    expect(schema).toMatchObject({ subject: "n", type: "number", version: 3, register: "evolve" });
    expect(schema.decode).toBeUndefined();
  });

  test("a wrong argument is a wrong line: no TypeError, which a producer would take for the program's mistake", () => {
    const error = thrown(() => ofLines(int64("n"), wholeNumberIn).encode(bytes(String(2n ** 63n))));
    expect(error).not.toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain("64 bits");
  });

  test("what the schema itself rejects stays what it is", () => {
    const refusal = rejected("s", "no");
    const schema = ofLines(
      {
        subject: "s",
        encode() {
          throw refusal;
        },
      },
      textIn,
    );
    expect(thrown(() => schema.encode(bytes("x")))).toBe(refusal);
    expect(refusal).toBeInstanceOf(DanubeError);
  });
});
