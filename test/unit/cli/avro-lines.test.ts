import { describe, expect, test } from "vitest";
import { avroOfJson } from "../../../src/cli/avro-lines.ts";

/** What is sent for a line, in Avro's JSON encoding. */
function sent(definition: unknown, json: unknown): unknown {
  const { schema, fromJson } = avroOfJson("s", { schema: JSON.stringify(definition), encoding: "json" });
  return JSON.parse(new TextDecoder().decode(schema.encode(fromJson(json))));
}

const record = (...fields: [name: string, type: unknown, initial?: unknown][]) => ({
  type: "record",
  name: "com.example.R",
  fields: fields.map(([name, type, initial]) => ({ name, type, ...(initial !== undefined && { default: initial }) })),
});

/** A plain form, and Avro's own: both are sent as Avro's own. */
const both: [what: string, definition: unknown, plain: unknown, own: unknown][] = [
  ["a nullable field", record(["a", ["null", "string"]]), { a: "x" }, { a: { string: "x" } }],
  ["null in it", record(["a", ["null", "string"]]), { a: null }, { a: null }],
  ["numbers that are told apart by their names only", ["null", "int", "double"], 1.5, { double: 1.5 }],
  ["the first branch that fits", ["int", "long"], 5, { int: 5 }],
  ["bytes", record(["a", "bytes"]), { a: "\xffa" }, { a: "\xffa" }],
  ["bytes in a union", record(["a", ["null", "bytes"]]), { a: "\xff" }, { a: { bytes: "\xff" } }],
  ["fixed", { type: "fixed", name: "F", size: 2 }, "ab", "ab"],
  ["arrays of unions", { type: "array", items: ["null", "long"] }, [1, null], [{ long: 1 }, null]],
  ["maps of unions", { type: "map", values: ["null", "long"] }, { a: 1, b: null }, { a: { long: 1 }, b: null }],
  [
    "records in a union",
    ["null", record(["a", "int"]), { type: "record", name: "S", fields: [{ name: "b", type: "int" }] }],
    { b: 1 },
    { S: { b: 1 } },
  ],
  [
    "a record that has itself in it",
    record(["value", "int"], ["next", ["null", "com.example.R"], null]),
    { value: 1, next: { value: 2, next: null } },
    { value: 1, next: { "com.example.R": { value: 2, next: null } } },
  ],
  ["an enum", ["null", { type: "enum", name: "E", symbols: ["A", "B"] }], "B", { E: "B" }],
];

describe("both of JSON's forms", () => {
  test.each(both)("%s, plain", (_, definition, plain, own) => {
    expect(sent(definition, plain)).toEqual(own);
  });
  test.each(both)("%s, as Avro has it", (_, definition, __, own) => {
    expect(sent(definition, own)).toEqual(own);
  });

  test("a map in a union may have one member that is called as no branch is", () => {
    expect(sent(["null", { type: "map", values: "string" }], { string: "x" })).toEqual({ map: { string: "x" } });
  });

  test("fields with a default may be left out", () => {
    const definition = record(["a", "int"], ["b", ["null", "string"], null], ["c", "bytes", ""]);
    expect(sent(definition, { a: 1 })).toEqual({ a: 1, b: null, c: "" });
  });
});

describe("what does not fit is rejected, and the place named", () => {
  test.each<[unknown, unknown, string]>([
    [record(["a", "long"]), { a: "x" }, "a is string"],
    [record(["a", "long"]), {}, "a is undefined"],
    [record(["a", ["null", "string"]]), { a: 5 }, "a is number"],
    [record(["a", ["null", "string"]]), { a: { string: 5 } }, "a is number"],
    [record(["a", "bytes"]), { a: "€" }, "a is string"],
    [record(["a", "long"]), { a: 2 ** 60 }, "a is another kind of number"],
    [record(["a", "int"]), null, "the value is null"],
    [record(["a", "int"]), [1], "a is"],
    [{ type: "array", items: "int" }, { 0: 1 }, "the value is"],
    [["int", "long"], "x", "the value is"],
  ])("%j, %j", (definition, json, text) => {
    expect(() => sent(definition, json)).toThrow(text);
  });
});
