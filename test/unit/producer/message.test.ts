import { toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { StreamMessageSchema } from "../../../gen/danube/danube_api_pb.ts";
import {
  encodeMessage,
  type Message,
  payloadOf,
  readdressed,
  sizeOf,
  toStreamMessage,
} from "../../../src/producer/message.ts";
import { type Address, encodedSize, type Fields } from "../../../src/producer/message-encoder.ts";
import { utf8Length } from "../../../src/producer/wire.ts";
import { anything, int64 } from "../../../src/schema/plain.ts";
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

const fields = (options: Partial<Fields> = {}): Fields => ({
  payloadLength: 0,
  attributes: {},
  key: undefined,
  sequence: 1,
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

function message(
  options: Partial<Fields> = {},
  where: Address = address,
  payload: Uint8Array = new Uint8Array(),
): Message {
  return encodeMessage(fields({ payloadLength: payload.length, ...options }), payload, anything, where);
}

/** As protobuf-es encodes it. */
const right = (what: Message) => toBinary(StreamMessageSchema, toStreamMessage(what));

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

describe("encodeMessage", () => {
  test("gives protobuf-es's bytes behind their prefix, and the size before, for 3,000 random messages", () => {
    const random = seeded(20_260_701);
    for (let i = 0; i < 3_000; i++) {
      const payload = Uint8Array.from({ length: random.pick(lengths) }, () => random.below(256));
      const options = {
        attributes: attributes(random),
        key: random.pick([undefined, "", text(random)]),
        sequence: Math.min(Number.MAX_SAFE_INTEGER, Number(uint64(random))),
        publishTime: random.pick([0, 1, 127, 128, 1_790_000_000_000, Number.MAX_SAFE_INTEGER]),
      };
      const where: Address = {
        topic: text(random),
        producerName: text(random),
        producerId: uint64(random),
        brokerUrl: text(random),
        schema: random.pick([undefined, { schemaId: uint64(random), version: random.below(2 ** 32) }]),
      };
      const what = message(options, where, payload);
      const size = encodedSize(what.fields, where);
      const told = { i, size: sizeOf(what), request: [...what.request], payload: [...payloadOf(what)] };
      const prefix = [0, size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255];
      const bytes = right(what);
      if (size !== bytes.length || Buffer.compare(what.request.subarray(5), bytes) !== 0) {
        expect(told).toEqual({ i, size: bytes.length, request: [...prefix, ...bytes], payload: [...payload] });
      }
      expect(told.request.slice(0, 5)).toEqual(prefix);
      expect(Buffer.compare(payloadOf(what), payload)).toBe(0);
    }
  });

  test("is right where the payload nears the broker's limit", () => {
    for (const length of [2_097_151, 2_097_152, 4_194_000, 4_194_304, 5_000_000]) {
      const what = message({}, address, new Uint8Array(length));
      expect(sizeOf(what)).toBe(right(what).length);
    }
  });

  test("is right with nothing at all in it", () => {
    const where = { topic: "", producerName: "", producerId: 0n, brokerUrl: "", schema: undefined };
    const what = message({ sequence: 0 }, where);
    expect([...what.request.subarray(5)]).toEqual([...right(what)]);
  });

  test("counts an attribute whatever its name is", () => {
    for (const name of ["constructor", "toString", "0", "__proto__"]) {
      const what = message({ attributes: JSON.parse(`{${JSON.stringify(name)}: "value"}`) as Record<string, string> });
      expect([...what.request.subarray(5)]).toEqual([...right(what)]);
      expect(sizeOf(what)).toBeGreaterThan(sizeOf(message()));
    }
  });

  test("copies the payload, and no message changes another's bytes", () => {
    const payload = new Uint8Array(100).fill(1);
    const messages = Array.from({ length: 1_000 }, (_, i) => {
      payload.fill(i);
      return message({ sequence: i }, address, payload);
    });
    payload.fill(7);
    expect(messages.every((one, i) => payloadOf(one).every((byte) => byte === (i & 255)))).toBe(true);
    expect(messages.every((one) => Buffer.compare(one.request.subarray(5), right(one)) === 0)).toBe(true);
  });
});

describe("readdressed", () => {
  const moved = { ...address, brokerUrl: "http://another:6650", producerId: 7n };
  const what = message({ key: "k" }, address, new Uint8Array([1, 2, 3]));

  test("is the same message where nothing is different", () => {
    expect(readdressed(what, address, anything)).toBe(what);
  });

  test("has the other owner's name, and all else as it was", () => {
    const there = readdressed(what, moved, anything);
    expect(toStreamMessage(there)).toEqual({
      ...toStreamMessage(what),
      msgId: { ...toStreamMessage(what).msgId, producerId: 7n, brokerAddr: "http://another:6650" },
    });
  });

  test("has the payload in the bytes that the other brokers' consumers read", () => {
    const { beforeRegistry: digits, ...eight } = int64("n");
    const number = encodeMessage(fields({ payloadLength: 8 }), eight.encode(12_345n), eight as never, address);
    const there = readdressed(number, moved, digits as never);
    expect(new TextDecoder().decode(payloadOf(there))).toBe("12345");
    expect([...there.request.subarray(5)]).toEqual([...right(there)]);
  });
});

describe("toStreamMessage", () => {
  test("puts everything in its place", () => {
    const options = {
      attributes: { source: "test" },
      key: "user-1",
      sequence: Number.MAX_SAFE_INTEGER,
      publishTime: 1_790_000_000_000,
    };
    const where = { ...address, producerId: 9n };
    expect(toStreamMessage(message(options, where, new Uint8Array([1, 2])))).toMatchObject({
      requestId: BigInt(Number.MAX_SAFE_INTEGER),
      msgId: { producerId: 9n, topicName: "/default/t", brokerAddr: "http://b:1" },
      payload: new Uint8Array([1, 2]),
      publishTime: 1_790_000_000_000n,
      producerName: "p",
      attributes: { source: "test" },
      routingKey: "user-1",
    });
  });

  test("an empty key is a key, and no key is none", () => {
    expect(toStreamMessage(message({ key: "" })).routingKey).toBe("");
    expect(toStreamMessage(message()).routingKey).toBeUndefined();
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
