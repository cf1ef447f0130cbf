import { deflateRawSync } from "node:zlib";
import { Code } from "@connectrpc/connect";
import avsc from "avsc";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openReader } from "../../../src/testing/reader.ts";
import { failure, integer, object, record, type Send, startWorld, text, type World } from "./registry.ts";

// Expected texts are what a real Danube 0.15.1 answered to the same payloads.

let world: World;
let count = 0;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

interface Checked {
  topic: string;
  schemaId: bigint;
  send(payload: string | Uint8Array, version?: number): Promise<unknown>;
  /** What the payload is refused with, without what all refusals begin with. */
  refusal(payload: string | Uint8Array, version?: number): Promise<string>;
}

/** A topic that checks payloads. */
async function checked(type: string, definition: unknown, validationPolicy = "enforce"): Promise<Checked> {
  const [topic, subject] = [`/default/topic-${count}`, `subject-${count++}`];
  const { schemaId } = await world.register(subject, type, definition);
  const publish: Send = await world.produce(topic);
  const settings = { topicName: topic, schemaSubject: subject, validationPolicy, enablePayloadValidation: true };
  await world.registry.configureTopicSchema(settings);
  const send = (payload: string | Uint8Array, version = 1) => publish(payload, schemaId, version);
  return {
    topic,
    schemaId,
    send,
    async refusal(payload, version) {
      const [code, why] = await failure(send(payload, version));
      const beginning = "Unable to publish the message: ";
      expect([code, why.slice(0, beginning.length)]).toEqual([Code.PermissionDenied, beginning]);
      return why.slice(beginning.length);
    },
  };
}

test("bytes take anything", async () => {
  const { send } = await checked("bytes", "");
  await send(new Uint8Array([0xff, 0]));
});

test("strings are UTF-8", async () => {
  const { send, refusal } = await checked("string", "");
  await send("żółw");
  const why = "Payload validation failed: Invalid UTF-8 string: ";
  expect(await refusal(new Uint8Array([0x61, 0xff]))).toBe(`${why}invalid utf-8 sequence of 1 bytes from index 1`);
  expect(await refusal(new Uint8Array([0x61, 0xe2, 0x82]))).toBe(`${why}incomplete utf-8 byte sequence from index 1`);
  expect(await refusal(new Uint8Array([0xed, 0xa0, 0x80]))).toBe(
    `${why}invalid utf-8 sequence of 1 bytes from index 0`,
  );
});

test("numbers have 4 or 8 bytes", async () => {
  const { send, refusal } = await checked("number", "");
  await send(new Uint8Array(4));
  await send(new Uint8Array(8));
  const why = "Payload validation failed: Invalid number: expected 4 or 8 bytes, got ";
  expect(await refusal("")).toBe(`${why}0`);
  expect(await refusal("12345")).toBe(`${why}5`);
});

test("all messages of a subject are checked against the version of the first", async () => {
  const { send, refusal } = await checked("json", object({ name: text }, ["name"]));
  const why = /^Schema version not found: subject-\d+\/9 - Schema version 9 not found for subject: subject-\d+$/;
  expect(await refusal('{"name":"x"}', 9)).toMatch(why);
  expect(await refusal('{"name":"x"}', 1)).toMatch(why);
  const other = await checked("json", object({ name: text }, ["name"]));
  await other.send('{"name":"x"}', 1);
  await other.send('{"name":"x"}', 9);
  expect(await send("{}").catch(() => "refused")).toBe("refused");
});

