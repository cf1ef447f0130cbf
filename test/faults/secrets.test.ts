import { inspect } from "node:util";
import { type ConnectOptions, type Danube, json, text } from "@danube-messaging/client";
import { avro } from "@danube-messaging/client/avro";
import { protobuf } from "@danube-messaging/client/protobuf";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { StreamMessageSchema } from "../../gen/danube/danube_api_pb.ts";
import { connect } from "./connect.ts";
import { type Answer, type Came, type HandMade, handMade, served } from "./hand-made.ts";

// Canaries: distinctive secrets go through many failures, and whatever comes out is searched for them.

const token = "eyJhbGciOiJIUzI1NiJ9.Y2FuYXJ5LXRva2VuLXRoYXQtc2luZ3M.C4n4rySignature-0123456789";
const canaries = {
  token,
  password: "canaryPassword",
  apiKey: "canary-api-key-0123",
  payload: "canary payload 4fe1",
  number: 4111222233334444,
  attribute: "canary attribute 9b7d",
  key: "canary key 77aa",
};
const topic = "/default/secrets";

/** Everything that can be reached from a value, hidden or not, and what of it is base64. */
function everything(value: unknown, seen = new Set<unknown>()): string {
  if (typeof value === "string") {
    const plain = value.split(/[^\w+/-]+/).map((word) => Buffer.from(word, "base64").toString("latin1"));
    return [value, ...plain].join("\n");
  }
  if (value instanceof Uint8Array) {
    return Buffer.from(value).toString("latin1");
  }
  if (typeof value !== "object" || value === null || seen.has(value)) {
    return String(value);
  }
  seen.add(value);
  const inside = Symbol.iterator in value ? [...(value as Iterable<unknown>)] : [];
  const own = Reflect.ownKeys(value).map((name) => [name.toString(), (value as Record<PropertyKey, unknown>)[name]]);
  return [inspect(value, { depth: 20, showHidden: true }), ...own.flat(), ...inside]
    .map((one) => everything(one, seen))
    .join("\n");
}

/** What came out, by where it came out. */
const found: { where: string; text: string }[] = [];
const note = (where: string, value: unknown) => {
  found.push({ where, text: everything(value) });
};

const servers: HandMade[] = [];
beforeAll(() => {
  for (const method of ["log", "info", "warn", "error", "debug"] as const) {
    vi.spyOn(console, method).mockImplementation((...words) => note(`console.${method}`, words));
  }
});
afterAll(() => {
  vi.restoreAllMocks();
  servers.forEach((server) => void server.close());
});

/** A broker that answers one call in its own way, and the others well. */
async function serve(rpc: string, answer: (call: Came) => Answer | undefined): Promise<string> {
  const server = await handMade((call) => (call.rpc === rpc || rpc === "*" ? answer(call) : served(call)));
  servers.push(server);
  return `http://127.0.0.1:${server.port}`;
}

/** Uses a client, which tells the console what it would tell `onEvent`, and notes all it says. Gives its errors' codes. */
async function use(what: string, options: ConnectOptions, work = sendOne): Promise<string[]> {
  const codes: string[] = [];
  const danube = connect({ token, attemptTimeoutMs: 300, createTimeoutMs: 800, sendTimeoutMs: 800, ...options });
  const fails = async (step: string, promise: Promise<unknown>) => {
    const error = await promise.then(
      () => ({ code: "none" }),
      (reason: unknown) => reason,
    );
    note(`${what}: ${step}`, error);
    codes.push((error as { code?: string }).code ?? (error as Error).name);
  };
  await fails("ready", danube.ready());
  await fails("work", work(danube));
  note(`${what}: status`, danube.status());
  await danube.close({ timeoutMs: 0 });
  await fails("closed", work(danube));
  note(`${what}: status when closed`, danube.status());
  return codes;
}

async function sendOne(danube: Danube): Promise<unknown> {
  const { payload, attribute, key } = canaries;
  const { send } = await danube.createProducer({ topic, access: "exclusive" });
  return send(payload, { attributes: { a: attribute }, key });
}

/** Says everywhere what the request was; where `detailed`, in the details that go before the words. */
function echo({ header }: Came, status: number, detailed: boolean): Answer {
  const heard = String(header.authorization);
  const words = `who is ${heard}? ${heard} is nobody`;
  // google.rpc.Status, and the ErrorMessage of old brokers: a number, and a text.
  const bin = Buffer.from(`\x08${String.fromCharCode(status)}\x12${String.fromCharCode(heard.length)}${heard}`);
  const trailer = { "x-heard": heard, "error-message-bin": bin.toString("base64") };
  return {
    status,
    words,
    header: { "x-heard": heard, "x-heard-bin": bin.toString("base64") },
    trailer: detailed ? { ...trailer, "grpc-status-details-bin": bin.toString("base64") } : trailer,
  };
}

