import { describe, expect, test } from "vitest";
import { parseKeyFrom } from "../../../src/cli/key-from.ts";
import { keyOf } from "../../../src/cli/keys.ts";
import { UsageError } from "../../../src/cli/usage.ts";
import { thrown } from "../support/outcomes.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const key = (spec: string, line: string) => parseKeyFrom(spec)(bytes(line));
const complaint = (spec: string, line: string | Uint8Array) =>
  (thrown(() => parseKeyFrom(spec)(typeof line === "string" ? bytes(line) : line)) as Error).message;

describe("json:PATH", () => {
  test.each<[string, string, string]>([
    ["id", '{"id":"a"}', "a"],
    ["user.id", '{"user":{"id":"a","name":"b"},"id":"c"}', "a"],
    ["items.1.id", '{"items":[{"id":"a"},{"id":"b"}]}', "b"],
    ["0", '["a"]', "a"],
    ["ok", '{"ok":true}', "true"],
    ["ok", '{"ok":false}', "false"],
    ["/log.level", '{"log.level":"info"}', "info"],
    ["/a~1b/~0c", '{"a/b":{"~c":"x"}}', "x"],
    ["/", '{"":"x"}', "x"],
    ["__proto__", '{"__proto__":"x"}', "x"],
    ["id", ' { "id" : "\\u00e9" } ', "é"],
    ["id", '\ufeff{"id":"a"}', "a"],
  ])("%s of %s", (path, line, expected) => {
    expect(key(`json:${path}`, line)).toBe(expected);
  });

  test.each(["7", "-0", "1.0", "1e3", "12345678901234567890"])("a number is the key as it is written: %s", (number) => {
    expect(key("json:id", `{"id":${number}}`)).toBe(number);
  });

  test.each<[string, string, string]>([
    ["id", "", "it is no JSON"],
    ["id", "plain text", "it is no JSON"],
    ["id", "{}", "there is no id"],
    ["user.id", '{"user":"x"}', "there is no user.id"],
    ["user.id", '{"user.id":"x"}', "there is no user.id"],
    ["toString", "{}", "there is no toString"],
    ["length", "[1]", "there is no length"],
    ["id", "null", "there is no id"],
    ["id", '{"id":null}', "id is null"],
    ["id", '{"id":{"a":1}}', "id is an object"],
    ["id", '{"id":[]}', "id is an array"],
    ["id", '{"id":""}', "it is empty"],
  ])("%s is not in %s", (path, line, why) => {
    expect(complaint(`json:${path}`, line)).toBe(`no key by json:${path}: ${why}`);
  });
});

describe("csv:N", () => {
  test.each<[string, string, string]>([
    ["1", "a,b", "a"],
    ["2", "a,b", "b"],
    ["1", "a", "a"],
    ["2", 'x,"a, ""b"""', 'a, "b"'],
    ["3", '"x,y",,"z"', "z"],
    ["2", 'a"b,c"d', 'c"d'],
    ["2", "a, b ", " b "],
    ["2,;", 'a,"b";c', "c"],
    ["2,\\t", 'a\t"b"', "b"],
    ["2,::", 'a::"b::c"', "b::c"],
  ])("csv:%s of %s", (column, line, expected) => {
    expect(key(`csv:${column}`, line)).toBe(expected);
  });

  test.each<[string, string, string]>([
    ["2", "a", "there is 1 column"],
    ["4", "a,b,", "there are 3 columns"],
    ["3", "a,b,", "it is empty"],
    ["1", "", "it is empty"],
    ["1", '""', "it is empty"],
    ["2", 'a,"b', "its quotes do not end"],
    ["3", 'a,"b""', "its quotes do not end"],
    ["2", 'a,"b"c,d', "column 2 goes on after its quotes"],
  ])("csv:%s is not in %s", (column, line, why) => {
    expect(complaint(`csv:${column}`, line)).toBe(`no key by csv:${column}: ${why}`);
  });

  test("quotes after the column do not matter", () => {
    expect(key("csv:1", 'a,"b')).toBe("a");
  });
});

