import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EmbeddedBroker, startBroker } from "../../../src/testing/index.ts";
import { run, start } from "../support/command.ts";

// Each test starts a process, which takes its time on a busy machine.
const patience = { timeout: 30_000 };

let broker: EmbeddedBroker;
let folder: string;
let topics = 0;

beforeAll(async () => {
  broker = await startBroker();
  folder = await mkdtemp(join(tmpdir(), "danube-command-"));
});
afterAll(async () => {
  await broker.close();
  await rm(folder, { recursive: true });
});

const newTopic = () => `/default/command-${++topics}-end`;
const url = () => broker.urls[0] as string;
const texts = (topic: string) => broker.messages(topic).map(({ text }) => text);
const produce = (topic: string, ...args: string[]) => ["produce", topic, "--broker", url(), ...args];
const file = async (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
};

describe("produce, exit code 0", () => {
  test("standard input: every line arrives, in order, and the summary tells", patience, async () => {
    const topic = newTopic();
    const input = Array.from({ length: 2_000 }, (_, i) => `line ${i}`);
    const { code, stdout, stderr } = await run(produce(topic), `${input.join("\n")}\n`);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(texts(topic)).toEqual(input);
    expect(stderr).toMatch(new RegExp(`^standard input to ${topic}: 2,000 messages, .* a second\n$`));
  });

  test("a file: CRLF, empty lines, no end of the last line, and bytes that are no UTF-8", patience, async () => {
    const topic = newTopic();
    const path = await file("odd.txt", Buffer.concat([Buffer.from("one\r\n\ntwo é\n"), Buffer.from([0xff, 0xfe])]));
    const { code, stderr } = await run(produce(topic, path));
    expect(code).toBe(0);
    expect(broker.messages(topic).map(({ payload }) => [...payload])).toEqual([
      [...Buffer.from("one")],
      [],
      [...Buffer.from("two é")],
      [0xff, 0xfe],
    ]);
    expect(stderr).toContain(`${path} to ${topic}: 4 messages`);
  });

  test("name, key, attributes and dispatch go with every message", patience, async () => {
    const topic = newTopic();
    const options = ["--name", "cmd", "--key", "k", "-a", "source=test", "--attribute", "equation=a=b", "--reliable"];
    expect((await run(produce(topic, "-", ...options), "x\ny\n")).code).toBe(0);
    const shared = { attributes: { source: "test", equation: "a=b" }, key: "k", producer: "cmd" };
    expect(broker.messages(topic)).toMatchObject([
      { text: "x", ...shared },
      { text: "y", ...shared },
    ]);
    expect(broker.topics().find((state) => state.topic === topic)?.dispatch).toBe("reliable");
  });

  test("--quiet says nothing", patience, async () => {
    const topic = newTopic();
    const ended = await run(produce(topic, "--quiet"), "x\n");
    expect(ended).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(texts(topic)).toEqual(["x"]);
  });

  test("no input at all is no failure", patience, async () => {
    const topic = newTopic();
    const { code, stderr } = await run(produce(topic));
    expect(code).toBe(0);
    expect(stderr).toContain("0 messages");
  });

  test("DANUBE_URL names the broker", patience, async () => {
    const topic = newTopic();
    const { code } = await run(["produce", topic], "x\n", { DANUBE_URL: `http://127.0.0.1:1,${url()}` });
    expect(code).toBe(0);
    expect(texts(topic)).toEqual(["x"]);
  });

  test("more lines than the queue holds, with many in flight, each once", patience, async () => {
    const topic = newTopic();
    const input = Array.from({ length: 3_000 }, (_, i) => String(i));
    expect((await run(produce(topic, "--order", "none", "--max-in-flight", "64"), input.join("\n"))).code).toBe(0);
    expect(texts(topic).toSorted()).toEqual(input.toSorted());
  });
});

describe("produce, exit code 1", () => {
  test("no broker: the error's code is on stderr", patience, async () => {
    const args = ["produce", newTopic(), "--broker", "http://127.0.0.1:1", "--timeout-ms", "200"];
    const { code, stdout, stderr } = await run(args, "x\n");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^danube: TIMEOUT: .*127\.0\.0\.1:1/);
  });

  test("a namespace that does not exist", patience, async () => {
    const { code, stderr } = await run(produce("/no-such-namespace/topic"), "x\n");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^danube: NAMESPACE_NOT_FOUND: /);
  });

  test("a file that is not there leaves no topic behind", patience, async () => {
    const topic = newTopic();
    const { code, stderr } = await run(produce(topic, join(folder, "missing.txt")));
    expect(code).toBe(1);
    expect(stderr).toContain("missing.txt");
    expect(broker.topics().map((state) => state.topic)).not.toContain(topic);
  });

  test("a line that fails is named, and nothing is begun after it", patience, async () => {
    const topic = newTopic();
    const large = "x".repeat(4_200_000);
    const path = await file("large.txt", `first\n${large}\n${"later\n".repeat(5_000)}`);
    const { code, stderr } = await run(produce(topic, path));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^danube: line 2: MESSAGE_TOO_LARGE: .*\(not-sent\)$/m);
    expect(stderr).toContain("1 message,");
    expect(stderr).toContain("1 line failed");
    expect(texts(topic)).toEqual(["first"]);
  });

  test("--keep-going: all other lines arrive, and the code is still 1", patience, async () => {
    const topic = newTopic();
    const large = "x".repeat(4_200_000);
    const { code, stderr } = await run(produce(topic, "--keep-going"), `first\n${large}\nthird\n${large}\nlast\n`);
    expect(code).toBe(1);
    expect(texts(topic)).toEqual(["first", "third", "last"]);
    expect(stderr.match(/^danube: line \d+: MESSAGE_TOO_LARGE/gm)).toEqual([
      "danube: line 2: MESSAGE_TOO_LARGE",
      "danube: line 4: MESSAGE_TOO_LARGE",
    ]);
    expect(stderr).toContain("3 messages");
    expect(stderr).toContain("2 lines failed");
  });

  test("what the broker refuses is named too, also when quiet", patience, async () => {
    const topic = newTopic();
    const end = broker.fault({ rpc: "SendMessage", code: 7, message: "no binding grants Produce on Topic" });
    const { code, stderr } = await run(produce(topic, "--quiet"), "x\n");
    end();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^danube: line 1: PERMISSION_DENIED: .*no binding grants.*\(rejected\)\n$/);
  });
});

