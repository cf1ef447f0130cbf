// What is closed in the middle of; see handles.ts.
import { connect as dial } from "node:net";
import process from "node:process";
import type { ConnectOptions, Danube } from "@danube-messaging/client";

export interface TestContext {
  runtime: "node" | "deno" | "bun";
}

const variable = (name: string) => process.env[name] ?? "";
const urls = variable("DANUBE_URL").split(",");
const advertised = variable("DANUBE_ADVERTISED").split(",");
const silentSeed = variable("DANUBE_SILENT_URL");

/** Tells the brokers what to do, over a connection that is gone when the answer is there. */
export function command(words: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = dial({ host: "127.0.0.1", port: Number(new URL(variable("DANUBE_CONTROL")).port) });
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString();
    });
    socket.on("error", reject);
    socket.once("close", () => resolve(answer.trim()));
    socket.write(`${words}\n`);
  });
}

async function client(options: Partial<ConnectOptions> = {}): Promise<Danube> {
  const { connect } = await import("@danube-messaging/client");
  return connect({
    brokers: urls,
    transport: variable("DANUBE_TRANSPORT") as "node" | "socket",
    // Not past the relays, which look.
    mapBrokerUrl: (url) => urls[advertised.indexOf(url)] ?? url,
    onEvent: () => {},
    ...options,
  });
}

let topics = 0;
const topic = () => `/default/handles-${process.pid}-${++topics}`;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The code that a promise rejects with. */
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "none",
    (error: { code?: string; stack?: string }) => error.code ?? String(error.stack),
  );

function same(what: string, is: unknown, wanted: unknown): void {
  if (JSON.stringify(is) !== JSON.stringify(wanted)) {
    throw new Error(`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(wanted)}`);
  }
}

/** Brokers that are away while `work` is done, and back afterwards. */
async function away(work: () => Promise<void>): Promise<void> {
  await command("kill");
  try {
    await work();
  } finally {
    await command("restart");
  }
}

export const cases: Record<string, (context: TestContext) => Promise<void>> = {
  async "after publishing"() {
    const { text } = await import("@danube-messaging/client");
    const danube = await client();
    await danube.ready();
    const producer = await danube.createProducer({ topic: topic(), schema: text("handles"), partitions: 2 });
    await Promise.all(["a", "b", "c"].map((word) => producer.send(word)));
    await producer.close();
    await danube.close();
  },

  async "after the restart of all brokers"() {
    const danube = await client();
    const { send } = await danube.createProducer({ topic: topic(), dispatch: "reliable" });
    await send("before");
    await away(async () => {});
    await send("after");
    await danube.close();
  },

  async "during recovery"() {
    const danube = await client();
    const { send } = await danube.createProducer({ topic: topic(), dispatch: "reliable" });
    await send("before");
    await away(async () => {
      const codes = [codeOf(send("1")), codeOf(send("2"))];
      await sleep(150);
      await danube.close({ timeoutMs: 0 });
      same("the sends", await Promise.all(codes), ["CLOSED", "CLOSED"]);
    });
  },

  async "while a producer waits for brokers"() {
    await away(async () => {
      const danube = await client();
      const code = codeOf(danube.createProducer({ topic: topic() }));
      await sleep(150);
      await danube.close();
      same("createProducer", await code, "CLOSED");
    });
  },

  async "with messages in flight, at once"() {
    const danube = await client();
    const { send } = await danube.createProducer({ topic: topic(), order: "none" });
    const codes = Array.from({ length: 100 }, (_, i) => codeOf(send(String(i))));
    await danube.close({ timeoutMs: 0 });
    const settled = new Set(await Promise.all(codes));
    same(
      "other ends",
      [...settled].filter((code) => code !== "CLOSED" && code !== "none"),
      [],
    );
  },

  async "while no answer comes"() {
    const danube = await client({ attemptTimeoutMs: 100, sendTimeoutMs: 300 });
    const { send } = await danube.createProducer({ topic: topic() });
    await send("before");
    await command("silence");
    try {
      same("the send", await codeOf(send("into silence")), "TIMEOUT");
      const code = codeOf(send("again"));
      await danube.close({ timeoutMs: 50 });
      same("the send", await code, "CLOSED");
    } finally {
      await command("speak");
    }
  },

  async "while a seed says nothing"() {
    const danube = await client({ brokers: silentSeed });
    const codes = [codeOf(danube.createProducer({ topic: topic() })), codeOf(danube.ready())];
    await sleep(100);
    await danube.close();
    same("the calls", await Promise.all(codes), ["CLOSED", "CLOSED"]);
  },

  async "in the middle of a TLS handshake"() {
    const danube = await client({ brokers: silentSeed.replace("http:", "https:") });
    const codes = [codeOf(danube.createProducer({ topic: topic() })), codeOf(danube.schemas.subjects())];
    await sleep(100);
    await danube.close();
    same("the calls", await Promise.all(codes), ["CLOSED", "CLOSED"]);
  },

  async "at once, with everything just begun"() {
    const danube = await client();
    const codes = [danube.createProducer({ topic: topic() }), danube.ready(), danube.schemas.subjects()].map(codeOf);
    await danube.close();
    same("the calls", await Promise.all(codes), ["CLOSED", "CLOSED", "CLOSED"]);
  },

  async "when createProducer was aborted"() {
    const danube = await client({ brokers: [silentSeed, ...urls] });
    const aborted = new AbortController();
    const code = codeOf(danube.createProducer({ topic: topic(), signal: aborted.signal }));
    await sleep(20);
    aborted.abort();
    same("createProducer", await code, "CANCELED");
    await danube.close();
  },

  async "while the token is awaited"() {
    const danube = await client({ token: () => new Promise(() => {}) });
    const codes = [danube.createProducer({ topic: topic() }), danube.ready(), danube.schemas.subjects()].map(codeOf);
    await sleep(20);
    await danube.close();
    same("the calls", await Promise.all(codes), ["CLOSED", "CLOSED", "CLOSED"]);
  },

  async "twice, and once more"() {
    const danube = await client();
    const producer = await danube.createProducer({ topic: topic() });
    const code = codeOf(producer.send("x"));
    await Promise.all([producer.close(), danube.close(), danube.close({ timeoutMs: 1_000 }), producer.close()]);
    same("the send", await code, "none");
    await danube.close({ timeoutMs: 0 });
  },
};
