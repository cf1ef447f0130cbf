import { describe, expect, test } from "vitest";
import { createDecoder } from "../../../../src/transport/http2/hpack/decoder.ts";
import { createEncoder, prepareFields } from "../../../../src/transport/http2/hpack/encoder.ts";
import { toHex } from "./hex.ts";

const request = (path: string) => [
  ...[":method", "POST", ":scheme", "http", ":path", path, ":authority", "broker:6650"],
  ...["te", "trailers", "content-type", "application/grpc", "user-agent", "danube"],
];

const decoderOf = (maxTableSize = 4_096) => createDecoder({ maxTableSize, maxListSize: 10_000 });

describe("the encoder", () => {
  test("makes a request that comes again one octet a field", () => {
    const [encoder, decoder] = [createEncoder(), decoderOf()];
    expect(decoder.decode(encoder.encode(request("/a/B")))).toEqual(request("/a/B"));
    const again = encoder.encode(request("/a/B"));
    expect(toHex(again)).toBe("8386c2c1c0bfbe");
    expect(decoder.decode(again)).toEqual(request("/a/B"));
  });

  test("does not index what varies, and lets nobody index what is secret", () => {
    const encoder = createEncoder();
    const before = encoder.table.size;
    expect(toHex(encoder.encode(["grpc-timeout", "1S"]))).toMatch(/^00/);
    expect(toHex(encoder.encode(["authorization", "Bearer x"]))).toMatch(/^1f08/);
    expect(toHex(encoder.encode(["authorization", ""]))).toMatch(/^1f0800$/);
    expect(encoder.table.size).toBe(before);
  });

  test("keeps out of the table what does not fit, and leaves in it what is there", () => {
    const [encoder, decoder] = [createEncoder({ maxTableSize: 100 }), decoderOf()];
    for (let i = 0; i < 20; i++) {
      const fields = [":path", `/path/${i}`, ":path", "/path/0"];
      expect(decoder.decode(encoder.encode(fields))).toEqual(fields);
      expect(encoder.table.get(encoder.table.length - 1)?.value).toBe("/path/0");
    }
    expect(encoder.table.length).toBe(2);
  });

  test.for([
    ["a name in upper case", ["Name", "x"]],
    ["an empty name", ["", "x"]],
    ["a name with a colon in it", ["a:b", "x"]],
    ["a name beyond ASCII", ["näme", "x"]],
    ["a character that is no octet", ["name", "€"]],
    ["a name without a value", ["name"]],
  ] as const)("refuses %s, and its table stays as it was", ([, wrong]) => {
    const [encoder, decoder] = [createEncoder(), decoderOf()];
    const fields = [":path", "/new", ...wrong];
    expect(() => encoder.encode(fields)).toThrow(TypeError);
    expect(() => prepareFields(fields)).toThrow(TypeError);
    expect(() => encoder.encodePrepared(prepareFields([":path", "/new"]), wrong)).toThrow(TypeError);
    expect(encoder.table.length).toBe(0);
    expect(decoder.decode(encoder.encode([":path", "/new"]))).toEqual([":path", "/new"]);
    expect(encoder.table.length).toBe(1);
  });

  test("takes long values, beyond what it had room for", () => {
    const fields = ["long", "x".repeat(100_000), "binary", "\xff".repeat(100_000)];
    const decoder = createDecoder({ maxTableSize: 0, maxListSize: 1_000_000 });
    expect(decoder.decode(createEncoder().encode(fields))).toEqual(fields);
  });
});

