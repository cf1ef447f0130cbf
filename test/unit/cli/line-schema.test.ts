import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lineSchema } from "../../../src/cli/line-schema.ts";
import { UsageError } from "../../../src/cli/usage.ts";
import type { Schema } from "../../../src/schema/schema.ts";
import { rejection, thrown } from "../support/outcomes.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "danube-line-schema-"));
});
afterAll(() => rm(folder, { recursive: true }));

const file = async (content: string) => {
  const path = join(folder, `${Math.random()}.json`);
  await writeFile(path, content);
  return path;
};
const bytes = (text: string) => new TextEncoder().encode(text);

/** Prepared, as createProducer does. */
async function prepared(values: Parameters<typeof lineSchema>[0]): Promise<Schema<Uint8Array>> {
  const schema = (await lineSchema(values)) as Schema<Uint8Array>;
  await schema.prepare?.();
  return schema;
}

const encoded = (schema: Schema<Uint8Array>, line: string) =>
  Buffer.from(schema.encode(bytes(line))).toString("latin1");

describe("--schema", () => {
  test("left out, there is none", async () => {
    expect(await lineSchema({})).toBeUndefined();
  });

  test.each<[string, string, string, string]>([
    ["text:s", "string", "é", "\xc3\xa9"],
    ["bytes:s", "bytes", "x", "x"],
    ["int64:s", "number", "-1", "\xff".repeat(8)],
    ["double:s", "number", "1", "\x3f\xf0\0\0\0\0\0\0"],
    ["json:s", "json_schema", "[1]", "[1]"],
  ])("%s is %s in the registry", async (spec, type, line, message) => {
    const schema = await prepared({ schema: spec });
    expect(schema).toMatchObject({ subject: "s", type });
    expect(encoded(schema, line)).toBe(message);
  });

  test("bytes are any", async () => {
    const schema = await prepared({ schema: "bytes:s" });
    expect(schema.encode(Uint8Array.of(0xff, 0))).toEqual(Uint8Array.of(0xff, 0));
  });

  test("json is sent as it is written, but for a byte order mark", async () => {
    const schema = await prepared({ schema: "json:s" });
    for (const line of [' {"b": 1.0, "a": 12345678901234567890, "a": -0}\t', '"\\u00e9"']) {
      expect(encoded(schema, line)).toBe(line);
    }
    expect(encoded(schema, "\ufeff[1]")).toBe("[1]");
    expect(() => encoded(schema, "nope")).toThrow("it is no JSON");
  });

  test("json is validated by --schema-file", async () => {
    const definition = '{"type":"object","required":["id"]}\n';
    const schema = await prepared({ schema: "json:s", "schema-file": await file(definition) });
    expect(schema.definition).toBe(definition);
    expect(encoded(schema, '{"id":1}')).toBe('{"id":1}');
    expect(thrown(() => encoded(schema, "{}"))).toMatchObject({ code: "SCHEMA_REJECTED" });
  });

  test("avro is what --avro-encoding says", async () => {
    const definition = '{"type":"record","name":"R","fields":[{"name":"id","type":["null","long"]}]}';
    const values = { schema: "avro:s", "schema-file": await file(definition) };
    const datum = await prepared({ ...values, "avro-encoding": "datum" });
    expect(datum).toMatchObject({ subject: "s", type: "avro", definition, exact: true });
    expect(encoded(datum, '{"id":1}')).toBe("\x02\x02");
    const text = await prepared({ ...values, "avro-encoding": "json" });
    expect(encoded(text, '{"id":1}')).toBe('{"id":{"long":1}}');
    const container = await prepared({ ...values, "avro-encoding": "container" });
    expect(encoded(container, '{"id":1}').slice(0, 4)).toBe("Obj\x01");
    expect(thrown(() => encoded(datum, '{"id":"x"}'))).toMatchObject({ code: "SCHEMA_REJECTED" });
  });
});

describe("--schema-version and --register", () => {
  test.each<[string, unknown]>([
    ["latest", "latest"],
    ["3", 3],
    ["min:3", { min: 3 }],
  ])("%s", async (given, version) => {
    expect((await lineSchema({ schema: "text:s", "schema-version": given }))?.version).toEqual(version);
  });

  test.each<[string, unknown]>([
    ["if-missing", "if-missing"],
    ["evolve", "evolve"],
    ["none", false],
  ])("%s", async (given, register) => {
    expect((await lineSchema({ schema: "json:s", register: given }))?.register).toBe(register);
  });

  test("left out, the schema's own defaults hold", async () => {
    expect(await lineSchema({ schema: "text:s" })).toMatchObject({ version: undefined, register: undefined });
  });
});

describe("called wrongly", () => {
  test.each<[Parameters<typeof lineSchema>[0], string]>([
    [{ schema: "orders" }, "--schema must be one of"],
    [{ schema: "xml:orders" }, "--schema must be one of"],
    [{ schema: "constructor:orders" }, "--schema must be one of"],
    [{ schema: ":orders" }, "--schema must be one of"],
    [{ schema: "text:" }, "--schema text:"],
    [{ schema: "text:a/b" }, "--schema text:"],
    [{ schema: "text:s", "schema-file": "f" }, "--schema-file needs --schema json:SUBJECT or avro:SUBJECT"],
    [{ schema: "json:s", "avro-encoding": "datum" }, "--avro-encoding needs --schema avro:SUBJECT"],
    [{ "schema-file": "f" }, "--schema-file needs"],
    [{ "avro-encoding": "datum" }, "--avro-encoding needs"],
    [{ "schema-version": "1" }, "--schema-version needs"],
    [{ register: "none" }, "--register needs"],
    [{ schema: "avro:s", "avro-encoding": "datum" }, "needs --schema-file"],
    [{ schema: "avro:s", "avro-encoding": "xml" }, "--avro-encoding must be one of"],
    [{ schema: "text:s", "schema-version": "newest" }, "--schema-version"],
    [{ schema: "text:s", "schema-version": "0" }, "--schema-version"],
    [{ schema: "text:s", "schema-version": "min:" }, "--schema-version"],
    [{ schema: "text:s", "schema-version": "max:1" }, "--schema-version"],
    [{ schema: "text:s", "schema-version": "4294967296" }, "--schema-version"],
    [{ schema: "text:s", register: "yes" }, "--register must be one of"],
    [{ schema: "json:s", "schema-file": "-" }, "--schema-file must be a file"],
    [{ schema: "json:s", "schema-file": "/no/such/file" }, "/no/such/file"],
  ])("%j", async (values, text) => {
    const error = await rejection(lineSchema(values));
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain(text);
  });

  test("avro needs to be told how it is sent", async () => {
    const values = { schema: "avro:s", "schema-file": await file('"long"') };
    expect(await rejection(lineSchema(values))).toMatchObject({ message: expect.stringContaining("--avro-encoding") });
  });
});

test.each<[string, string, string]>([
  ["json:s", "nope", "is not JSON"],
  ["json:s", "[1]", "must be a JSON Schema"],
  ["avro:s", "nope", "is no Avro schema"],
  ["avro:s", '{"type":"recrd"}', "is no Avro schema"],
])("%s by a definition that is none: the file is named", async (schema, content, text) => {
  const path = await file(content);
  const values = { schema, "schema-file": path, ...(schema.startsWith("avro") && { "avro-encoding": "datum" }) };
  const error = (await rejection(lineSchema(values))) as Error;
  expect(error).not.toBeInstanceOf(UsageError);
  expect(error.message).toContain(`${path}: `);
  expect(error.message).toContain(text);
});
