import { describe, expect, test } from "vitest";
import { defaultRoute, hashModulo } from "../../../src/producer/routing.ts";
import vectors from "./fnv1a-vectors.json" with { type: "json" };

// The table was made by a Python program from FNV's definition, and agrees with the reference values of its authors.
const table = vectors as [key: string, hash: string, modulo3: number, modulo14: number][];

describe("routing by key", () => {
  test("1,000 keys go where the Rust, Go and Python clients send them", () => {
    expect(table).toHaveLength(1_000);
    for (const [key, hash, modulo3, modulo14] of table) {
      expect(hashModulo(key, 3)).toBe(modulo3);
      expect(hashModulo(key, 14)).toBe(modulo14);
      expect(hashModulo(key, 1_000_003)).toBe(Number(BigInt(hash) % 1_000_003n));
    }
  });

  test("the authors' own values", () => {
    const big = 2 ** 31 - 1;
    for (const [key, hash] of [
      ["", 0xcbf29ce484222325n],
      ["a", 0xaf63dc4c8601ec8cn],
      ["foobar", 0x85944171f73967e8n],
    ] as const) {
      expect(hashModulo(key, big)).toBe(Number(hash % BigInt(big)));
    }
  });

  test("without a key each partition has its turn; keys do not disturb it", () => {
    const route = defaultRoute();
    const keyless = { key: undefined, attributes: {} };
    expect([
      route(keyless, 3),
      route({ key: "x", attributes: {} }, 3),
      route(keyless, 3),
      route(keyless, 3),
      route(keyless, 3),
    ]).toEqual([0, hashModulo("x", 3), 1, 2, 0]);
  });
});