describe("SETTINGS_HEADER_TABLE_SIZE", () => {
  const sizes = (...settings: number[]) => {
    const encoder = createEncoder();
    settings.forEach(encoder.setMaxTableSize);
    return [toHex(encoder.encode([])), toHex(encoder.encode([]))];
  };

  test("is answered at the beginning of the next block, once", () => {
    expect(sizes(0)).toEqual(["20", ""]);
    expect(sizes(256)).toEqual(["3fe101", ""]);
  });

  test("that is as it was needs no answer", () => {
    expect(sizes(4_096)).toEqual(["", ""]);
  });

  test("that is more than we want is used so far", () => {
    expect(sizes(2 ** 32 - 1)).toEqual(["", ""]);
    const encoder = createEncoder({ maxTableSize: 10_000 });
    encoder.setMaxTableSize(2 ** 32 - 1);
    expect(encoder.table.maxSize).toBe(10_000);
    expect(toHex(encoder.encode([]))).toBe("3ff14d");
  });

  test("that went down and up is answered with the smallest and the last", () => {
    expect(sizes(0, 4_096)).toEqual(["203fe11f", ""]);
    expect(sizes(200, 100, 300, 256)).toEqual(["3f453fe101", ""]);
  });

  test("is less from the start, when we want less", () => {
    expect(toHex(createEncoder({ maxTableSize: 0 }).encode([]))).toBe("20");
  });

  test("evicts what does not fit any more, at both ends", () => {
    const [encoder, decoder] = [createEncoder(), decoderOf()];
    decoder.decode(encoder.encode(request("/a/B")));
    encoder.setMaxTableSize(48 + 60);
    encoder.setMaxTableSize(4_096);
    // The newest: user-agent and content-type.
    expect(encoder.table.length).toBe(2);
    expect(decoder.decode(encoder.encode(["te", "trailers"]))).toEqual(["te", "trailers"]);
    expect([decoder.table.length, decoder.table.size]).toEqual([encoder.table.length, encoder.table.size]);
  });
});

describe("prepared fields", () => {
  test("are the same octets from the third block on", () => {
    const [encoder, decoder] = [createEncoder(), decoderOf()];
    const prepared = prepareFields(request("/a/B"));
    const blocks = Array.from({ length: 5 }, () => encoder.encodePrepared(prepared));
    for (const block of blocks) {
      expect(decoder.decode(block)).toEqual(request("/a/B"));
    }
    expect(blocks[3]).toBe(blocks[2]);
    expect(blocks[4]).toBe(blocks[2]);
    expect(toHex(blocks[2] as Uint8Array)).toBe("8386c2c1c0bfbe");
  });

  test("are encoded anew when an entry came in front of theirs", () => {
    const [encoder, decoder] = [createEncoder(), decoderOf()];
    const [one, other] = [prepareFields(request("/a/B")), prepareFields(request("/a/C"))];
    for (const prepared of [one, one, one, other, one, other, one, one, other]) {
      expect(decoder.decode(encoder.encodePrepared(prepared))).toEqual(prepared.fields);
    }
    expect(encoder.encodePrepared(one)).toBe(encoder.encodePrepared(one));
    expect(encoder.encodePrepared(other)).toBe(encoder.encodePrepared(other));
  });

  test("have others behind them, and are good afterwards, unless these were indexed", () => {
    const [encoder, decoder] = [createEncoder(), decoderOf()];
    const prepared = prepareFields(request("/a/B"));
    const rests = [["grpc-timeout", "1S"], ["te", "else"], ["authorization", "x".repeat(500)], ["te", "else"], []];
    for (const rest of [...rests, ...rests, ...rests]) {
      expect(decoder.decode(encoder.encodePrepared(prepared, rest))).toEqual([...prepared.fields, ...rest]);
    }
  });

  test("are encoded anew after a change of the table's size, even one that evicts nothing", () => {
    const [encoder, decoder] = [createEncoder(), decoderOf()];
    const prepared = prepareFields(request("/a/B"));
    for (const size of [4_096, 4_096, 4_096, 2_000, 2_000, 2_000, 0, 0, 0, 4_096, 4_096, 4_096]) {
      encoder.setMaxTableSize(size);
      expect(decoder.decode(encoder.encodePrepared(prepared))).toEqual(prepared.fields);
      expect(decoder.table.maxSize).toBe(size);
    }
  });

  test("are right on two connections", () => {
    const prepared = prepareFields(request("/a/B"));
    const ends = [1, 2].map(() => ({ encoder: createEncoder(), decoder: decoderOf() }));
    // With another entry, the same indexes mean something else there.
    ends[1]?.decoder.decode(ends[1].encoder.encode(["te", "else"]));
    for (let i = 0; i < 10; i++) {
      for (const { encoder, decoder } of i % 4 === 0 ? ends.toReversed() : ends) {
        expect(decoder.decode(encoder.encodePrepared(prepared))).toEqual(prepared.fields);
      }
    }
  });
});
