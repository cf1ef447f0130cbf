import { describe, expect, test } from "vitest";
import { createDecoder, type DecoderOptions } from "../../../../src/transport/http2/hpack/decoder.ts";
import { createEncoder } from "../../../../src/transport/http2/hpack/encoder.ts";
import type { FieldList } from "../../../../src/transport/http2/hpack/field.ts";
import { HpackError } from "../../../../src/transport/http2/hpack/hpack-error.ts";
import { hex } from "./hex.ts";

const decoderOf = (options: Partial<DecoderOptions> = {}) =>
  createDecoder({ maxTableSize: 4_096, maxListSize: 10_000, ...options });

/** What came of it: the fields, or the code of the error. */
function attempt(dump: string, options?: Partial<DecoderOptions>): FieldList | string {
  try {
    return decoderOf(options).decode(hex(dump));
  } catch (error) {
    return error instanceof HpackError ? error.code : `not an HpackError: ${error}`;
  }
}

describe("the decoder refuses", () => {
  test.for([
    ["the index 0", "80"],
    ["an index behind the static table, of nothing", "be"],
    ["a name of nothing", "7f00 0161"],
    ["a name of nothing, not indexed", "0f80 01 0161"],
    ["a field without a value", "4001 61"],
    ["a field without anything", "40"],
    ["a string that is longer than the block", "4001 6105 6161"],
    ["a length without end", "4001 617f ffff ffff ffff"],
    ["bad Huffman code in a value", "4001 6181 18"],
    ["bad Huffman code in a name", "4081 1801 61"],
    ["a size update behind a field", "8220"],
    ["a size update at the end", "4001 6101 6120"],
    ["a table larger than allowed", "3fe2 1f"],
    ["a table of a size without end", "3fff ffff ffff"],
  ] as const)("%s", ([, dump]) => {
    expect(attempt(dump)).toBe("COMPRESSION_ERROR");
  });

  test("any table but an empty one, where none was allowed", () => {
    expect(attempt("20", { maxTableSize: 0 })).toEqual([]);
    expect(attempt("2020 88", { maxTableSize: 0 })).toEqual([":status", "200"]);
    expect(attempt("21", { maxTableSize: 0 })).toBe("COMPRESSION_ERROR");
    // To index a field is no error, but nothing comes of it.
    expect(attempt("4001 6101 62", { maxTableSize: 0 })).toEqual(["a", "b"]);
    expect(attempt("4001 6101 62be", { maxTableSize: 0 })).toBe("COMPRESSION_ERROR");
  });

  test("everything, once a block has failed that may have changed its table", () => {
    const decoder = decoderOf();
    expect(() => decoder.decode(hex("be"))).toThrow(HpackError);
    expect(() => decoder.decode(hex("82"))).toThrow(HpackError);
    const withoutTable = decoderOf({ maxTableSize: 0, maxListSize: 50 });
    expect(() => withoutTable.decode(hex("8282"))).toThrow(HpackError);
    expect(withoutTable.decode(hex("82"))).toEqual([":method", "GET"]);
  });
});

describe("the decoder", () => {
  test("takes as many size updates as there are, at the beginning", () => {
    const decoder = decoderOf();
    decoder.decode(hex("4001 6101 62 4001 6301 64"));
    expect(decoder.table.size).toBe(68);
    expect(decoder.decode(hex("3f15 be"))).toEqual(["c", "d"]);
    expect([decoder.table.size, decoder.table.maxSize]).toEqual([34, 52]);
    expect(decoder.decode(hex("20 3fe1 1f 82"))).toEqual([":method", "GET"]);
    expect([decoder.table.size, decoder.table.maxSize]).toEqual([0, 4_096]);
  });

  test("refers to a name whose entry is evicted by the new one (RFC 7541 §4.4)", () => {
    const decoder = decoderOf({ maxTableSize: 40 });
    decoder.decode(hex("4001 6101 62"));
    expect(decoder.decode(hex("7e01 63"))).toEqual(["a", "c"]);
    expect(decoder.table.get(0)).toEqual({ name: "a", value: "c" });
    expect(decoder.table.length).toBe(1);
  });

  test("has an empty table after an entry that is larger than it", () => {
    const decoder = decoderOf({ maxTableSize: 40 });
    decoder.decode(hex("4001 6101 62"));
    expect(decoder.decode(hex("4001 61 0a 6363 6363 6363 6363 6363"))).toEqual(["a", "cccccccccc"]);
    expect([decoder.table.length, decoder.table.size]).toEqual([0, 0]);
  });

  test("keeps the octets of values, and the order and repetition of fields", () => {
    const value = String.fromCharCode(...Array.from({ length: 256 }, (_, octet) => octet));
    const fields = ["b", value, "a", "1", "b", "", "a", "1"];
    expect(decoderOf().decode(createEncoder().encode(fields))).toEqual(fields);
  });

  test("reads a block out of the middle of others", () => {
    expect(decoderOf().decode(hex("ffff 8286 ffff"), 2, 4)).toEqual([":method", "GET", ":scheme", "http"]);
  });
});

