import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Command } from "../../../src/cli/command.ts";
import { schema as group } from "../../../src/cli/schema.ts";
import { UsageError } from "../../../src/cli/usage.ts";
import { connect, type Danube, json, text } from "../../../src/index.ts";
import { type EmbeddedBroker, startBroker } from "../../../src/testing/index.ts";
import { run, start } from "../support/command.ts";
import { rejection } from "../support/outcomes.ts";

// Each test starts processes, which take their time on a busy machine.
const patience = { timeout: 30_000 };

let broker: EmbeddedBroker;
let danube: Danube;
let folder: string;
let subjects = 0;

beforeAll(async () => {
  broker = await startBroker();
  danube = connect(broker.urls[0] as string);
  folder = await mkdtemp(join(tmpdir(), "danube-schema-command-"));
});
afterAll(async () => {
  await danube.close();
  await broker.close();
  await rm(folder, { recursive: true });
});

const newSubject = () => `subject_${++subjects}_end`;
const url = () => broker.urls[0] as string;
const schema = (words: string[], input?: string | Uint8Array) => run(["schema", ...words, "--broker", url()], input);
/** In this process, for what is over before anything is written. */
const failure = ([command = "", ...words]: string[]) =>
  rejection((group.commands[command] as Command).run([...words, "--broker", url()]));
const file = async (content: string) => {
  const path = join(folder, `${Math.random()}.json`);
  await writeFile(path, content);
  return path;
};

const record = (...fields: string[]) =>
  JSON.stringify({ type: "record", name: "R", fields: fields.map((name) => ({ name, type: "long" })) });

/** A subject with these versions, whatever they are, and the compatibility that subjects begin with. */
async function subjectWith(...definitions: string[]): Promise<string> {
  const subject = newSubject();
  for (const definition of definitions) {
    await danube.schemas.register(subject, { type: "avro", definition });
    await danube.schemas.setCompatibility(subject, "none");
  }
  await danube.schemas.setCompatibility(subject, "backward");
  return subject;
}

