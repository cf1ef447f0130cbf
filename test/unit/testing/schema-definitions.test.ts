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
  ["avro", '{"type": "string"}', "e9e5c1c9e4f6277339d1bcde0733a59bd42f8731f449da6dc13010a916930d48"],
  ["avro", '["null","string"]', "5ec9bfb57a4af8880b4ab674393ed4f11201c5be1a7e9f0d9506f32e07397f5c"],
  [
    "avro",
    '{"type":"string","logicalType":"uuid"}',
    "5de4d92ab906e0d3d9eb4d3fc8496fa9b8aa2add65e75035f4286064d9d2fb05",
  ],
  [
    "avro",
    record([{ name: "a", type: "int", doc: "x", order: "ascending", aliases: ["b"], foo: 1 }], {
      doc: "d",
      namespace: "n.s",
      aliases: ["U", "x.V"],
      extra: true,
    }),
    "0383311b22f924286d2a6748e67778af3b92cb6304ce7f6bbd8b65042231061d",
  ],
  [
    "avro",
    record([{ name: "next", type: ["null", "User"], default: null }]),
    "094f6904ca3f9ff55e5c65d3f98b03da9561668c18971124509cc9039cf2df85",
  ],
  [
    "avro",
    record([{ name: "a", type: { type: "fixed", name: "D", size: 8, logicalType: "decimal", precision: 4 } }]),
    "0dc3bb8d0616b0cd00b0322646d3e73f25f08ce879bfc71dce1b4991ad6fd8b4",
  ],
])("the real broker's fingerprint of %s %o", async (type, definition, hash) => {
  const registered = await world.register(`hash-${hash}`, type, definition);
  expect(registered).toMatchObject({ fingerprint: `sha256:${hash}` });
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
  ["jsonschema", "{}", "Unknown schema type: jsonschema"],
  ["", "{}", "Unknown schema type: "],
  ["json", "", "Invalid JSON in schema: EOF while parsing a value at line 1 column 0"],
  ["json", '{"a":\n 1,}', "Invalid JSON in schema: trailing comma at line 2 column 4"],
  ["json", '{"a":1} x', "Invalid JSON in schema: trailing characters at line 1 column 9"],
  ["json", "hello", "Invalid JSON in schema: expected value at line 1 column 1"],
  ["json", "5", 'Invalid JSON Schema: 5 is not of types "boolean", "object"'],
  [
    "json",
    { properties: { a: { type: "strin" } } },
    `Invalid JSON Schema: "strin" is not valid under any of the schemas listed in the 'anyOf' keyword`,
  ],
  ["json", { required: "name" }, 'Invalid JSON Schema: "name" is not of type "array"'],
  ["json", { required: ["a", "a"] }, 'Invalid JSON Schema: ["a","a"] has non-unique elements'],
  ["json", { allOf: [] }, "Invalid JSON Schema: [] has less than 1 item"],
  ["json", { minLength: -1 }, "Invalid JSON Schema: -1 is less than the minimum of 0"],
  ["json", { pattern: "[" }, 'Invalid JSON Schema: "[" is not a "regex"'],
  ["json", { $ref: "#/nope" }, "Invalid JSON Schema: Pointer '/nope' does not exist"],
  [
    "json",
    { $schema: "http://example.com/x" },
    "Invalid JSON Schema: Unknown meta-schema: 'http://example.com/x'. Custom meta-schemas must be registered in the registry before use",
  ],
  [
    "json",
    new Uint8Array([0x7b, 0xff]),
    "Invalid UTF-8 in JSON schema: invalid utf-8 sequence of 1 bytes from index 1",
  ],
  ["avro", new Uint8Array([0xe2, 0x82]), "Invalid UTF-8 in Avro schema: incomplete utf-8 byte sequence from index 0"],
  ["avro", "string", "Invalid Avro schema: Failed to parse schema from JSON"],
  ["avro", "5", "Invalid Avro schema: Must be a JSON string, object or array"],
  ["avro", { type: "invalid_type", name: "User" }, "Invalid Avro schema: Unknown primitive type: invalid_type"],
  ["avro", { type: "record", name: "User" }, "Invalid Avro schema: No `fields` in record"],
  ["avro", { type: "record", fields: [] }, "Invalid Avro schema: No `name` field"],
  [
    "avro",
    record([
      { name: "a", type: "int" },
      { name: "a", type: "int" },
    ]),
    "Invalid Avro schema: Duplicate field name a",
  ],
  [
    "avro",
    record([{ name: "a", type: "int", default: "x" }]),
    'Invalid Avro schema: `default`\'s value type of field "a" in "User" must be "\\"int\\""',
  ],
  [
    "avro",
    record([{ name: "a", type: ["int", "string"], default: null }]),
    "Invalid Avro schema: One union type Int must match the `default`'s value type Null",
  ],
  ["avro", record([{ name: "a", type: ["int", "int"] }]), "Invalid Avro schema: Unions cannot contain duplicate types"],
  ["avro", { type: "enum", name: "E", symbols: ["A", "A"] }, "Invalid Avro schema: Duplicate enum symbol A"],
  ["avro", { type: "fixed", name: "F" }, "Invalid Avro schema: Fixed schema has no `size`"],
  ["avro", { type: "array" }, "Invalid Avro schema: No `items` in array"],
])("refuses %s %o", async (type, definition, why) => {
  const failed = failure(world.register("refused", type, definition));
  expect(await failed).toEqual([Code.Internal, `Failed to register schema: ${why}`]);
});

test("takes what avsc would not: the default of a later type of the union, a type within a type", async () => {
  await world.register("later", "avro", record([{ name: "a", type: ["int", "null"], default: null }]));
  await world.register("within", "avro", { type: { type: "array", items: { type: "string" } } });
});

test("a name that cannot be one panics: the call is reset, and nothing else", async () => {
  const panicking = world.register("panic", "avro", { type: "record", name: "a-b", fields: [] });
  expect(await failure(panicking)).toEqual([Code.Canceled, "http/2 stream closed with error code CANCEL (0x8)"]);
  await world.register("no panic", "bytes");
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
