import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { failure, record, startWorld, type World } from "./registry.ts";

// Expected values are what a real Danube 0.15.1 answered to the same calls.

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const latest = async (subject: string) => {
  const { schemaDefinition, ...rest } = await world.registry.getLatestSchema({ subject });
  return { ...rest, definition: JSON.parse(new TextDecoder().decode(schemaDefinition)) as unknown };
};

test.each([
  ["bytes", "bytes", "bytes", "Bytes"],
  ["STRING", "string", "string", "String"],
  ["number", "number", "number", "Number"],
  ["int64", "number", "number", "Number"],
  ["int", "number", "number", "Number"],
  ["float", "number", "number", "Number"],
  ["Double", "number", "number", "Number"],
])("%s has no definition of its own", async (type, schemaType, fingerprint, definition) => {
  const subject = `type-${type}`;
  expect(await world.register(subject, type, "whatever")).toMatchObject({
    version: 1,
    isNewVersion: true,
    fingerprint,
  });
  expect(await latest(subject)).toMatchObject({ schemaType, fingerprint, definition, compatibilityMode: "backward" });
});

test("json: the text as it was registered", async () => {
  const raw_schema = '{ "type": "object", "properties": { "name": {"type": "string"} }, "required": ["name"] }';
  await world.register("json", "json", raw_schema);
  const { definition, ...rest } = await latest("json");
  expect(rest.schemaType).toBe("json_schema");
  expect(definition).toEqual({ JsonSchema: { raw_schema, fingerprint: rest.fingerprint } });
  expect(rest.fingerprint).toMatch(/^sha256:[0-9a-f]{64}$/);
});

test.each([
  ["json", "true", "b5bea41b6c623f7c09f1bf24dcae58ebab3c0cdd90ad966bc43a45b44867e12b"],
  ["json", '{"type":"string","type":"object"}', "a2c799262a3ce3c19ef5cdd983bf3d12b43ab3c426227091b909dcb7054738c0"],
  [
    "json",
    '{"properties": {"a": {"type": "integer"}}}',
    "3538687addd8b05d5d696a9e807efbe3b333aae41c75c337816d8215b7d1cade",
  ],
  ["protobuf", 'syntax = "proto3"; message A {}', "b8d7704624de4983405141642055ceacc96e2dd44d2f3f9fef0a9595674c45d9"],
])("the real broker's fingerprint of %s %o", async (type, definition, hash) => {
  const registered = await world.register(`hash-${hash}`, type, definition);
  expect(registered).toMatchObject({ fingerprint: `sha256:${hash}` });
});

test("avro: the fingerprint is of the text but for its formatting, and each field of it counts", async () => {
  const schema = record([{ name: "a", type: "int" }]);
  const { fingerprint } = (await world.register("layout", "avro", schema)) as unknown as { fingerprint: string };
  expect(fingerprint).toMatch(/^sha256:[0-9a-f]{64}$/);
  const spaced = '{ "fields": [{"type": "int",\n "name": "a"}], "name": "User", "type": "record" }';
  expect(await world.register("layout", "avro", spaced)).toMatchObject({
    version: 1,
    isNewVersion: false,
    fingerprint,
  });
  const told = await world.register("layout", "avro", { ...schema, doc: "of users" });
  expect(told).toMatchObject({ version: 2, isNewVersion: true });
});

test("avro and protobuf", async () => {
  const avro = await world.register("avro", "avro", record([{ name: "a", type: "int" }]));
  const raw_schema = '{"type":"record","name":"User","fields":[{"name":"a","type":"int"}]}';
  const { fingerprint } = avro as unknown as { fingerprint: string };
  expect((await latest("avro")).definition).toEqual({ Avro: { raw_schema, fingerprint } });
  await world.register("proto", "Proto", "not a proto file, which nobody looks at");
  const proto = await latest("proto");
  expect(proto.definition).toEqual({
    Protobuf: {
      raw_proto: "not a proto file, which nobody looks at",
      message_name: "DefaultMessage",
      fingerprint: proto.fingerprint,
    },
  });
});

test.each([
  ["jsonschema", "{}"],
  ["", "{}"],
])("refuses the type %j", async (type, definition) => {
  const why = `Failed to register schema: Unknown schema type: ${type}`;
  expect(await failure(world.register("refused", type, definition))).toEqual([Code.Internal, why]);
});

