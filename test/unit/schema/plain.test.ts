import { describe, expect, test } from "vitest";
import { anything, bytes, double, int64, text } from "../../../src/schema/plain.ts";
import type { Schema } from "../../../src/schema/schema.ts";
import { thrown } from "../support/outcomes.ts";

const typeError = (work: () => unknown) => {
  const error = thrown(work);
  expect(error).toBeInstanceOf(TypeError);
  return (error as Error).message;
};

describe("what is registered", () => {
  test.each<[Schema<never, unknown>, string]>([
    [bytes("s"), "bytes"],
    [text("s"), "string"],
    [int64("s"), "number"],
    [double("s"), "number"],
  ])("%#: %s", (schema, type) => {
    expect(schema).toMatchObject({ subject: "s", type });
    expect(schema.definition).toBeUndefined();
  });

  test("bytes() alone and no schema at all are not", () => {
    expect(bytes().subject).toBeUndefined();
    expect(anything.subject).toBeUndefined();
  });

  test("options are kept, and wrong ones named", () => {
    expect(text("s", { version: { min: 2 }, register: "evolve" })).toMatchObject({
      version: { min: 2 },
      register: "evolve",
    });
    expect(text("s", { version: 3, register: false })).toMatchObject({ version: 3, register: false });
    const wrong: [string, unknown][] = [
      ["version", { version: 0 }],
      ["version", { version: "newest" }],
      ["version", { version: 2 ** 32 }],
      ["version.min", { version: { min: 0 } }],
      ["min", { version: { max: 1 } }],
      ["register", { register: true }],
      ["register", { register: "always" }],
      ["versions", { versions: 1 }],
    ];
    for (const [name, options] of wrong) {
      for (const make of [text, int64, double, bytes]) {
        expect(typeError(() => make("s", options as never))).toContain(`"${name}"`);
      }
    }
  });

  test("subjects that brokers lose are refused", () => {
    for (const subject of ["", "/default/orders", "a/b", "a b", "\ud800", 5, null]) {
      expect(typeError(() => text(subject as string))).toContain('"subject"');
    }
    for (const subject of ["orders", "orders-value", "com.example.Order", "日本", "_"]) {
      expect(text(subject).subject).toBe(subject);
    }
  });
});

describe("bytes", () => {
  test("are taken as they are, also as a view or a Buffer, and given as a copy", () => {
    for (const schema of [bytes("s"), anything]) {
      for (const given of [new Uint8Array([1, 2, 3, 4]).subarray(1, 3), Buffer.from([1, 2, 3, 4]).subarray(1, 3)]) {
        const encoded = schema.encode(given);
        expect([...encoded]).toEqual([2, 3]);
        const decoded = schema.decode?.(encoded);
        given.fill(9);
        expect([...(decoded ?? [])]).toEqual([2, 3]);
      }
    }
  });

  test("are nothing else", () => {
    const others = [
      null,
      undefined,
      1,
      {},
      [1],
      new ArrayBuffer(1),
      new Uint16Array(1),
      new DataView(new ArrayBuffer(1)),
    ];
    for (const wrong of others) {
      expect(typeError(() => bytes("s").encode(wrong as never))).toContain('"payload"');
      expect(typeError(() => anything.encode(wrong as never))).toContain('"payload"');
    }
    expect(typeError(() => bytes("s").encode("text" as never))).toContain('"payload"');
  });
});

describe("text", () => {
  test("is UTF-8, there and back", () => {
    for (const schema of [text("s"), anything]) {
      expect([...schema.encode("é😀")]).toEqual([0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80]);
      expect(schema.encode("")).toHaveLength(0);
      expect(typeError(() => schema.encode("half: \ud83d"))).toContain('"payload"');
    }
    for (const value of ["", "\ufeffmark", "漢字\0"]) {
      expect(text("s").decode?.(text("s").encode(value))).toBe(value);
    }
    expect(() => text("s").decode?.(new Uint8Array([0xff]))).toThrow(TypeError);
    expect(typeError(() => text("s").encode(5 as never))).toContain('"payload"');
  });
});

describe("int64", () => {
  test.each<[bigint | number, number[]]>([
    [0n, [0, 0, 0, 0, 0, 0, 0, 0]],
    [1, [0, 0, 0, 0, 0, 0, 0, 1]],
    [-1n, [255, 255, 255, 255, 255, 255, 255, 255]],
    [2n ** 63n - 1n, [127, 255, 255, 255, 255, 255, 255, 255]],
    [-(2n ** 63n), [128, 0, 0, 0, 0, 0, 0, 0]],
    [Number.MAX_SAFE_INTEGER, [0, 31, 255, 255, 255, 255, 255, 255]],
  ])("%s is 8 bytes, the highest first", (value, expected) => {
    const encoded = int64("s").encode(value);
    expect([...encoded]).toEqual(expected);
    expect(int64("s").decode?.(encoded)).toBe(BigInt(value));
  });

  test("what does not fit is refused", () => {
    for (const wrong of [2n ** 63n, -(2n ** 63n) - 1n, 0.5, Number.NaN, 2 ** 53, "1", null, undefined, {}]) {
      expect(typeError(() => int64("s").encode(wrong as never))).toContain('"payload"');
    }
    expect(() => int64("s").decode?.(new Uint8Array(4))).toThrow(/8 bytes/);
  });
});

describe("double", () => {
  test("is 8 bytes of IEEE 754, the highest first", () => {
    expect([...double("s").encode(1)]).toEqual([0x3f, 0xf0, 0, 0, 0, 0, 0, 0]);
    for (const value of [0, -0, 0.1, Number.MAX_VALUE, Number.NEGATIVE_INFINITY, Number.NaN]) {
      // Within a larger buffer, as messages come.
      const padded = new Uint8Array(20);
      padded.set(double("s").encode(value), 5);
      expect(double("s").decode?.(padded.subarray(5, 13))).toBe(value);
    }
    for (const wrong of ["1", 1n, null, undefined]) {
      expect(typeError(() => double("s").encode(wrong as never))).toContain('"payload"');
    }
  });
});
