import { expect, test } from "vitest";
import { HpackError } from "../../../../src/transport/http2/hpack/hpack-error.ts";
import {
  maxInteger,
  maxIntegerLength,
  readInteger,
  writeInteger,
} from "../../../../src/transport/http2/hpack/integers.ts";
import { seeded } from "../../support/random.ts";
import { hex } from "./hex.ts";

const read = (dump: string, prefixBits: number) =>
  readInteger({ bytes: hex(dump), at: 0, end: hex(dump).length }, prefixBits);

test("integers are read as they were written, with every prefix, and leave the bits above it alone", () => {
  const random = seeded(1);
  const bytes = new Uint8Array(16);
  for (let round = 0; round < 20_000; round++) {
    const prefixBits = 1 + random.below(8);
    const edge = 2 ** random.below(29) + random.below(3) - 1;
    const value = Math.min(
      random.pick([random.below(300), edge, random.below(maxInteger + 1), maxInteger]),
      maxInteger,
    );
    const pattern = prefixBits === 8 ? 0 : random.below(1 << (8 - prefixBits)) << prefixBits;
    const end = writeInteger(bytes, 1, pattern, prefixBits, value);
    expect(end - 1).toBeLessThanOrEqual(maxIntegerLength);
    expect((bytes[1] ?? 0) & ~((1 << prefixBits) - 1)).toBe(pattern);
    const cursor = { bytes, at: 1, end };
    expect([readInteger(cursor, prefixBits), cursor.at]).toEqual([value, end]);
  }
});

test("zeros behind the last octet that counts are allowed (RFC 7541 §5.1), within the limit", () => {
  expect(read("1f80808000", 5)).toBe(31);
});

test.for([
  ["nothing", ""],
  ["a prefix that goes on", "1f"],
  ["an octet that goes on", "1f80"],
  ["more octets than any number of ours has", "1f8080808000"],
  ["a number beyond 32 bits", "1fffffffffff0f"],
  ["octets without end", `1f${"ff".repeat(1_000)}`],
] as const)("%s is no integer", ([, dump]) => {
  expect(() => read(dump, 5)).toThrow(HpackError);
});