// What follows is in the words of JSON.parse, avsc, and so on, which are others on a real broker.
test.each([
  ["json", "", "Invalid JSON in schema"],
  ["json", '{"a":\n 1,}', "Invalid JSON in schema"],
  ["json", '{"a":1} x', "Invalid JSON in schema"],
  ["json", "hello", "Invalid JSON in schema"],
  ["json", "5", "Invalid JSON Schema"],
  ["json", { properties: { a: { type: "strin" } } }, "Invalid JSON Schema"],
  ["json", { type: [] }, "Invalid JSON Schema"],
  ["json", { required: "name" }, "Invalid JSON Schema"],
  ["json", { required: ["a", "a"] }, "Invalid JSON Schema"],
  ["json", { allOf: [] }, "Invalid JSON Schema"],
  ["json", { anyOf: [{}, { items: 5 }] }, "Invalid JSON Schema"],
  ["json", { minLength: -1 }, "Invalid JSON Schema"],
  ["json", { maximum: 1, exclusiveMaximum: true }, "Invalid JSON Schema"],
  ["json", { items: [{}] }, "Invalid JSON Schema"],
  ["json", { pattern: "[" }, "Invalid JSON Schema"],
  ["json", { patternProperties: { "[": {} } }, "Invalid JSON Schema"],
  ["json", { $ref: "#/nope" }, "Invalid JSON Schema"],
  ["json", { $schema: "http://example.com/x" }, "Invalid JSON Schema: Unknown meta-schema: 'http://example.com/x'"],
  ["json", { $schema: "json-schema.org/draft-07/schema" }, "Invalid JSON Schema: Unknown meta-schema"],
  ["json", new Uint8Array([0x7b, 0xff]), "Invalid UTF-8 in JSON schema"],
  ["avro", new Uint8Array([0xe2, 0x82]), "Invalid UTF-8 in Avro schema"],
  ["proto", new Uint8Array([0xff]), "Invalid UTF-8 in Protobuf schema"],
  ["avro", "string", "Invalid Avro schema"],
  ["avro", "5", "Invalid Avro schema"],
  ["avro", "{}", "Invalid Avro schema"],
  ["avro", { type: "invalid_type", name: "User" }, "Invalid Avro schema"],
  ["avro", { type: "record", name: "User" }, "Invalid Avro schema"],
  ["avro", { type: "record", fields: [] }, "Invalid Avro schema"],
  [
    "avro",
    record([
      { name: "a", type: "int" },
      { name: "a", type: "int" },
    ]),
    "Invalid Avro schema",
  ],
  ["avro", record([{ name: "a", type: "int", default: "x" }]), "Invalid Avro schema"],
  ["avro", record([{ name: "a", type: "long", default: "x" }]), "Invalid Avro schema"],
  ["avro", record([{ name: "a", type: ["int", "string"], default: null }]), "Invalid Avro schema"],
  ["avro", record([{ name: "a", type: ["int", "int"] }]), "Invalid Avro schema"],
  ["avro", { type: "enum", name: "E", symbols: ["A", "A"] }, "Invalid Avro schema"],
  ["avro", { type: "fixed", name: "F" }, "Invalid Avro schema"],
  ["avro", { type: "array" }, "Invalid Avro schema"],
])("refuses %s %o", async (type, definition, why) => {
  const [code, words] = await failure(world.register("refused", type, definition));
  const beginning = `Failed to register schema: ${why}`;
  expect([code, words.slice(0, beginning.length)]).toEqual([Code.Internal, beginning]);
});

test.each([
  [
    "exclusive limits of draft 4",
    { $schema: "http://json-schema.org/draft-04/schema#", maximum: 1, exclusiveMaximum: true },
  ],
  [
    "items by position, of draft 7",
    { $schema: "http://json-schema.org/draft-07/schema#", items: [{ type: "string" }] },
  ],
  ["draft 6", { $schema: "http://json-schema.org/draft-06/schema#" }],
  ["2019-09", { $schema: "https://json-schema.org/draft/2019-09/schema", properties: { format: { type: "string" } } }],
  ["references", { $ref: "#/$defs/a~1b", $defs: { "a/b": { items: { $ref: "#" } } } }],
  ["what is no keyword, and is called as functions are", { constructor: 5, toString: "x" }],
])("takes %s", async (what, definition) => {
  await world.register(`takes ${what}`, "json", definition);
});

// The real one takes the first two, and resets the call for the third.
test.each([
  ["the default of a later type of the union", record([{ name: "a", type: ["int", "null"], default: null }])],
  ["a type within a type", { type: { type: "array", items: { type: "string" } } }],
  ["a name that cannot be one", { type: "record", name: "a-b", fields: [] }],
])("avsc refuses %s", async (_what, definition) => {
  const [code, words] = await failure(world.register("avsc", "avro", definition));
  expect([code, words]).toEqual([
    Code.Internal,
    expect.stringMatching(/^Failed to register schema: Invalid Avro schema: /),
  ]);
});

test.each([
  ["avsc", "avro", '"string"'],
  ["@cfworker/json-schema", "json", "{}"],
])("says that %s is needed", async (name, type, definition) => {
  vi.resetModules();
  vi.doMock(name, () => {
    throw new Error("not installed");
  });
  try {
    const { parseSchema } = await import("../../../src/testing/schema/definitions.ts");
    const parsing = parseSchema(type, new TextEncoder().encode(definition));
    await expect(parsing).rejects.toThrow(`the embedded broker needs the package ${name} for this`);
  } finally {
    vi.doUnmock(name);
  }
});
