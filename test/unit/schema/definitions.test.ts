import { describe, expect, test } from "vitest";
import { sameDefinition, unwrapDefinition } from "../../../src/schema/definitions.ts";

const answer = (value: unknown) =>
  unwrapDefinition(new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value)));

describe("unwrapDefinition", () => {
  test.each([
    ['"Bytes"', ""],
    ['"String"', ""],
    ['"Number"', ""],
    ['{"JsonSchema":{"raw_schema":"{\\"type\\":\\"object\\"}","fingerprint":"sha256:1"}}', '{"type":"object"}'],
    ['{"Avro":{"fingerprint":"sha256:1","raw_schema":"\\"string\\""}}', '"string"'],
    [
      '{"Protobuf":{"raw_proto":"message A {}","message_name":"DefaultMessage","fingerprint":"sha256:1"}}',
      "message A {}",
    ],
  ])("%s", (given, expected) => expect(answer(given)).toBe(expected));

  test.each([
    "",
    '{"type":"object"}',
    '{"JsonSchema":{"type":"object"}}',
    '{"Avro":{"raw_schema":5}}',
    '{"Avro":{"raw_schema":"x"},"more":1}',
    '{"Avro":null}',
    "message A {}",
    '"Text"',
    "[]",
    "null",
  ])("%s is a definition itself", (given) => expect(answer(given)).toBe(given));
});

describe("sameDefinition", () => {
  test("one that is nested deeper than the stack is a text like any other", () => {
    const deep = "[".repeat(200_000) + "]".repeat(200_000);
    expect(sameDefinition(deep, "{}")).toBe(false);
    expect(sameDefinition(deep, deep)).toBe(true);
  });

  test("white space and the order of members do not count in JSON", () => {
    expect(sameDefinition('{"a":1,"b":{"c":[1,2],"d":null}}', '{ "b": {"d": null, "c": [1, 2]}, "a": 1 }')).toBe(true);
    expect(sameDefinition('{"a":[1,2]}', '{"a":[2,1]}')).toBe(false);
    expect(sameDefinition('{"a":1}', '{"a":1,"b":1}')).toBe(false);
    expect(sameDefinition('{"__proto__":1}', "{}")).toBe(false);
  });

  test("other text is the same when it is the same", () => {
    expect(sameDefinition("message A {}", "message A {}")).toBe(true);
    expect(sameDefinition("message A {}", "message  A {}")).toBe(false);
  });
});
