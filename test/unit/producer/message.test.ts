import { toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { StreamMessageSchema } from "../../../gen/danube/danube_api_pb.ts";
import { type Address, type Content, encodedSize, toStreamMessage, utf8Length } from "../../../src/producer/message.ts";
import { encodeRequest } from "../../../src/producer/message-encoder.ts";
import { anything } from "../../../src/schema/plain.ts";
import { type Random, seeded } from "../support/random.ts";

const maxUint64 = 2n ** 64n - 1n;
// Of each length in UTF-8, the first and the last, and what stands around the surrogates.
const characters = [
  "\0",
  "a",
  "\x7f",
  "\x80",
  "é",
  "\u07ff",
  "\u0800",
  "漢",
  "\ud7ff",
  "\ue000",
  "\uffff",
  "😀",
  "\u{10000}",
  "\u{10ffff}",
];

const content = (options: Partial<Content> = {}): Content => ({
  payload: new Uint8Array(),
  codec: anything,
  attributes: {},
  key: undefined,
  sequence: 1n,
  publishTime: 0,
  ...options,
});
const address: Address = {
  topic: "/default/t",
  producerName: "p",
  producerId: 1n,
  brokerUrl: "http://b:1",
  schema: undefined,
};

const realSize = (what: Content, where: Address) => toBinary(StreamMessageSchema, toStreamMessage(what, where)).length;

// Lengths about which a varint grows, besides small ones.
const lengths = [0, 0, 1, 2, 5, 20, 63, 64, 126, 127, 128, 129, 200, 16_383, 16_384];

function text(random: Random): string {
  return Array.from({ length: Math.min(300, random.pick(lengths)) }, () => random.pick(characters)).join("");
}

/** Of any size: small numbers, powers of two, one less, and the largest. */
function uint64(random: Random): bigint {
  const power = 2n ** BigInt(random.below(65));
  const value = random.pick([power, power - 1n, power + 1n, BigInt(random.below(1_000)), maxUint64, 0n]);
  return value > maxUint64 ? maxUint64 : value;
}

function attributes(random: Random): Record<string, string> {
  const count = random.pick([0, 0, 1, 2, 3, 10]);
  return Object.fromEntries(Array.from({ length: count }, () => [text(random), text(random)]));
}

describe("encodedSize", () => {
  test("is the length of the encoded message, for 3,000 random ones", () => {
    const random = seeded(20_260_701);
    for (let i = 0; i < 3_000; i++) {
      const what = content({
        payload: new Uint8Array(random.pick(lengths)).fill(255),
        attributes: attributes(random),
        key: random.pick([undefined, "", text(random)]),
        sequence: uint64(random),
        publishTime: random.pick([0, 1, 127, 128, 1_790_000_000_000, Number.MAX_SAFE_INTEGER]),
      });
      const where: Address = {
        topic: text(random),
        producerName: text(random),
        producerId: uint64(random),
        brokerUrl: text(random),
        schema: random.pick([undefined, { schemaId: uint64(random), version: random.below(2 ** 32) }]),
      };
      const size = encodedSize(what, where);
      if (size !== realSize(what, where)) {
        expect({ i, what, where, size }).toEqual({ i, what, where, size: realSize(what, where) });
      }
      const encoded = encodeRequest(what, where);
      const right = toBinary(StreamMessageSchema, toStreamMessage(what, where));
      if (Buffer.compare(encoded.subarray(5), right) !== 0) {
        expect({ i, what, where, encoded: [...encoded.subarray(5)] }).toEqual({ i, what, where, encoded: [...right] });
      }
      expect([...encoded.subarray(0, 5)]).toEqual([
        0,
        size >>> 24,
        (size >>> 16) & 255,
        (size >>> 8) & 255,
        size & 255,
      ]);
    }
  });

  test("is right where the payload nears the broker's limit", () => {
    for (const length of [2_097_151, 2_097_152, 4_194_000, 4_194_304, 5_000_000]) {
      const what = content({ payload: new Uint8Array(length) });
      expect(encodedSize(what, address)).toBe(realSize(what, address));
    }
  });

  test("is right with nothing at all in it", () => {
    const what = content({ sequence: 0n });
    const where = { topic: "", producerName: "", producerId: 0n, brokerUrl: "", schema: undefined };
    expect(encodedSize(what, where)).toBe(realSize(what, where));
  });

  test("counts an attribute whatever its name is", () => {
    for (const name of ["constructor", "toString", "0", "__proto__"]) {
      const what = content({ attributes: JSON.parse(`{${JSON.stringify(name)}: "value"}`) as Record<string, string> });
      expect(encodedSize(what, address)).toBe(realSize(what, address));
      expect(realSize(what, address)).toBeGreaterThan(realSize(content(), address));
    }
  });
});

describe("toStreamMessage", () => {
  test("puts everything in its place", () => {
    const what = content({
      payload: new Uint8Array([1, 2]),
      attributes: { source: "test" },
      key: "user-1",
      sequence: maxUint64,
      publishTime: 1_790_000_000_000,
    });
    expect(toStreamMessage(what, { ...address, producerId: 9n })).toMatchObject({
      requestId: maxUint64,
      msgId: { producerId: 9n, topicName: "/default/t", brokerAddr: "http://b:1" },
      payload: new Uint8Array([1, 2]),
      publishTime: 1_790_000_000_000n,
      producerName: "p",
      attributes: { source: "test" },
      routingKey: "user-1",
    });
  });

  test("an empty key is a key, and no key is none", () => {
    expect(toStreamMessage(content({ key: "" }), address).routingKey).toBe("");
    expect(toStreamMessage(content(), address).routingKey).toBeUndefined();
  });
});

describe("utf8Length", () => {
  test("is TextEncoder's, for each kind of character and for 2,000 random texts", () => {
    const encoder = new TextEncoder();
    const random = seeded(7);
    const texts = [...characters, ...Array.from({ length: 2_000 }, () => text(random))];
    for (const one of texts) {
      expect(utf8Length(one)).toBe(encoder.encode(one).length);
    }
  });
});
