import { describe, expect, test } from "vitest";
import { json } from "../../../src/schema/json.ts";
import { jsonSchemaValidator } from "../../../src/schema/json-validator.ts";
import { rejection, thrown } from "../support/outcomes.ts";

const order = {
  type: "object",
  properties: { id: { type: "string", minLength: 2 }, lines: { type: "array", items: { type: "integer" } } },
  required: ["id"],
  additionalProperties: false,
};
const textOf = (data: Uint8Array) => new TextDecoder().decode(data);

async function prepared(options: Parameters<typeof json>[1]) {
  const schema = json("orders", options);
  await schema.prepare?.();
  return schema;
}

describe("json without a schema", () => {
  test("sends what JSON can say, and brings no definition", () => {
    const schema = json("any");
    expect(schema).toMatchObject({ subject: "any", type: "json_schema" });
    expect(schema.definition).toBeUndefined();
    for (const value of [null, 0, "", "漢", [1, { a: [] }], { at: "x" }]) {
      expect(schema.decode?.(schema.encode(value))).toEqual(value);
    }
    expect(textOf(schema.encode({ at: new Date(0), gone: undefined }))).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
  });

  test("refuses what JSON cannot say", () => {
    const circular: { self?: unknown } = {};
    circular.self = circular;
    for (const value of [undefined, () => {}, Symbol("s"), 1n, { a: 1n }, circular]) {
      const error = thrown(() => json("any").encode(value));
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toContain('"payload"');
    }
  });

  test("a message that is no JSON does not decode", () => {
    expect(() => json("any").decode?.(new TextEncoder().encode("{"))).toThrow(SyntaxError);
    expect(() => json("any").decode?.(new Uint8Array([0xff]))).toThrow(TypeError);
  });
});

describe("json with a schema", () => {
  test("lets through what fits", async () => {
    const schema = await prepared({ schema: order });
    expect(textOf(schema.encode({ id: "o-1", lines: [1, 2] }))).toBe('{"id":"o-1","lines":[1,2]}');
    expect(JSON.parse(schema.definition ?? "")).toEqual(order);
  });

  test.each<[unknown, RegExp]>([
    [{}, /required property "id"/],
    [{ id: 5 }, /#\/id: .*Expected "string"/],
    [{ id: "x" }, /#\/id: .*too short/],
    [{ id: "o-1", lines: [1, "2"] }, /#\/lines\/1/],
    [{ id: "o-1", more: 1 }, /#\/more/],
    ["o-1", /Expected "object"/],
    [null, /Expected "object"/],
  ])("refuses %j, and says where", async (value, why) => {
    const schema = await prepared({ schema: order });
    expect(thrown(() => schema.encode(value))).toMatchObject({
      code: "SCHEMA_REJECTED",
      outcome: "not-sent",
      retryable: false,
      message: expect.stringMatching(why),
    });
  });

  test("takes the schema's text as well, as it is", async () => {
    const text = `{ "type":  "integer" }`;
    const schema = await prepared({ schema: text });
    expect(schema.definition).toBe(text);
    expect(() => schema.encode(1)).not.toThrow();
    expect(() => schema.encode("1")).toThrow(/integer/);
  });

  test("validates what is sent, not what it was made of", async () => {
    const schema = await prepared({ schema: { properties: { at: { type: "string", format: "date-time" } } } });
    expect(() => schema.encode({ at: new Date(0) })).not.toThrow();
    expect(() => schema.encode({ at: "yesterday" })).toThrow(/date-time/);
  });

  test("does not send what nobody could check", () => {
    expect(() => json("orders", { schema: order }).encode({ id: "o-1" })).toThrow(/prepared/);
  });

  test("what is no schema is a TypeError", () => {
    for (const schema of ["", "{", "5", '"text"', "[]", [], 5, null]) {
      expect(thrown(() => json("orders", { schema: schema as object }))).toBeInstanceOf(TypeError);
    }
  });

  test("what only looks like one is a TypeError when it is prepared", async () => {
    const twice = { $id: "http://x/a", $defs: { b: { $id: "http://x/a" } } };
    expect(await rejection(prepared({ schema: twice }))).toBeInstanceOf(TypeError);
  });

  test("preparing twice is no trouble", async () => {
    const schema = await prepared({ schema: order });
    await schema.prepare?.();
    expect(() => schema.encode({ id: "o-1" })).not.toThrow();
  });
});

describe("the draft is the schema's own", () => {
  const tuple = (draft: string | undefined, keyword: string) =>
    jsonSchemaValidator(JSON.stringify({ ...(draft && { $schema: draft }), [keyword]: [{ type: "string" }] }));

  test.each([
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-06/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
  ])("%s: items is a list of positions", (draft) => {
    expect(tuple(draft, "items")([1])).toMatch(/#\/0/);
    expect(tuple(draft, "items")(["1", 1])).toBeUndefined();
  });

  test.each(["https://json-schema.org/draft/2020-12/schema", undefined])("%s: prefixItems is", (draft) => {
    expect(tuple(draft, "prefixItems")([1])).toMatch(/#\/0/);
  });

  test("true takes everything, and false nothing", () => {
    expect(jsonSchemaValidator("true")({})).toBeUndefined();
    expect(jsonSchemaValidator("false")({})).toBeDefined();
  });

  test("a long list of complaints is cut", () => {
    const strings = jsonSchemaValidator(JSON.stringify({ items: { type: "string" } }));
    expect(strings(Array.from({ length: 100 }, (_, i) => i))?.split("; ")).toHaveLength(3);
  });
});
