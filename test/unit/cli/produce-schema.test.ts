import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectionOptions } from "../../../src/cli/connection.ts";
import { keyOptions } from "../../../src/cli/keys.ts";
import { schemaOptions } from "../../../src/cli/line-schema.ts";
import { produceHelp, produce as produceHere } from "../../../src/cli/produce.ts";
import { UsageError } from "../../../src/cli/usage.ts";
import { connect } from "../../../src/index.ts";
import { type EmbeddedBroker, startBroker } from "../../../src/testing/index.ts";
import { run } from "../support/command.ts";
import { rejection } from "../support/outcomes.ts";

// Each test starts processes, which take their time on a busy machine.
const patience = { timeout: 30_000 };

let broker: EmbeddedBroker;
let folder: string;
let named = 0;

beforeAll(async () => {
  broker = await startBroker();
  folder = await mkdtemp(join(tmpdir(), "danube-produce-schema-"));
});
afterAll(async () => {
  await broker.close();
  await rm(folder, { recursive: true });
});

const url = () => broker.urls[0] as string;
const newTopic = () => `/default/produce-schema-${++named}-end`;
const newSubject = () => `subject_${++named}_end`;
const produce = (topic: string, options: string[], lines: string[], environment?: Record<string, string>) =>
  run(["produce", topic, "--broker", url(), ...options], `${lines.join("\n")}\n`, environment);
const texts = (topic: string) => broker.messages(topic).map(({ text }) => text);
const file = async (content: object) => {
  const path = join(folder, `${Math.random()}.json`);
  await writeFile(path, JSON.stringify(content));
  return path;
};

