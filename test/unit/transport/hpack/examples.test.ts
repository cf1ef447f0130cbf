import { describe, expect, test } from "vitest";
import { createDecoder } from "../../../../src/transport/http2/hpack/decoder.ts";
import type { DynamicTableView } from "../../../../src/transport/http2/hpack/dynamic-table.ts";
import { createEncoder } from "../../../../src/transport/http2/hpack/encoder.ts";
import { fieldSize } from "../../../../src/transport/http2/hpack/field.ts";
import { readInteger, writeInteger } from "../../../../src/transport/http2/hpack/integers.ts";
import { fieldsOf, huffmanRequests, huffmanResponses, plainRequests, plainResponses } from "./appendix-c.ts";
import { hex, toHex } from "./hex.ts";

/** As the RFC prints it. */
function print(table: DynamicTableView): string[] {
  return Array.from({ length: table.length }, (_, i) => {
    const { name, value } = table.get(i) ?? { name: "", value: "" };
    return `${fieldSize(name, value)} ${name}: ${value}`;
  });
}

describe("RFC 7541 Appendix C", () => {
  test.for([
    ["C.1.1", 10, 5, "0a"],
    ["C.1.2", 1337, 5, "1f9a0a"],
    ["C.1.3", 42, 8, "2a"],
  ] as const)("%s: the integer %i with a prefix of %i bits", ([, value, prefixBits, dump]) => {
    const bytes = new Uint8Array(8);
    expect(toHex(bytes.subarray(0, writeInteger(bytes, 0, 0, prefixBits, value)))).toBe(dump);
    expect(readInteger({ bytes: hex(dump), at: 0, end: dump.length / 2 }, prefixBits)).toBe(value);
  });

  test.for([
    ["C.2.1", "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572", "custom-key: custom-header", 55],
    ["C.2.2", "040c 2f73 616d 706c 652f 7061 7468", ":path: /sample/path", 0],
    ["C.2.3", "1008 7061 7373 776f 7264 0673 6563 7265 74", "password: secret", 0],
    ["C.2.4", "82", ":method: GET", 0],
  ] as const)("%s: %s", ([, dump, field, tableSize]) => {
    const decoder = createDecoder({ maxTableSize: 4_096, maxListSize: 1_000 });
    expect(decoder.decode(hex(dump))).toEqual(fieldsOf(field));
    expect(decoder.table.size).toBe(tableSize);
  });

  test.for([
    ["C.3", 4_096, plainRequests],
    ["C.4", 4_096, huffmanRequests],
    ["C.5", 256, plainResponses],
    ["C.6", 256, huffmanResponses],
  ] as const)("%s, decoded with a table of %i octets", ([, maxTableSize, examples]) => {
    const decoder = createDecoder({ maxTableSize, maxListSize: 1_000 });
    for (const { dump, fields, table, tableSize } of examples) {
      expect(decoder.decode(hex(dump))).toEqual(fieldsOf(fields));
      expect(print(decoder.table)).toEqual(table.split("\n").map((line) => line.trim()));
      expect(decoder.table.size).toBe(tableSize);
    }
  });

  test("C.4, encoded", () => {
    const encoder = createEncoder({ indexed: new Set([":authority", "cache-control", "custom-key"]) });
    for (const { dump, fields, table, tableSize } of huffmanRequests) {
      expect(toHex(encoder.encode(fieldsOf(fields)))).toBe(toHex(hex(dump)));
      expect(print(encoder.table)).toEqual(table.split("\n").map((line) => line.trim()));
      expect(encoder.table.size).toBe(tableSize);
    }
  });

  test("C.2.3, encoded: in Huffman code where that is shorter", () => {
    const encoder = createEncoder({ neverIndexed: new Set(["password"]) });
    expect(toHex(encoder.encode(["password", "secret"]))).toBe("1086ac684783d9278441496153");
  });
});