describe("json", () => {
  const rules = object(
    {
      name: text,
      age: { ...integer, minimum: 0, maximum: 150 },
      kind: { enum: ["A", "B"] },
      list: { type: "array", items: text, maxItems: 2 },
      code: { type: "string", minLength: 2, maxLength: 3, pattern: "^a" },
      inner: object({ x: integer }, ["x"]),
      maybe: { type: ["string", "null"] },
      any: { anyOf: [text, integer] },
      one: { oneOf: [{ type: "number" }, integer] },
      not: { not: text },
      email: { type: "string", format: "email" },
      strict: { type: "object", properties: {}, additionalProperties: false },
      ref: { $ref: "#/properties/age" },
    },
    ["name"],
  );

  test.each<[payload: string, why?: string]>([
    ['{"name":"x"}'],
    [' {"name":"x","age":1.0,"email":"formats are remarks"} '],
    ["", "Invalid JSON data: EOF while parsing a value at line 1 column 0"],
    ['{"name":"x"} y', "Invalid JSON data: trailing characters at line 1 column 14"],
    ["{}", 'JSON Schema validation failed: "name" is a required property'],
    ["5", 'JSON Schema validation failed: 5 is not of type "object"'],
    ['{"name":"x","age":-1}', "JSON Schema validation failed: -1 is less than the minimum of 0"],
    ['{"name":"x","age":1.5}', 'JSON Schema validation failed: 1.5 is not of type "integer"'],
    ['{"name":"x","ref":151}', "JSON Schema validation failed: 151 is greater than the maximum of 150"],
    ['{"name":"x","kind":"C"}', 'JSON Schema validation failed: "C" is not one of "A" or "B"'],
    [
      '{"name":"x","list":["a",5,{"b":1, "a":2}]}',
      'JSON Schema validation failed: ["a",5,{"a":2,"b":1}] has more than 2 items, 5 is not of type "string", {"a":2,"b":1} is not of type "string"',
    ],
    [
      '{"name":"x","code":"b"}',
      'JSON Schema validation failed: "b" is shorter than 2 characters, "b" does not match "^a"',
    ],
    ['{"name":"x","inner":{}}', 'JSON Schema validation failed: "x" is a required property'],
    ['{"name":"x","maybe":5}', 'JSON Schema validation failed: 5 is not of types "null", "string"'],
    [
      '{"name":"x","any":true}',
      "JSON Schema validation failed: true is not valid under any of the schemas listed in the 'anyOf' keyword",
    ],
    [
      '{"name":"x","one":1}',
      "JSON Schema validation failed: 1 is valid under more than one of the schemas listed in the 'oneOf' keyword",
    ],
    ['{"name":"x","not":"y"}', 'JSON Schema validation failed: {"type":"string"} is not allowed for "y"'],
    [
      '{"name":"x","strict":{"z":1,"y":2}}',
      "JSON Schema validation failed: Additional properties are not allowed ('y', 'z' were unexpected)",
    ],
    ['{"age":"x"}', 'JSON Schema validation failed: "name" is a required property, "x" is not of type "integer"'],
  ])("%s", async (payload, why) => {
    const { send, refusal } = await checked("json", rules);
    if (why === undefined) {
      await send(payload);
    } else {
      expect(await refusal(payload)).toBe(`Payload validation failed: ${why}`);
    }
  });

  test("formats count in older drafts", async () => {
    const $schema = "http://json-schema.org/draft-07/schema#";
    const { send, refusal } = await checked("json", { $schema, format: "email" });
    await send('"a@b.c"');
    expect(await refusal('"x"')).toBe('Payload validation failed: JSON Schema validation failed: "x" is not a "email"');
  });
});

describe("avro", () => {
  const writer = record([{ name: "a", type: "string" }]);
  const reader = record([
    { name: "a", type: "string" },
    { name: "b", type: "long", default: 0 },
  ]);
  const datum = avsc.Type.forSchema(writer as never).toBuffer({ a: "hello" });
  const long = (value: number) => avsc.Type.forSchema("long").toBuffer(value);

  function file(schema: unknown, data: Buffer | undefined, { codec = "null", marker = 7 } = {}): Uint8Array {
    const metadata = { "avro.schema": Buffer.from(JSON.stringify(schema)), "avro.codec": Buffer.from(codec) };
    const header = avsc.Type.forSchema({ type: "map", values: "bytes" }).toBuffer(metadata);
    const block = data ? [long(1), long(data.length), data, Buffer.alloc(16, marker)] : [];
    return Buffer.concat([Buffer.from("Obj\x01", "latin1"), header, Buffer.alloc(16, 7), ...block]);
  }

  test("object container files", async () => {
    const { send } = await checked("avro", reader);
    await send(file(writer, datum));
    await send(file(writer, deflateRawSync(datum), { codec: "deflate" }));
    const whole = { type: "record", name: "User", fields: reader["fields"] };
    // A long beyond what a JavaScript number holds.
    const big = Buffer.from([2, 0x78, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
    await send(file(whole, big));
    // The name of the record that was written does not matter.
    await send(file({ ...writer, name: "Other" }, datum));
  });

  test("nothing else", async () => {
    const { refusal } = await checked("avro", reader);
    const why = "Payload validation failed: Avro validation failed: ";
    expect(await refusal('{"a":"x"}')).toBe(`${why}wrong magic in header`);
    expect(await refusal(datum)).toBe(`${why}wrong magic in header`);
    expect(await refusal("")).toBe(`${why}Failed to read header: failed to fill whole buffer`);
    expect(await refusal(file(writer, undefined))).toBe(`${why}no data found`);
    expect(await refusal(file(writer, datum, { codec: "snappy" }))).toBe(
      `${why}Codec 'snappy' is not supported/enabled`,
    );
    expect(await refusal(file(writer, datum, { marker: 8 }))).toMatch(`${why}Invalid sync marker!`);
    expect(await refusal(file(writer, datum).slice(0, -18))).toBe(
      `${why}Read into buffer failed: failed to fill whole buffer`,
    );
    expect(await refusal(file({ type: "nope" }, datum))).toBe(`${why}Unknown primitive type: nope`);
    const other = record([{ name: "b", type: "int" }]);
    expect(await refusal(file(other, long(3)))).toBe(`${why}Missing field in record: "a"`);
  });
});

test("protobuf panics: the call is reset, and the connection stays", async () => {
  const { send } = await checked("protobuf", "message A {}");
  const reset = [Code.Canceled, "http/2 stream closed with error code CANCEL (0x8)"];
  expect(await failure(send("x"))).toEqual(reset);
  expect(await failure(send("x"))).toEqual(reset);
  await world.register("afterwards", "string");
});

test("a reader gets the id and the version", async () => {
  const { topic, send, schemaId } = await checked("string", "");
  const reader = await openReader({ brokers: world.broker.urls }, topic);
  await send("hello", 1);
  expect(await reader.take(1)).toMatchObject([{ text: "hello", schemaId, schemaVersion: 1 }]);
  reader.close();
});