describe("a list that is too large", () => {
  test.for([
    ["by its fields", "82".repeat(100), 100 * 42],
    ["by the octets of a value", `4001 617f 69 ${"61".repeat(232)}`, 265],
    ["by an entry that is referred to", `4001 6120 ${"61".repeat(32)} ${"be".repeat(10)}`, 11 * 65],
  ] as const)("%s is not made", ([, dump, size]) => {
    expect(attempt(dump, { maxListSize: size })).toBeInstanceOf(Array);
    expect(attempt(dump, { maxListSize: size - 1 })).toBe("LIST_TOO_LARGE");
  });

  test("at the octet", () => {
    for (const value of ["", "a", "a".repeat(500), "<".repeat(500)]) {
      for (const name of ["x", "content-type"]) {
        const block = createEncoder().encode([":status", "200", name, value]);
        const size = 42 + name.length + value.length + 32;
        const decode = (maxListSize: number) => decoderOf({ maxListSize }).decode(block);
        expect(decode(size)).toHaveLength(4);
        expect(() => decode(size - 1)).toThrow(expect.objectContaining({ code: "LIST_TOO_LARGE" }));
      }
    }
  });

  test("costs nothing, however much a block would make of itself", () => {
    const decoder = decoderOf({ maxListSize: 16_384 });
    // A field of 4,000 octets, and half a million references to it: two gigabytes.
    const bomb = new Uint8Array(500_000).fill(0xbe);
    decoder.decode(createEncoder({ indexed: new Set(["a"]) }).encode(["a", "b".repeat(4_000)]));
    const started = performance.now();
    expect(() => decoder.decode(bomb)).toThrow(expect.objectContaining({ code: "LIST_TOO_LARGE" }));
    expect(performance.now() - started).toBeLessThan(100);
  });
});

describe("blocks that come again", () => {
  const encoder = createEncoder({ maxTableSize: 0 });
  encoder.encode([]);
  const block = (i: number) => encoder.encode([":status", "200", "n", String(i)]);

  test("are the same array, without a table", () => {
    const decoder = decoderOf({ maxTableSize: 0 });
    const first = decoder.decode(block(1));
    expect(decoder.decode(block(2))).not.toEqual(first);
    expect(decoder.decode(block(1))).toBe(first);
    expect(decoder.decode(hex(`ff${Buffer.from(block(1)).toString("hex")}`), 1)).toBe(first);
  });

  test("are remembered through others that come once", () => {
    const decoder = decoderOf({ maxTableSize: 0 });
    const first = decoder.decode(block(0));
    for (let i = 1; i < 100; i++) {
      decoder.decode(block(i));
      expect(decoder.decode(block(0))).toBe(first);
    }
  });

  test("are remembered as they were, whatever becomes of the octets they were read from", () => {
    const decoder = decoderOf({ maxTableSize: 0 });
    const bytes = block(1);
    const first = decoder.decode(bytes);
    bytes.set(block(2));
    expect(decoder.decode(bytes)).toEqual([":status", "200", "n", "2"]);
    expect(decoder.decode(block(1))).toBe(first);
  });

  test("are the same array with a table too, where they have nothing to do with it", () => {
    const decoder = decoderOf();
    const first = decoder.decode(block(1));
    decoder.decode(hex("4001 6101 62"));
    expect(decoder.decode(block(1))).toBe(first);
    // Indexed each time anew.
    decoder.decode(hex("4001 6301 64"));
    decoder.decode(hex("4001 6301 64"));
    expect(decoder.table.length).toBe(3);
  });

  test("are read again where there is a table, and say something else", () => {
    const decoder = decoderOf();
    decoder.decode(hex("4001 6101 62"));
    expect(decoder.decode(hex("be"))).toEqual(["a", "b"]);
    decoder.decode(hex("4001 6301 64"));
    expect(decoder.decode(hex("be"))).toEqual(["c", "d"]);
  });

  test("are forgotten for the time that there is a table again", () => {
    const decoder = decoderOf();
    // Without a table, a field is indexed in vain.
    expect(decoder.decode(hex("20 4001 6101 62"))).toEqual(["a", "b"]);
    expect(decoder.decode(hex("4001 6101 62"))).toEqual(["a", "b"]);
    expect(decoder.decode(hex("3fe1 1f"))).toEqual([]);
    expect(decoder.decode(hex("4001 6101 62"))).toEqual(["a", "b"]);
    expect(decoder.decode(hex("be"))).toEqual(["a", "b"]);
  });
});
