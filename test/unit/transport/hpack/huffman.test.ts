import { describe, expect, test } from "vitest";
import { HpackError } from "../../../../src/transport/http2/hpack/hpack-error.ts";
import { huffmanDecode, huffmanEncode, huffmanLength } from "../../../../src/transport/http2/hpack/huffman.ts";
import { endOfString, huffmanCode } from "../../../../src/transport/http2/hpack/huffman-code.ts";
import { seeded } from "../../support/random.ts";
import { hex, toHex } from "./hex.ts";

function encoded(text: string): Uint8Array {
  const bytes = new Uint8Array(4 * text.length + 1);
  return bytes.subarray(0, huffmanEncode(bytes, 0, text));
}

const decoded = (bytes: Uint8Array, maxLength = 100_000) => huffmanDecode(bytes, 0, bytes.length, maxLength);

describe("the code of RFC 7541 Appendix B", () => {
  const { codes, lengths } = huffmanCode();

  test("is the one printed there, at the places where the lengths change", () => {
    const printed: [symbol: string, code: number, length: number][] = [
      ["0", 0x0, 5],
      ["t", 0x9, 5],
      [" ", 0x14, 6],
      ["u", 0x2d, 6],
      [":", 0x5c, 7],
      ["z", 0x7b, 7],
      ["&", 0xf8, 8],
      ["!", 0x3f8, 10],
      ["'", 0x7fa, 11],
      ["#", 0xffa, 12],
      ["\0", 0x1ff8, 13],
      ["^", 0x3ffc, 14],
      ["<", 0x7ffc, 15],
      ["\\", 0x7fff0, 19],
      ["\x80", 0xfffe6, 20],
      ["\x99", 0x1fffdc, 21],
      ["\x81", 0x3fffd2, 22],
      ["\x01", 0x7fffd8, 23],
      ["\x09", 0xffffea, 24],
      ["\xc7", 0x1ffffec, 25],
      ["\xc0", 0x3ffffe0, 26],
      ["\xcb", 0x7ffffde, 27],
      ["\x02", 0xfffffe2, 28],
      ["\x0a", 0x3ffffffc, 30],
    ];
    for (const [symbol, code, length] of printed) {
      expect([symbol, codes[symbol.charCodeAt(0)], lengths[symbol.charCodeAt(0)]]).toEqual([symbol, code, length]);
    }
    expect([codes[endOfString], lengths[endOfString]]).toEqual([0x3fffffff, 30]);
  });

  test("is complete: every series of bits is the beginning of codes", () => {
    expect(lengths.reduce((sum, length) => sum + 2 ** -length, 0)).toBe(1);
  });
});

describe("strings in Huffman code", () => {
  test("are decoded to what was encoded, whatever octets they have", () => {
    const random = seeded(1);
    for (let round = 0; round < 2_000; round++) {
      const limit = random.pick([128, 256]);
      const text = String.fromCharCode(...Array.from({ length: random.below(600) }, () => random.below(limit)));
      const bytes = encoded(text);
      expect(bytes.length).toBe(huffmanLength(text));
      expect(decoded(bytes)).toBe(text);
    }
  });

  test("may be padded with up to seven ones", () => {
    expect(toHex(encoded("a"))).toBe("1f");
    expect(decoded(hex("1f"))).toBe("a");
    // Eight codes of five bits: no padding.
    expect(toHex(encoded("aaaaaaaa"))).toBe("18c6318c63");
    expect(decoded(hex("18c6318c63"))).toBe("aaaaaaaa");
    // 5, 10 and 10 bits: seven of padding.
    expect(encoded("a!!").at(-1)).toBe(0x7f);
    expect(decoded(encoded("a!!"))).toBe("a!!");
    expect(decoded(hex(""))).toBe("");
  });

  test.for([
    ["padding of eight ones", "1fff"],
    ["nothing but eight ones", "ff"],
    ["padding of zeros", "18"],
    ["padding with a zero in it", "1e"],
    ["end of string", "3fffffff"],
    ["end of string behind a symbol", "1fffffffff"],
    ["a beginning of a long code", "1ffffe"],
  ] as const)("are refused with %s", ([, dump]) => {
    expect(() => decoded(hex(dump))).toThrow(HpackError);
  });

  test("are not made longer than wanted", () => {
    const bytes = encoded("a".repeat(1_000));
    expect(decoded(bytes, 1_000)).toBe("a".repeat(1_000));
    expect(decoded(bytes, 999)).toBeUndefined();
    expect(decoded(bytes, 0)).toBeUndefined();
  });
});