describe("--key-from", () => {
  test("gives each message the key of its line", patience, async () => {
    const topic = newTopic();
    const lines = ['{"user":{"id":12345678901234567890}}', '{"user":{"id":"b"}}'];
    expect((await produce(topic, ["--key-from", "json:user.id"], lines)).code).toBe(0);
    expect(broker.messages(topic)).toMatchObject([
      { text: lines[0], key: "12345678901234567890" },
      { text: lines[1], key: "b" },
    ]);
  });

  test("sends lines of one key to one partition, in order", patience, async () => {
    const topic = newTopic();
    const lines = Array.from({ length: 200 }, (_, i) => `${i % 7},${i}`);
    const options = ["--key-from", "csv:1", "--partitions", "3", "--order", "key"];
    expect((await produce(topic, options, lines)).code).toBe(0);
    const parts = [0, 1, 2].map((i) => texts(`${topic}-part-${i}`));
    expect(parts.flat().toSorted()).toEqual(lines.toSorted());
    for (let key = 0; key < 7; key++) {
      const ofKey = parts.map((part) => part.filter((line) => line.startsWith(`${key},`)));
      expect(ofKey.filter((found) => found.length > 0)).toEqual([lines.filter((line) => line.startsWith(`${key},`))]);
    }
  });

  test("a line without a key fails; those before it arrive, and nothing after it", patience, async () => {
    const topic = newTopic();
    const before = Array.from({ length: 300 }, (_, i) => `k ${i}`);
    const { code, stderr } = await produce(topic, ["--key-from", "field:2"], [...before, "nothing", "k after"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^danube: line 301: no key by field:2: there is 1 column$/m);
    expect(stderr).toContain("300 messages");
    expect(stderr).toContain("; 1 line failed or given up");
    expect(texts(topic)).toEqual(before);
  });

  test("--keep-going leaves such lines out, --key-optional sends them without a key", patience, async () => {
    const lines = ["k a", "none", "k b"];
    const topic = newTopic();
    const { code, stderr } = await produce(topic, ["--key-from", "field:2", "--keep-going"], lines);
    expect(code).toBe(1);
    expect(stderr).toContain("danube: line 2: no key");
    expect(texts(topic)).toEqual(["k a", "k b"]);

    const other = newTopic();
    const optional = await produce(other, ["--key-from", "field:2", "--key-optional", "-q"], lines);
    expect(optional).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(broker.messages(other).map(({ key }) => key)).toEqual(["a", undefined, "b"]);
  });
});

describe("--schema", () => {
  test("marks messages with the subject, which is registered", patience, async () => {
    const [topic, subject] = [newTopic(), newSubject()];
    expect((await produce(topic, ["--schema", `text:${subject}`], ["é"])).code).toBe(0);
    const danube = connect(url());
    const { schemaId, type } = await danube.schemas.latest(subject);
    await danube.close();
    expect(type).toBe("string");
    expect(broker.messages(topic)).toMatchObject([{ text: "é", schemaId, schemaVersion: 1 }]);
  });

  test("lines that are none of its kind fail, with their numbers; the others arrive", patience, async () => {
    const topic = newTopic();
    const lines = ["1", "two", "", "-3", String(2n ** 63n)];
    const { code, stderr } = await produce(topic, ["--schema", `int64:${newSubject()}`, "--keep-going"], lines);
    expect(code).toBe(1);
    expect(stderr.match(/^danube: line \d+: SCHEMA_REJECTED: .*\(not-sent\)$/gm)).toHaveLength(3);
    expect(stderr).toMatch(/^danube: line 2: SCHEMA_REJECTED: .*"two" is no whole number/m);
    expect(broker.messages(topic).map(({ payload }) => [...payload].at(-1))).toEqual([1, 0xfd]);
  });

  test("json is validated by --schema-file, sent as it is written, and registered once", patience, async () => {
    const [topic, subject] = [newTopic(), newSubject()];
    const path = await file({ type: "object", properties: { id: { type: "integer" } }, required: ["id"] });
    const options = ["--schema", `json:${subject}`, "--schema-file", path];
    const lines = ['{"id": 12345678901234567890}', '{"id":"x"}', '{"id":2}'];
    const { code, stderr } = await produce(topic, options, lines);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^danube: line 2: SCHEMA_REJECTED: .*integer/m);
    expect(texts(topic)).toEqual([lines[0]]);

    // Another definition: not by itself, and with "evolve" as version 2.
    const changed = await file({ type: "object", properties: { id: { type: "integer" } } });
    const other = ["--schema", `json:${subject}`, "--schema-file", changed];
    const same = await produce(topic, other, ['{"id":3}']);
    expect(same).toMatchObject({ code: 0, stderr: expect.stringContaining("no version of it has the definition") });
    const danube = connect(url());
    await danube.schemas.setCompatibility(subject, "none");
    await danube.close();
    expect((await produce(topic, [...other, "--register", "evolve"], ['{"id":4}'])).code).toBe(0);
    expect((await produce(topic, ["--schema", `json:${subject}`, "--schema-version", "1"], ["5"])).code).toBe(0);
    expect(broker.messages(topic).map(({ schemaVersion }) => schemaVersion)).toEqual([1, 1, 2, 1]);
  });

  test("avro takes both of JSON's forms", patience, async () => {
    const topic = newTopic();
    const path = await file({ type: "record", name: "R", fields: [{ name: "id", type: ["null", "long"] }] });
    const options = ["--schema", `avro:${newSubject()}`, "--schema-file", path, "--avro-encoding", "datum"];
    const { code, stderr } = await produce(topic, options, ['{"id":1}', '{"id":{"long":2}}', '{"id":"x"}']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^danube: line 3: SCHEMA_REJECTED: .*id is string/m);
    expect(broker.messages(topic).map(({ payload }) => [...payload])).toEqual([
      [2, 2],
      [2, 4],
    ]);
  });

  test("what the registry has against it ends the command before anything is sent", patience, async () => {
    const [topic, subject] = [newTopic(), newSubject()];
    const missing = await produce(topic, ["--schema", `text:${subject}`, "--register", "none"], ["x"]);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringMatching(/^danube: SCHEMA_NOT_FOUND: /) });
    await produce(newTopic(), ["--schema", `text:${subject}`], ["x"]);
    const other = await produce(topic, ["--schema", `int64:${subject}`], ["1"]);
    expect(other).toMatchObject({ code: 1, stderr: expect.stringMatching(/^danube: SCHEMA_MISMATCH: /) });
    const newer = await produce(topic, ["--schema", `text:${subject}`, "--schema-version", "min:2"], ["x"]);
    expect(newer).toMatchObject({ code: 1, stderr: expect.stringMatching(/^danube: SCHEMA_NOT_FOUND: .*from 2 on/) });
    expect(texts(topic)).toEqual([]);
  });

  test("what the broker refuses is told as its own, of the line", patience, async () => {
    const [topic, subject] = [newTopic(), newSubject()];
    await produce(topic, ["--schema", `text:${subject}`], ["x"]);
    const end = broker.fault({ rpc: "SendMessage", code: 7, message: "Payload validation failed: no" });
    const { code, stderr } = await produce(topic, ["--schema", `text:${subject}`, "-q"], ["x"]);
    end();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^danube: line 1: SCHEMA_REJECTED: .*\(rejected\)\n$/);
  });

  test("without the packages they need, avro and a JSON Schema say so, and the rest works", patience, async () => {
    const hook = `import { registerHooks } from "node:module";
      registerHooks({ resolve(name, context, next) {
        if (name === "avsc" || name.startsWith("@cfworker/")) throw new Error("not installed");
        return next(name, context);
      } });`;
    const without = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` };
    const avro = ["--schema", "avro:s", "--schema-file", await file({ type: "string" }), "--avro-encoding", "json"];
    expect(await produce(newTopic(), avro, ['"x"'], without)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("npm install avsc"),
    });
    const json = ["--schema", `json:${newSubject()}`];
    expect(await produce(newTopic(), [...json, "--schema-file", await file({})], ["1"], without)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("npm install @cfworker/json-schema"),
    });
    expect((await produce(newTopic(), json, ["1"], without)).code).toBe(0);
  });
});

describe("called wrongly, exit code 2", () => {
  test.each<[string, string[], string]>([
    ["two keys", ["--key", "k", "--key-from", "field:1"], "exclude each other"],
    ["a wrong --key-from", ["--key-from", "column:1"], "--key-from"],
    ["nothing that is optional", ["--key-optional"], "--key-from"],
    ["a wrong --schema", ["--schema", "orders"], "--schema"],
    ["avro without its schema", ["--schema", "avro:orders"], "--schema-file"],
    ["a schema file without a schema", ["--schema-file", "f.json"], "--schema"],
  ])("%s", async (_, options, text) => {
    const error = await rejection(produceHere(["/default/wrong", "--broker", url(), ...options]));
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain(text);
  });

  test("the usage is told", patience, async () => {
    const { code, stdout, stderr } = await produce(newTopic(), ["--key-from", "json:"], ["x"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^danube: --key-from json: .*\n\ndanube produce /);
  });
});

test("the help is no wider than a screen, and has all options", () => {
  const lines = produceHelp.split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
  for (const option of Object.keys({ ...keyOptions, ...schemaOptions, ...connectionOptions })) {
    expect(lines.filter((line) => new RegExp(`^ {2}(-\\w,|   ) --${option}\\b(?!-)`).test(line))).toHaveLength(1);
  }
});