describe("exit code 2: called wrongly, with the usage", () => {
  test.each<[string, string[], string]>([
    ["no command", [], "danube COMMAND"],
    ["an unknown command", ["publish"], '"publish"'],
    ["a name that every object inherits", ["constructor"], '"constructor"'],
    ["no topic", ["produce"], "danube produce TOPIC"],
    ["too many files", ["produce", "/default/t", "a", "b"], "at most one file"],
    ["an unknown option", ["produce", "/default/t", "--fast"], "--fast"],
    ["a wrong topic", ["produce", "not-a-topic"], '"topic"'],
    ["a wrong number", ["produce", "/default/t", "--max-in-flight", "0"], "--max-in-flight"],
    ["a wrong order", ["produce", "/default/t", "--order", "any"], "--order"],
    ["a wrong attribute", ["produce", "/default/t", "-a", "novalue"], "--attribute"],
    ["an attribute without a name", ["produce", "/default/t", "-a", "=x"], "--attribute"],
    ["both dispatches", ["produce", "/default/t", "--reliable", "--non-reliable"], "--non-reliable"],
    ["a wrong URL", ["produce", "/default/t", "--broker", "ftp://x"], '"brokers"'],
    ["a token in plaintext", ["produce", "/default/t", "--broker", "http://x.example:1", "--token", "t"], '"token"'],
    ["quickstart with arguments", ["quickstart", "now"], "danube quickstart"],
    ["broker with a wrong port", ["broker", "--port", "many"], "--port"],
  ])("%s", patience, async (_, args, text) => {
    const { code, stdout, stderr } = await run(args, "x\n");
    expect(code).toBe(2);
    expect(stdout + stderr).toContain(text);
    if (args.length > 0) {
      expect(stdout).toBe("");
      expect(stderr).toMatch(/^danube: .*\n\ndanube /);
    }
  });
});

describe("help", () => {
  test.each([["--help"], ["produce", "--help"], ["quickstart", "-h"], ["broker", "--help"]])(
    "%s %s",
    patience,
    async (...args) => {
      const { code, stdout, stderr } = await run(args.filter((one) => typeof one === "string"));
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toContain("danube");
    },
  );
});

describe("Ctrl-C", () => {
  test("sends what was read, reports, and ends with 130, though the input goes on", patience, async () => {
    const topic = newTopic();
    // The first message is still under way, and the others behind it, when the signal comes.
    const end = broker.fault({ rpc: "SendMessage", delayMs: 300 });
    const before = broker.calls("SendMessage");
    const { child, ended } = start(produce(topic));
    child.stdin.write("one\ntwo\nthree\nhalf a li");
    await expect.poll(() => broker.calls("SendMessage"), { timeout: 20_000, interval: 5 }).toBe(before + 1);
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    end();
    expect(code).toBe(130);
    expect(texts(topic)).toEqual(["one", "two", "three"]);
    expect(stderr).toContain("3 messages");
    expect(stderr).toContain("interrupted after 3 lines");
  });

  test("a second one does not wait", patience, async () => {
    const end = broker.fault({ rpc: "SendMessage", delayMs: 20_000 });
    const before = broker.calls("SendMessage");
    const { child, ended } = start(produce(newTopic()));
    child.stdin.write("one\n");
    await expect.poll(() => broker.calls("SendMessage"), { timeout: 20_000, interval: 5 }).toBe(before + 1);
    const started = Date.now();
    child.kill("SIGINT");
    // Not at once: two signals that wait to be delivered are one. And no third: it could meet a process that is ending.
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill("SIGINT");
    const { code } = await ended;
    end();
    expect(code).toBe(130);
    expect(Date.now() - started).toBeLessThan(10_000);
  });
});

describe("quickstart", () => {
  test("exits 0, and says that every line arrived", patience, async () => {
    const { code, stdout, stderr } = await run(["quickstart"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("every line arrived, once and in order");
  });
});

describe("broker", () => {
  test("runs until Ctrl-C, and messages can be sent to it", patience, async () => {
    const { child, ended } = start(["broker", "--port", "0", "--json"]);
    let output = "";
    child.stdout.on("data", (text: string) => (output += text));
    await expect.poll(() => output, { timeout: 20_000, interval: 5 }).toContain("\n");
    const { urls } = JSON.parse(output) as { urls: string[] };
    const { code } = await run(["produce", "/default/t", "--broker", urls[0] as string], "x\n");
    expect(code).toBe(0);
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 0, stderr: "" });
  });
});