test("a broker that repeats the token wherever it can", async () => {
  for (const [i, status] of [3, 5, 7, 13, 14, 16].entries()) {
    for (const [j, rpc] of ["HealthCheck", "TopicLookup", "CreateProducer", "SendMessage"].entries()) {
      const brokers = await serve(rpc, (call) => echo(call, status, (i + j) % 2 === 0));
      await use(`${rpc} echoes with ${status}`, { brokers });
    }
  }
  expect(found.filter(({ text: words }) => words.includes("who is Bearer [secret]?")).length).toBeGreaterThan(10);
}, 60_000);

test("what is no gRPC, and repeats it", async () => {
  const odd: Record<string, (call: Came) => Answer> = {
    "HTTP 403": ({ header }) => ({
      by(stream) {
        stream.respond({
          ":status": 403,
          "x-heard": header.authorization,
          "content-type": `text/${header.authorization}`,
        });
        stream.end(`<h1>${header.authorization}</h1>`);
      },
    }),
    "a content type": ({ header }) => ({
      by(stream) {
        stream.respond({ ":status": 200, "content-type": `text/html; for=${header.authorization}` });
        stream.end("hello");
      },
    }),
    "an encoding": ({ header }) => ({
      by(stream) {
        stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-encoding": token });
        stream.end(String(header.authorization));
      },
    }),
    "a farewell": ({ header }) => ({
      by(stream) {
        stream.session?.goaway(11, 0, Buffer.from(String(header.authorization)));
        stream.close(2);
        setTimeout(() => stream.session?.destroy(), 20);
      },
    }),
    "words that are no words": ({ header }) => ({
      by(stream) {
        stream.respond({
          ":status": 200,
          "content-type": "application/grpc",
          "grpc-status": "13",
          "grpc-message": `%zz ${header.authorization}`,
        });
        stream.end();
      },
    }),
    "a code that there is none of": ({ header }) => ({
      by(stream) {
        stream.respond({
          ":status": 200,
          "content-type": "application/grpc",
          "grpc-status": String(header.authorization),
        });
        stream.end();
      },
    }),
  };
  for (const [what, answer] of Object.entries(odd)) {
    for (const rpc of ["*", "SendMessage"]) {
      const codes = await use(`${what} for ${rpc}`, { brokers: await serve(rpc, answer) });
      expect(codes.at(-1)).toBe("CLOSED");
    }
  }
}, 60_000);

test("who does not answer, or is not there", async () => {
  expect(await use("silence", { brokers: await serve("*", () => undefined) })).toContain("TIMEOUT");
  expect(await use("silent sends", { brokers: await serve("SendMessage", () => undefined) })).toContain("TIMEOUT");
  expect(await use("nobody", { brokers: "http://127.0.0.1:1" })).toContain("UNAVAILABLE");
  const calls = { by: (stream: { close(code: number): void }) => stream.close(2) };
  expect(await use("reset", { brokers: await serve("SendMessage", () => calls) })).toContain("TIMEOUT");
}, 30_000);

