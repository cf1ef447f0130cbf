import { deflateRawSync } from "node:zlib";
import { Code } from "@connectrpc/connect";
import avsc from "avsc";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openReader } from "../../../src/testing/reader.ts";
import { failure, integer, object, record, type Send, startWorld, text, type World } from "./registry.ts";

// What is refused, and what the refusals begin with, is as a real Danube 0.15.1 answered to the same payloads; the rest of
// their words is JSON.parse's, avsc's and @cfworker/json-schema's.

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
  for (const bytes of [
    [0x61, 0xff],
    [0x61, 0xe2, 0x82],
    [0xed, 0xa0, 0x80],
  ]) {
    expect(await refusal(new Uint8Array(bytes))).toMatch(/^Payload validation failed: Invalid UTF-8 string: /);
  }
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

  test.each(['{"name":"x"}', ' {"name":"x","age":1.0,"email":"formats are remarks"} '])("takes %s", async (payload) => {
    const { send } = await checked("json", rules);
    await send(payload);
  });

  test.each<[payload: string | Uint8Array, where?: string]>([
    [""],
    ['{"name":"x"} y'],
    [new Uint8Array([0x22, 0xff, 0x22])],
    ["{}", "#"],
    ["5", "#"],
    ['{"name":"x","age":-1}', "#/age"],
    ['{"name":"x","age":1.5}', "#/age"],
    ['{"name":"x","ref":151}', "#/ref"],
    ['{"name":"x","kind":"C"}', "#/kind"],
    ['{"name":"x","list":["a",5,{"b":1, "a":2}]}', "#/list"],
    ['{"name":"x","code":"b"}', "#/code"],
    ['{"name":"x","inner":{}}', "#/inner"],
    ['{"name":"x","maybe":5}', "#/maybe"],
    ['{"name":"x","any":true}', "#/any"],
    ['{"name":"x","one":1}', "#/one"],
    ['{"name":"x","not":"y"}', "#/not"],
    ['{"name":"x","strict":{"z":1,"y":2}}', "#/strict/z"],
    ['{"age":"x"}', "#"],
  ])("refuses %s", async (payload, where) => {
    const { refusal } = await checked("json", rules);
    const what = where === undefined ? "Invalid JSON data: " : `JSON Schema validation failed: ${where}: `;
    expect(await refusal(payload)).toContain(`Payload validation failed: ${what}`);
  });

  test("formats count in older drafts", async () => {
    const $schema = "http://json-schema.org/draft-07/schema#";
    const { send, refusal } = await checked("json", { $schema, format: "email" });
    await send('"a@b.c"');
    expect(await refusal('"x"')).toMatch(/^Payload validation failed: JSON Schema validation failed: /);
  });
});

describe("avro", () => {
  const writer = record([{ name: "a", type: "string" }]);
  const reader = record([
    { name: "a", type: "string" },
    { name: "b", type: "long", default: 0 },
  ]);
  const datum = avsc.Type.forSchema(writer as never).toBuffer({ a: "hello" });
  const why = /^Payload validation failed: Avro validation failed: /;
  const long = (value: number) => avsc.Type.forSchema("long").toBuffer(value);

  function file(schema: unknown, data: Buffer | undefined, { codec = "null", marker = 7, count = 1 } = {}): Uint8Array {
    const metadata = { "avro.schema": Buffer.from(JSON.stringify(schema)), "avro.codec": Buffer.from(codec) };
    const header = avsc.Type.forSchema({ type: "map", values: "bytes" }).toBuffer(metadata);
    const block = data ? [long(count), long(data.length), data, Buffer.alloc(16, marker)] : [];
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
    // Of several records the first one counts.
    await send(file(writer, Buffer.concat([datum, Buffer.from([0xff])]), { count: 2 }));
  });

  test("a type that became another, where the value fits", async () => {
    const { send, refusal } = await checked("avro", record([{ name: "a", type: "string" }]));
    const wider = record([{ name: "a", type: ["null", "string"] }]);
    await send(file(wider, Buffer.concat([Buffer.from([2]), datum])));
    expect(await refusal(file(wider, Buffer.from([0])))).toMatch(why);
    const numbers = await checked("avro", record([{ name: "a", type: "double" }]));
    await numbers.send(file(record([{ name: "a", type: "long" }]), long(3)));
    await numbers.send(file(record([{ name: "a", type: "int" }]), long(3)));
  });

  test("a union that avsc finds ambiguous", async () => {
    const numbers = record([{ name: "a", type: ["int", "long", "null"] }]);
    const { send } = await checked("avro", numbers);
    await send(file(numbers, Buffer.from([2, 6])));
  });

  test("a record within itself", async () => {
    const node = record([{ name: "next", type: ["null", "User"], default: null }]);
    const { send } = await checked("avro", node);
    await send(file(node, Buffer.from([2, 2, 0])));
  });

  test("nothing else", async () => {
    const { refusal } = await checked("avro", reader);
    for (const payload of ['{"a":"x"}', datum, ""]) {
      expect(await refusal(payload)).toBe("Payload validation failed: Avro validation failed: wrong magic in header");
    }
    const other = record([{ name: "b", type: "int" }]);
    for (const payload of [
      "Obj\x01",
      file(writer, undefined),
      file(writer, datum, { codec: "snappy" }),
      file(writer, datum, { codec: "deflate" }),
      file(writer, datum, { marker: 8 }),
      file(writer, datum).slice(0, -18),
      file(writer, datum.subarray(0, 3)),
      file({ type: "nope" }, datum),
      file(other, long(3)),
    ]) {
      expect(await refusal(payload)).toMatch(why);
    }
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
