import avsc from "avsc";
import { describe, expect, test } from "vitest";
import { type AvroEncoding, avro } from "../../../src/schema/avro.ts";
import { thrown } from "../support/outcomes.ts";

const user = {
  type: "record",
  name: "User",
  fields: [
    { name: "name", type: "string" },
    { name: "age", type: ["null", "int"], default: null },
  ],
};
const users = (encoding: AvroEncoding) => avro<unknown>("users", { schema: user, encoding });
const bob = { name: "Bob", age: null };

describe("avro", () => {
  test.each<AvroEncoding>(["datum", "container", "json"])("%s, there and back", (encoding) => {
    for (const value of [bob, { name: "漢😀", age: 41 }]) {
      const encoded = users(encoding).encode(value);
      expect(users(encoding).decode?.(encoded)).toEqual(value);
    }
  });

  test("datum is Avro's binary encoding and nothing more", () => {
    // The specification: a string is its length and UTF-8, a union its index and value; numbers are zig-zag.
    expect([...users("datum").encode(bob)]).toEqual([6, 0x42, 0x6f, 0x62, 0]);
    expect(users("datum").exact).toBe(true);
    expect(users("json").exact).toBe(false);
  });

  test("json is Avro's JSON encoding", () => {
    expect(new TextDecoder().decode(users("json").encode({ name: "Ann", age: 41 }))).toBe(
      '{"name":"Ann","age":{"int":41}}',
    );
  });

  test("container is a file that another reader reads", async () => {
    const file = users("container").encode({ name: "Ann", age: 41 });
    expect([...file.subarray(0, 4)]).toEqual([0x4f, 0x62, 0x6a, 1]);
    const decoder = new avsc.streams.BlockDecoder();
    let header: unknown;
    const values: unknown[] = [];
    const done = new Promise<void>((resolve, reject) => {
      decoder.on("metadata", (type: avsc.Type) => {
        header = type.schema();
      });
      decoder.on("data", (value: unknown) => values.push(value));
      decoder.on("end", () => resolve());
      decoder.on("error", reject);
    });
    decoder.end(Buffer.from(file));
    await done;
    expect(header).toMatchObject({ name: "User" });
    expect(values).toEqual([{ name: "Ann", age: 41 }]);
  });

  test("a container that another writer wrote is read", async () => {
    const encoder = new avsc.streams.BlockEncoder(user as avsc.Schema, { codec: "null" });
    const chunks: Buffer[] = [];
    encoder.on("data", (chunk: Buffer) => chunks.push(chunk));
    const done = new Promise<void>((resolve) => encoder.on("end", () => resolve()));
    encoder.end({ name: "Ann", age: 41 });
    await done;
    expect(users("container").decode?.(Buffer.concat(chunks))).toEqual({ name: "Ann", age: 41 });
  });

  test.each<[unknown, RegExp]>([
    [{}, /name is undefined, and the schema wants "string"/],
    [{ name: 5 }, /name is number/],
    [{ name: "Ann", age: "old" }, /age is string/],
    [{ name: "Ann", age: 2 ** 40 }, /age/],
    [null, /the value is null/],
    ["Ann", /the value is string/],
  ])("refuses %j, and says where", (value, why) => {
    for (const encoding of ["datum", "container", "json"] as const) {
      expect(thrown(() => users(encoding).encode(value))).toMatchObject({
        code: "SCHEMA_REJECTED",
        outcome: "not-sent",
        message: expect.stringMatching(why),
      });
    }
  });

  test("json has no NaN and no infinity: they are refused", () => {
    const number = (encoding: AvroEncoding) => avro<number>("n", { schema: '"double"', encoding });
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(thrown(() => number("json").encode(value))).toMatchObject({ code: "SCHEMA_REJECTED" });
      expect(number("datum").decode?.(number("datum").encode(value))).toBe(value);
    }
  });

  test("bytes are any Uint8Array, wherever they stand", () => {
    const schema = { type: "record", name: "R", fields: [{ name: "parts", type: { type: "array", items: "bytes" } }] };
    const parts = avro<unknown>("r", { schema, encoding: "datum" });
    const encoded = parts.encode({ parts: [new Uint8Array([1, 2]), Buffer.from([3])] });
    expect(parts.decode?.(encoded)).toEqual({ parts: [Buffer.from([1, 2]), Buffer.from([3])] });
  });

  test("what is no schema, or no encoding, is a TypeError", () => {
    for (const schema of ["", "{", "[]", '{"type":"nothing"}', {}, 5, null]) {
      const error = thrown(() => avro("users", { schema: schema as object, encoding: "datum" }));
      expect(error).toBeInstanceOf(TypeError);
    }
    expect(thrown(() => avro("users", { schema: user } as never))).toBeInstanceOf(TypeError);
    expect(thrown(() => avro("users", { schema: user, encoding: "binary" as "datum" }))).toBeInstanceOf(TypeError);
  });

  test("the definition is the schema, and its text as it was written", () => {
    expect(JSON.parse(users("datum").definition ?? "")).toEqual(user);
    const text = `{ "type": "string" }`;
    expect(avro("s", { schema: text, encoding: "datum" }).definition).toBe(text);
  });

  test("bytes that are no such message do not decode", () => {
    const rubbish = new Uint8Array([0x4f, 0x62, 0x6a, 1, 2, 3]);
    for (const encoding of ["datum", "container", "json"] as const) {
      expect(() => users(encoding).decode?.(rubbish)).toThrow();
      expect(() => users(encoding).decode?.(new Uint8Array())).toThrow();
    }
    const file = users("container").encode(bob);
    for (const length of [10, file.length - 20, file.length - 1]) {
      expect(() => users("container").decode?.(file.subarray(0, length))).toThrow();
    }
  });
});