describe("field:N", () => {
  test.each<[string, string, string]>([
    ["1", "a b", "a"],
    ["2", "  a \t b  ", "b"],
    ["3", '10.0.0.1 - "GET /"', '"GET'],
    ["2,\\t", 'a b\t"c d"\te', '"c d"'],
    ["2,\t", "a\tb", "b"],
    ["2,,", "a,b", "b"],
    ["2, | ", "a | b | c", "b"],
  ])("field:%s of %j", (column, line, expected) => {
    expect(key(`field:${column}`, line)).toBe(expected);
  });

  test.each<[string, string, string]>([
    ["1", "", "there are 0 columns"],
    ["1", "  ", "there are 0 columns"],
    ["3", "a b", "there are 2 columns"],
    ["2,\\t", "a\t\tb", "it is empty"],
    ["2,\\t", "a b", "there is 1 column"],
  ])("field:%s is not in %j", (column, line, why) => {
    expect(complaint(`field:${column}`, line)).toBe(`no key by field:${column}: ${why}`);
  });
});

describe("match:REGEX", () => {
  test.each<[string, string, string]>([
    ["user=(\\w+)", "at 7 user=anna id=(3)", "anna"],
    ["user=(\\w+) id=(\\d+)", "user=anna id=3", "anna"],
    ["[0-9a-f]{8}", "request 00c0ffee done", "00c0ffee"],
    ["(?:a|b)c", "xbc", "bc"],
    ["^(.)", "😀!", "😀"],
    [":(.*)", "a:b:c", "b:c"],
  ])("%s of %s", (pattern, line, expected) => {
    expect(key(`match:${pattern}`, line)).toBe(expected);
  });

  test("lines have nothing to do with each other", () => {
    const find = parseKeyFrom("match:(\\d)");
    expect(["1", "a2", "3"].map((line) => find(bytes(line)))).toEqual(["1", "2", "3"]);
  });

  test.each<[string, string, string]>([
    ["user=(\\w+)", "nobody", "it does not match"],
    ["a(b)?", "a", "its group does not match"],
    ["a(b*)", "a", "it is empty"],
  ])("%s is not in %s", (pattern, line, why) => {
    expect(complaint(`match:${pattern}`, line)).toBe(`no key by match:${pattern}: ${why}`);
  });
});

describe("bytes that are no UTF-8", () => {
  const line = Uint8Array.from([...bytes("user=a "), 0xff, 0x20, ...bytes("b")]);

  test("do not matter beside the key", () => {
    expect(parseKeyFrom("field:1")(line)).toBe("user=a");
    expect(parseKeyFrom("match:user=(\\w)")(line)).toBe("a");
  });

  test("are none of the key's: different ones would become the same", () => {
    expect(complaint("field:2", line)).toBe("no key by field:2: it is no UTF-8");
  });

  test("the character that stands for them is one like others where it is written", () => {
    expect(key("field:1", "\ufffd")).toBe("\ufffd");
  });
});

test.each([
  "",
  "id",
  "xml:id",
  ":id",
  "constructor:x",
  "json:",
  "json:.",
  "json:a..b",
  "csv:",
  "csv:0",
  "csv:x",
  "csv:1,",
  "csv:1;",
  "field:-1",
  "field:1.5",
  "field:9999999",
  "match:",
  "match:(",
  "match:\\",
])("%j is called wrongly", (spec) => {
  const error = thrown(() => parseKeyFrom(spec));
  expect(error).toBeInstanceOf(UsageError);
  expect((error as Error).message).toContain("--key-from");
});

describe("keyOf", () => {
  test("without any option there is no key", () => {
    expect(keyOf({})(bytes("x"))).toBeUndefined();
  });

  test("--key is the key of every line", () => {
    const find = keyOf({ key: "k" });
    expect([find(bytes("x")), find(bytes(""))]).toEqual(["k", "k"]);
  });

  test("--key-from fails a line without a key, and with --key-optional it has none", () => {
    const from = { "key-from": "field:2" };
    expect(keyOf(from)(bytes("a b"))).toBe("b");
    expect(() => keyOf(from)(bytes("a"))).toThrow("no key by field:2");
    const optional = keyOf({ ...from, "key-optional": true });
    expect([optional(bytes("a b")), optional(bytes("a"))]).toEqual(["b", undefined]);
  });

  test.each([
    { key: "k", "key-from": "field:1" },
    { "key-optional": true },
    { key: "k", "key-optional": true },
    { "key-from": "field:0", "key-optional": true },
  ])("%j does not go together", (values) => {
    expect(() => keyOf(values)).toThrow(UsageError);
  });
});
