import { describe, expect, test } from "vitest";
import { checkTopic } from "../../../src/cluster/topic-name.ts";
import { reliable } from "../../../src/producer/dispatch.ts";
import {
  checkSendOptions,
  type ProducerOptions,
  resolveProducerOptions,
  type SendOptions,
} from "../../../src/producer/options.ts";
import { anything, text } from "../../../src/schema/plain.ts";
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
    ["schema", [null, "text", {}, { subject: "s" }, { encode: 1 }]],
    ["dispatch", ["", "Reliable", null, true, {}, { type: "non-reliable" }]],
    ["access", ["", "shared ", null, 1]],
    ["order", ["", "keys", null, 1]],
    ["resend", ["", "once", null, true]],
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
      schema: anything,
      partitions: undefined,
      grow: false,
      route: expect.any(Function),
      dispatch: undefined,
      retention: reliable(),
      access: "shared",
      order: "partition",
      resend: "always",
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
      schema: text("s"),
      partitions: 3,
      grow: true,
      route: () => 0,
      dispatch: "reliable",
      access: "exclusive",
      order: "key",
      resend: "never",
      maxInFlight: 1,
      maxQueuedMessages: 2,
      maxQueuedBytes: 3,
      createTimeoutMs: 4,
      sendTimeoutMs: 5,
      signal,
    } as const;
    expect(resolveProducerOptions(Object.freeze({ ...given }), defaults)).toEqual({
      ...given,
      retention: reliable(),
    });
  });

  test("reliable() is reliable, and its options are kept", () => {
    const dispatch = reliable({ segmentSizeMb: 5 });
    expect(resolveProducerOptions({ topic, dispatch }, defaults)).toMatchObject({
      dispatch: "reliable",
      retention: { segmentSizeMb: 5, retention: "until-acknowledged", retentionSeconds: 86_400 },
    });
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
