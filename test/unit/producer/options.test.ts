import { describe, expect, test } from "vitest";
import {
  checkSendOptions,
  checkTopic,
  type ProducerOptions,
  resolveProducerOptions,
  type SendOptions,
  toBytes,
} from "../../../src/producer/options.ts";
import { thrown } from "../support/outcomes.ts";

const topic = "/default/topic";
const defaults = { createTimeoutMs: 111, sendTimeoutMs: 222 };

function typeError(work: () => unknown): string {
  const error = thrown(work);
  expect(error).toBeInstanceOf(TypeError);
  return (error as Error).message;
}

const complaint = (options: unknown) => typeError(() => resolveProducerOptions(options as ProducerOptions, defaults));
const sendComplaint = (options: unknown) => typeError(() => checkSendOptions(options as SendOptions));

const wholeNumbers = [0, -1, 1.5, "1", Number.NaN, null, 1n, Number.POSITIVE_INFINITY];

describe("wrong producer options are TypeErrors that name the option", () => {
  const wrong: [keyof ProducerOptions, unknown[]][] = [
    ["topic", [undefined, null, "", 1, {}, "/default/\ud800"]],
    ["name", ["", 1, null, "\udc00"]],
    ["dispatch", ["", "Reliable", null, true]],
    ["access", ["", "shared ", null, 1]],
    ["order", ["", "keys", null, 1]],
    ["maxInFlight", wholeNumbers],
    ["maxQueuedMessages", wholeNumbers],
    ["maxQueuedBytes", wholeNumbers],
    ["createTimeoutMs", wholeNumbers],
    ["sendTimeoutMs", wholeNumbers],
    ["signal", [null, {}, new AbortController(), "abort"]],
  ];

  test.each(wrong)("%s", (name, values) => {
    for (const value of values) {
      expect(complaint({ topic, [name]: value })).toContain(`"${name}"`);
    }
  });

  test("one that does not exist, or no object", () => {
    expect(complaint({ topic, partition: 3 })).toContain('"partition"');
    for (const value of [undefined, null, topic, [topic]]) {
      complaint(value);
    }
  });
});

describe("what is resolved", () => {
  test("the defaults", () => {
    expect(resolveProducerOptions({ topic }, defaults)).toEqual({
      topic,
      name: "danube-js",
      partitions: undefined,
      grow: false,
      route: expect.any(Function),
      dispatch: undefined,
      access: "shared",
      order: "partition",
      maxInFlight: 256,
      maxQueuedMessages: 65_536,
      maxQueuedBytes: 67_108_864,
      createTimeoutMs: 111,
      sendTimeoutMs: 222,
      signal: undefined,
    });
  });

  test("what is given is taken, and the object left as it is", () => {
    const { signal } = new AbortController();
    const given = {
      topic,
      name: "n",
      partitions: 3,
      grow: true,
      route: () => 0,
      dispatch: "reliable",
      access: "exclusive",
      order: "key",
      maxInFlight: 1,
      maxQueuedMessages: 2,
      maxQueuedBytes: 3,
      createTimeoutMs: 4,
      sendTimeoutMs: 5,
      signal,
    } as const;
    expect(resolveProducerOptions(Object.freeze({ ...given }), defaults)).toEqual(given);
  });
});

describe("topic names", () => {
  test.each(["/default/topic", "/a/b", "/my-ns/my_topic-2", "/_/-", "/default/part-1", "/default/x-part", "/9/9"])(
    "%s is one",
    (name) => expect(() => checkTopic(name)).not.toThrow(),
  );

  test.each([
    "default/topic",
    "/default",
    "/default/",
    "//topic",
    "/default/topic/",
    "/default/a/b",
    "/default/ü",
    "/default/漢",
    "/default/a b",
    "/default/a.b",
    " /default/topic",
    "/default/topic ",
    "/default/topic\n",
    "\n/default/topic",
    "/default/topic\0",
    "/default/a-part-0",
    "/default/a-part-x",
    "/default/-part-",
    "/x-part-1/topic",
  ])("%j is none", (name) => {
    expect(typeError(() => checkTopic(name))).toContain('"topic"');
  });

  test("a name of a megabyte is not repeated in full", () => {
    expect(typeError(() => checkTopic(`/default/ ${"x".repeat(1_000_000)}`)).length).toBeLessThan(500);
  });
});

describe("wrong send options are TypeErrors that name the option", () => {
  const wrong: [keyof SendOptions, unknown[]][] = [
    ["attributes", [null, "a=b", 1, true]],
    ["key", [null, 1, {}, "\ud83d"]],
    ["signal", [null, {}, "x"]],
    ["timeoutMs", wholeNumbers],
  ];

  test.each(wrong)("%s", (name, values) => {
    for (const value of values) {
      expect(sendComplaint({ [name]: value })).toContain(`"${name}"`);
    }
  });

  test("an attribute that is no well-formed string", () => {
    for (const value of [1, null, undefined, {}, [], true, "\ud800", "x\udfffy"]) {
      expect(sendComplaint({ attributes: { fine: "x", source: value } })).toContain('"attributes.source"');
    }
  });

  test("a name of an attribute that is not well-formed", () => {
    expect(sendComplaint({ attributes: { "a\ud800": "x" } })).toContain('"attributes');
  });

  // Their entries are none of Object.entries', so they would be sent without a word, or under the names "0", "1", ….
  test("attributes as a Map, Headers or an array", () => {
    for (const attributes of [new Map([["a", "b"]]), new Headers({ a: "b" }), ["a", "b"], [["a", "b"]]]) {
      expect(sendComplaint({ attributes })).toContain('"attributes"');
    }
  });

  test("one that does not exist, or no object", () => {
    expect(sendComplaint({ atributes: {} })).toContain('"atributes"');
    for (const value of [null, "key", []]) {
      sendComplaint(value);
    }
  });

  test("and right ones pass", () => {
    const { signal } = new AbortController();
    const attributes = { "": "", é: "漢😀", [" "]: " " };
    expect(() => checkSendOptions({ attributes, key: "", signal, timeoutMs: 1 })).not.toThrow();
    expect(() => checkSendOptions({ attributes: undefined, key: undefined, signal: undefined })).not.toThrow();
    expect(() => checkSendOptions({ attributes: Object.assign(Object.create(null), { a: "b" }) })).not.toThrow();
  });
});

describe("toBytes", () => {
  test("a string becomes UTF-8", () => {
    expect([...toBytes("é😀")]).toEqual([0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80]);
    expect(toBytes("")).toHaveLength(0);
  });

  test("bytes are copied, also those of a view and of a Buffer", () => {
    for (const bytes of [new Uint8Array([1, 2, 3, 4]).subarray(1, 3), Buffer.from([1, 2, 3, 4]).subarray(1, 3)]) {
      const taken = toBytes(bytes);
      bytes.fill(9);
      expect([...taken]).toEqual([2, 3]);
    }
  });

  test("anything else is a TypeError", () => {
    for (const wrong of [
      null,
      undefined,
      1,
      {},
      [1],
      new ArrayBuffer(1),
      new Uint16Array(1),
      new DataView(new ArrayBuffer(1)),
    ]) {
      expect(typeError(() => toBytes(wrong as string))).toContain('"payload"');
    }
    expect(typeError(() => toBytes("half: \ud83d"))).toContain('"payload"');
  });
});