describe("register", () => {
  test("a file, and what is told about it", patience, async () => {
    const subject = newSubject();
    const path = await file(record("a"));
    const notes = ["--description", "as first seen", "--created-by", "me", "--tag", "x", "--tag", "y"];
    const { code, stdout, stderr } = await schema(["register", subject, path, "--type", "avro", ...notes]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^${subject}: version 1 \\(new\\), schema id \\d+\n$`));

    const told = { type: "avro", definition: record("a"), description: "as first seen", createdBy: "me" };
    expect(await danube.schemas.latest(subject)).toMatchObject({ ...told, tags: ["x", "y"] });
  });

  test("standard input; what is there already is no new version", patience, async () => {
    const subject = await subjectWith(record("a", "b"));
    const again = await schema(["register", subject, "-", "--type", "avro"], record("a", "b"));
    expect(again.stdout).toContain(`${subject}: version 1 (had it already)`);
    const second = await schema(["register", subject, "--type", "avro", "--json"], record("a"));
    expect(JSON.parse(second.stdout)).toMatchObject({ subject, version: 2, isNewVersion: true });
  });

  test("a type that has no definition reads none", patience, async () => {
    const { child, ended } = start(["schema", "register", newSubject(), "--type", "string", "--broker", url()]);
    const { code, stdout } = await ended;
    child.stdin.end();
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("version 1 (new)") });
  });

  test("what the subject does not take", patience, async () => {
    const subject = await subjectWith(record("a"));
    const { code, stdout, stderr } = await schema(["register", subject, "--type", "avro"], record("a", "b"));
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^danube: SCHEMA_INCOMPATIBLE: /);
  });

  test("a definition that is none", patience, async () => {
    const { code, stderr } = await schema(["register", newSubject(), "--type", "avro"], '{"type":"recrd"}');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^danube: SCHEMA_REJECTED: /);
  });

  test.each<[string, string | Uint8Array, string]>([
    ["empty lines", "\n\n", "standard input is empty"],
    ["no UTF-8", Uint8Array.of(0x22, 0xff, 0x22), "standard input is no UTF-8"],
  ])("standard input with %s registers nothing", patience, async (_, input, text) => {
    const before = broker.calls("RegisterSchema");
    const { code, stderr } = await schema(["register", newSubject(), "--type", "json_schema"], input);
    expect({ code, stderr }).toEqual({ code: 1, stderr: `danube: ${text}\n` });
    expect(broker.calls("RegisterSchema")).toBe(before);
  });

  test.each(["missing.json", "."])("a file that cannot be read: %s", async (name) => {
    const error = await failure(["register", newSubject(), join(folder, name), "--type", "avro"]);
    expect(error).not.toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain(join(folder, name));
  });

  test("Ctrl-C ends the wait for standard input", patience, async () => {
    const words = ["schema", "register", newSubject(), "--type", "avro", "--broker", url()];
    const { child, ended } = start(words);
    child.stdin.write("{");
    // It is being read once the process no longer starts up; before that the signal ends it as well.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    child.kill("SIGINT");
    // A shell makes 130 of this.
    expect(await ended).toEqual({ code: "SIGINT", stdout: "", stderr: "" });
  });
});

describe("latest and get", () => {
  const spaced = ' {"type":"record", "name":"R",\n "fields":[]}\n\n';

  test("the definition alone goes to standard output, byte for byte", patience, async () => {
    const subject = await subjectWith(spaced);
    const { code, stdout, stderr } = await schema(["latest", subject]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: spaced });
    expect(stderr).toMatch(
      new RegExp(`^${subject}: version 1, avro, schema id \\d+, compatibility backward\nregistered 2`),
    );
  });

  test("an older version", patience, async () => {
    const subject = await subjectWith(record("a"), record("b"));
    expect(await schema(["get", subject, "1"])).toMatchObject({ code: 0, stdout: record("a") });
    const message = `${subject} has no version 7; its latest is 2`;
    expect(await failure(["get", subject, "7"])).toMatchObject({ code: "SCHEMA_NOT_FOUND", message });
  });

  test("notes are told, on their lines", patience, async () => {
    const subject = newSubject();
    await danube.schemas.register(subject, { type: "string", description: "two\nlines\x1b[2J", tags: ["x", "y"] });
    const { stdout, stderr } = await schema(["latest", subject]);
    expect(stdout).toBe("");
    expect(stderr.split("\n").slice(2)).toEqual(["two lines [2J", "tags: x, y", ""]);
  });

  test("--json has all of it", patience, async () => {
    const subject = await subjectWith(spaced);
    const { stdout, stderr } = await schema(["latest", subject, "--json"]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      ...(await danube.schemas.latest(subject)),
      schemaId: expect.stringMatching(/^\d+$/),
    });
  });
});

describe("topic", () => {
  test("the schema that a topic has", patience, async () => {
    const subject = newSubject();
    const topic = `/default/${subject}`;
    await danube.createProducer({ topic, schema: json(subject, { schema: { type: "object" } }) });
    const { code, stdout, stderr } = await schema(["topic", topic]);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '{"type":"object"}',
      stderr: `${subject}: json_schema\n`,
    });
    const asJson = await schema(["topic", topic, "--json"]);
    expect(JSON.parse(asJson.stdout)).toEqual({ subject, type: "json_schema", definition: '{"type":"object"}' });
  });

  test("one that has none, and one that is not there", async () => {
    await danube.createProducer({ topic: "/default/without" });
    expect(await failure(["topic", "/default/without"])).toMatchObject({ code: "SCHEMA_NOT_FOUND" });
    expect(await failure(["topic", "/default/no_such"])).toMatchObject({ code: "TOPIC_NOT_FOUND" });
  });

  test("of old brokers, which have no registry", patience, async () => {
    await using old = await startBroker({ generation: "0.4", loadMs: 5 });
    await using client = connect(old.urls[0] as string);
    await client.createProducer({ topic: "/default/old", schema: text("kept") });
    const asJson = await run(["schema", "topic", "/default/old", "--json", "--broker", old.urls[0] as string]);
    expect(JSON.parse(asJson.stdout)).toEqual({ subject: "kept", type: "string", definition: "" });
    const { code, stderr } = await run(["schema", "subjects", "--broker", old.urls[0] as string]);
    expect(code).toBe(1);
    expect(stderr).toContain("UNSUPPORTED");
    expect(stderr).toContain("before 0.6");
  });
});

describe("versions and subjects", () => {
  test("a table, and JSON", patience, async () => {
    const subject = await subjectWith(record("a"), record("b"));
    const { code, stdout } = await schema(["versions", subject]);
    expect(code).toBe(0);
    const [headings, ...rows] = stdout.trimEnd().split("\n");
    expect(headings?.split(/\s+/)).toEqual(["VERSION", "REGISTERED", "BY", "FINGERPRINT", "DESCRIPTION"]);
    expect(rows.map((row) => row.split(/\s+/).slice(0, 3))).toEqual([
      ["1", expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/), "danube-js"],
      ["2", expect.stringMatching(/Z$/), "danube-js"],
    ]);
    const asJson = JSON.parse((await schema(["versions", subject, "--json"])).stdout) as { version: number }[];
    expect(asJson).toMatchObject([
      { version: 1, schemaId: expect.any(String) },
      { version: 2, schemaId: expect.any(String) },
    ]);
  });

  test("all subjects", patience, async () => {
    const subject = await subjectWith(record("a"));
    const { code, stdout } = await schema(["subjects"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^SUBJECT +TYPE +LATEST +COMPATIBILITY +SCHEMA ID +TAGS\n/);
    expect(stdout).toMatch(new RegExp(`^${subject} +avro +1 +backward +\\d+$`, "m"));
    const asJson = JSON.parse((await schema(["subjects", "--json"])).stdout) as { subject: string }[];
    expect(asJson).toContainEqual(expect.objectContaining({ subject, type: "avro", latestVersion: 1 }));
  });
});

describe("check", () => {
  test("exit code 0: compatible, and nothing is registered", patience, async () => {
    const subject = await subjectWith(record("a", "b"));
    const ended = await schema(["check", subject, "--type", "avro"], record("a"));
    expect(ended).toEqual({ code: 0, stdout: `${subject}: compatible\n`, stderr: "" });
    expect(await danube.schemas.versions(subject)).toHaveLength(1);
  });

  test("exit code 1: not compatible, with the reasons; another mode may think otherwise", patience, async () => {
    const subject = await subjectWith(record("a"));
    const path = await file(record("a", "b"));
    const { code, stdout, stderr } = await schema(["check", subject, path, "--type", "avro"]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^${subject}: not compatible\n {2}\\S.*\n`));

    const asJson = await schema(["check", subject, path, "--type", "avro", "--json"]);
    expect(asJson.code).toBe(1);
    expect(JSON.parse(asJson.stdout)).toEqual({ subject, compatible: false, errors: [expect.any(String)] });

    const none = await schema(["check", subject, path, "--type", "avro", "--compatibility", "none"]);
    expect(none).toMatchObject({ code: 0, stdout: `${subject}: compatible\n` });
  });
});