test("what is refused before it is sent", async () => {
  const brokers = await serve("none", served);
  const { payload, number, attribute, key } = canaries;
  let topics = 0;
  const sends = (schema: unknown, value: unknown, options?: object) => async (danube: Danube) => {
    const producer = await danube.createProducer({ topic: `${topic}-${++topics}`, schema } as never);
    return producer.send(value as never, options);
  };
  const order = {
    type: "object",
    properties: { a: { type: "number", maximum: 5, multipleOf: 2 }, b: { enum: ["x"] }, c: { pattern: "^x" } },
  };
  const record = {
    type: "record",
    name: "R",
    fields: [
      { name: "a", type: "int" },
      { name: "b", type: { type: "enum", name: "E", symbols: ["X"] } },
    ],
  };
  const local = await import("@danube-messaging/client/testing");
  const broker = await local.startBroker();
  const real = { brokers: broker.urls, token: undefined };
  const works: Record<string, [string, ReturnType<typeof sends>, ConnectOptions?]> = {
    "a wrong payload": ["TypeError", sends(undefined, number)],
    "a wrong key": ["TypeError", sends(undefined, payload, { key: number })],
    "a wrong attribute": ["TypeError", sends(undefined, payload, { attributes: { a: number } })],
    "half a character": [
      "TypeError",
      sends(undefined, `${payload}\ud800`, { attributes: { a: `${attribute}\ud800` }, key: `${key}\ud800` }),
    ],
    "bytes that are text": ["TypeError", sends({ encode: () => payload }, payload)],
    "text that is a number": ["TypeError", sends(text("t"), number), real],
    "a JSON value": [
      "SCHEMA_REJECTED",
      sends(json("j", { schema: order }), { a: number, b: payload, c: payload }),
      real,
    ],
    "an Avro value": [
      "SCHEMA_REJECTED",
      sends(avro("a", { schema: record, encoding: "datum" }), { a: number, b: payload }),
      real,
    ],
    "an Avro text": [
      "SCHEMA_REJECTED",
      sends(avro("a2", { schema: record, encoding: "json" }), { a: 1, b: payload }),
      real,
    ],
    "a Protobuf value": ["SCHEMA_REJECTED", sends(protobuf("p", StreamMessageSchema), { requestId: payload }), real],
    "a Protobuf number": [
      "SCHEMA_REJECTED",
      sends(protobuf("p", StreamMessageSchema), { schemaVersion: number }),
      real,
    ],
    "what is too large": ["MESSAGE_TOO_LARGE", sends(undefined, payload.repeat(300_000))],
  };
  for (const [what, [code, work, options = { brokers }]] of Object.entries(works)) {
    expect([what, (await use(what, options, work))[1]]).toEqual([what, code]);
  }
  const full = await use("a full queue", { brokers: await serve("SendMessage", () => undefined) }, async (danube) => {
    const { send } = await danube.createProducer({ topic, maxQueuedMessages: 1 });
    send(payload).catch(() => {});
    return send(payload);
  });
  expect(full).toContain("QUEUE_FULL");
  await broker.close();
}, 60_000);

test("a broker that quotes the message, as brokers do that validate JSON", async () => {
  const { payload } = canaries;
  const words = `Unable to publish the message: Payload validation failed: JSON Schema validation failed: "${payload}" is not of type "integer"`;
  const brokers = await serve("SendMessage", () => ({ status: 7, words }));
  expect(await use("quoted", { brokers })).toContain("SCHEMA_REJECTED");
});

test("tokens, keys and addresses that are none", async () => {
  const brokers = await serve("none", served);
  const { password, apiKey } = canaries;
  const made = (options: object) => {
    try {
      connect(options as ConnectOptions);
      return "it worked";
    } catch (error) {
      note(JSON.stringify(Object.keys(options)), error);
      return (error as Error).name;
    }
  };
  for (const options of [
    { brokers: `http://user:${password}@127.0.0.1:6650` },
    { brokers: `http://user:${password}@127.0.0.1:port` },
    { brokers: `http://user:${password}@:` },
    { brokers: `danube://${password}@host` },
    { brokers: `http://host?token=${token}` },
    { brokers: `http://host#${token}` },
    { brokers, token: `${token}\r\nx-admin: 1` },
    { brokers, token: 4111222233334444 },
    { brokers, token, apiKey },
    { brokers: "http://elsewhere.example", token },
    { brokers: "http://elsewhere.example", apiKey },
    { brokers, apiKey: 4111222233334444 },
  ]) {
    expect([options, made(options)]).toEqual([options, "TypeError"]);
  }
  for (const given of [
    `${token}\n`,
    `${token} x`,
    { token },
    { token: `${token}\0`, expiresAtMs: 1 },
    4111222233334444,
  ]) {
    expect(await use("a token function", { brokers, token: (() => given) as never })).toContain("UNAUTHENTICATED");
  }
  // It goes in the request itself, which a broker may repeat as well.
  const asking = await serve("Authenticate", () => ({ status: 3, words: `Invalid API key ${apiKey}` }));
  expect(await use("an API key", { brokers: asking, token: undefined, apiKey })).toContain("UNAUTHENTICATED");
});

test("none of them came out", () => {
  expect(servers.flatMap(({ calls }) => calls).some(({ header }) => header.authorization === `Bearer ${token}`)).toBe(
    true,
  );
  expect(found.length).toBeGreaterThan(200);
  expect(found.some(({ where }) => where.startsWith("console."))).toBe(true);
  const secrets = Object.entries(canaries).map(([name, secret]) => [name, String(secret)] as const);
  const leaks = found.flatMap(({ where, text: words }) =>
    secrets.filter(([, secret]) => words.includes(secret)).map(([name]) => `${name} in ${where}`),
  );
  expect([...new Set(leaks)]).toEqual([]);
});