test("compatibility is told, and set", patience, async () => {
  const subject = await subjectWith(record("a"));
  expect(await schema(["compatibility", subject])).toMatchObject({ code: 0, stdout: `${subject}: backward\n` });
  expect(await schema(["compatibility", subject, "full"])).toMatchObject({ code: 0, stdout: `${subject}: full\n` });
  const told = await schema(["compatibility", subject, "--json"]);
  expect(JSON.parse(told.stdout)).toEqual({ subject, compatibility: "full" });
});

describe("exit code 1", () => {
  test.each([["latest"], ["versions"], ["get", "1"], ["check", "--type", "string"], ["compatibility"]])(
    "%s of a subject that is not there",
    async (command, ...rest) => {
      const error = await failure([command as string, "no_such_subject", ...(rest as string[])]);
      expect(error).toMatchObject({ code: "SCHEMA_NOT_FOUND", message: expect.stringContaining("no_such_subject") });
    },
  );

  test("the error is told, with its code", patience, async () => {
    const { code, stdout, stderr } = await schema(["latest", "no_such_subject"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^danube: SCHEMA_NOT_FOUND: .*no_such_subject.*\n$/);
  });

  test("no broker, within the time that is given", patience, async () => {
    const words = ["schema", "latest", "s", "--broker", "http://127.0.0.1:1", "--timeout-ms", "200"];
    const { code, stdout, stderr } = await run(words);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^danube: TIMEOUT: .*200 ms.*127\.0\.0\.1:1/);
  });
});

describe("exit code 2", () => {
  test.each<[string, string[], string]>([
    ["no subject", ["register"], "SUBJECT [FILE|-]"],
    ["too much", ["latest", "a", "b"], "SUBJECT"],
    ["arguments where there are none", ["subjects", "a"], "no arguments"],
    ["a wrong subject", ["latest", "a/b"], '"subject"'],
    ["no type", ["register", "a"], "--type"],
    ["a wrong type", ["check", "a", "--type", "xml"], "--type"],
    ["a file for a type that has no definition", ["register", "a", "f", "--type", "string"], "string"],
    ["a wrong version", ["get", "a", "0"], "VERSION must be"],
    ["a wrong mode", ["compatibility", "a", "any"], "MODE must be"],
    ["a wrong mode to check by", ["check", "a", "--type", "string", "--compatibility", "any"], "--compatibility"],
    ["a wrong time", ["subjects", "--timeout-ms", "soon"], "--timeout-ms"],
    ["an option of another command", ["latest", "a", "--tag", "x"], "--tag"],
  ])("%s", async (_, words, text) => {
    const error = await failure(words);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain(text);
  });

  test("the usage of the very command is told", patience, async () => {
    const { code, stdout, stderr } = await schema(["register", "a"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^danube: --type is needed.*\n\ndanube schema register SUBJECT/);
  });

  test.each(["publish", "constructor"])("no such command: %s", patience, async (name) => {
    const { code, stdout, stderr } = await schema([name]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`danube: there is no command "schema ${name}"\n\ndanube schema COMMAND`);
  });

  test("no command", patience, async () => {
    expect(await run(["schema"])).toMatchObject({ code: 2, stdout: expect.stringMatching(/^danube schema COMMAND/) });
  });
});

describe("help", () => {
  test.each([
    ["schema", "--help"],
    ["schema", "help"],
  ])("%s %s", patience, async (...words) => {
    expect(await run(words as string[])).toEqual({ code: 0, stdout: `${group.help}\n`, stderr: "" });
  });

  test("schema register --help", patience, async () => {
    const { help } = group.commands["register"] as Command;
    expect(await run(["schema", "register", "--help"])).toEqual({ code: 0, stdout: `${help}\n`, stderr: "" });
  });

  test.each(Object.entries(group.commands))("of %s", (name, { help, summary }) => {
    expect(help).toMatch(new RegExp(`^danube schema ${name}\\b`));
    expect(group.help).toMatch(new RegExp(`^ {2}${name} +${summary}$`, "m"));
    expect(Math.max(...help.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
  });
});
