import process from "node:process";
import { type ConnectOptions, type Danube, isDanubeError, type ProducerOptions } from "@danube-messaging/client";
import { type EmbeddedBroker, startBroker } from "@danube-messaging/client/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { connect } from "./connect.ts";

// What users give a client are functions of their own, which may do anything. Whatever they do, every call comes to an end, and
// nothing is thrown where nobody can catch it.

/** Has no words, no prototype, and throws at whoever looks at it. */
const hostile = new Proxy(Object.create(null), {
  get() {
    throw new Error("hands off");
  },
});

const misdeeds: Record<string, () => unknown> = {
  throws: () => {
    throw new Error("no");
  },
  "throws undefined": () => {
    throw undefined;
  },
  "throws what has no words": () => {
    throw Object.create(null);
  },
  rejects: () => Promise.reject(new Error("no, later")),
  "rejects with what has no words": () => Promise.reject(Object.create(null)),
  "never answers": () => new Promise(() => {}),
  "gives undefined": () => undefined,
  "gives what throws when it is looked at": () => hostile,
  "gives a thenable that throws": () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried
    then() {
      throw new Error("no thenable");
    },
  }),
  "gives a thenable that rejects": () => ({
    // biome-ignore lint/suspicious/noThenProperty: that is what is tried
    then: (_: unknown, reject: (reason: unknown) => void) => reject(new Error("no, thenable")),
  }),
};

const topic = "/default/functions";
let broker: EmbeddedBroker;
const uncaught: unknown[] = [];
const note = (problem: unknown) => uncaught.push(problem);

beforeAll(async () => {
  process.on("unhandledRejection", note);
  process.on("uncaughtException", note);
  // Which is where the client complains of them.
  vi.spyOn(console, "error").mockImplementation(() => {});
  broker = await startBroker({ brokers: 2, loadMs: 10 });
});
// Of those that run at the same time, one of them.
afterEach(async () => {
  // Told when the turn is over.
  await new Promise((resolve) => setTimeout(resolve, 10));
  const [first] = uncaught.splice(0);
  expect(first).toBeUndefined();
});
afterAll(async () => {
  await broker.close();
  vi.restoreAllMocks();
  process.off("unhandledRejection", note);
  process.off("uncaughtException", note);
});

const limits = { attemptTimeoutMs: 200, createTimeoutMs: 400, sendTimeoutMs: 400, backoff: () => 5 };

/** How a call ended: only in ways that users are told of. */
async function ended(what: string, call: Promise<unknown>): Promise<void> {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`${what} has no end`)), 5_000));
  const reason = await Promise.race([call, late]).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (reason && !isDanubeError(reason.error) && !(reason.error instanceof TypeError)) {
    expect.fail(`${what} ended with ${Object.prototype.toString.call(reason.error)} ${(reason.error as Error)?.stack}`);
  }
}

/** Everything that a client can be asked for, and its end. */
async function use(options: Partial<ConnectOptions>, wanted: Partial<ProducerOptions> = {}): Promise<void> {
  const danube: Danube = connect({ brokers: broker.urls, onEvent: () => {}, ...limits, ...options });
  const created = danube.createProducer({ topic, partitions: 2, ...wanted });
  await Promise.all([
    ended("createProducer", created),
    ended("ready()", danube.ready()),
    ended("subjects()", danube.schemas.subjects()),
    ended("ofTopic()", danube.schemas.ofTopic(topic)),
  ]);
  const producer = await created.catch(() => undefined);
  if (producer) {
    await ended("send", producer.send("x"));
    const writer = producer.writable().getWriter();
    await Promise.all([ended("write", writer.write("y")), ended("its end", writer.close())]);
  }
  await danube.close({ timeoutMs: 0 });
}

describe.each(Object.entries(misdeeds))("a function that %s", (_, misdeed) => {
  const mischief = misdeed as () => never;

  test.concurrent("as onEvent", () => use({ onEvent: mischief }));
  test.concurrent("as token", () => use({ token: mischief }));
  test.concurrent("as mapBrokerUrl", () => use({ mapBrokerUrl: mischief }));
  test.concurrent("as an interceptor", () => use({ interceptors: [mischief] }));
  test.concurrent("as what an interceptor makes", () => use({ interceptors: [() => mischief] }));
  test.concurrent("as a transport", () => use({ transport: mischief }));
  test.concurrent("as a transport's calls", () => use({ transport: () => ({ unary: mischief, stream: mischief }) }));
  test.concurrent("as a transport's end", async () => {
    const unary = () => Promise.reject(new Error("only ends"));
    await use({ transport: () => ({ unary, stream: unary, close: mischief }) });
  });
  test.concurrent("as what an answer holds", async () => {
    const answer = async () => ({ message: misdeed() }) as never;
    await use({ transport: () => ({ unary: answer, stream: answer }) });
  });
  test.concurrent("as a schema's parts", async () => {
    await use({}, { schema: { subject: undefined, encode: mischief } });
    await use({}, { schema: { subject: undefined, encode: () => new Uint8Array(1), prepare: mischief } });
  });

  test.concurrent("as backoff", async () => {
    broker.fault({ rpc: "SendMessage", drop: "request" });
    await use({ backoff: mischief });
  });

  test.concurrent("as route, and as a stream's key and attributes", async () => {
    const danube = connect({ brokers: broker.urls, onEvent: () => {}, ...limits });
    const routed = await danube.createProducer({ topic, partitions: 2, route: mischief });
    const { writable, send } = await danube.createProducer({ topic, partitions: 2 });
    const calls = [
      routed.send("x"),
      writable({ key: mischief }).getWriter().write("x"),
      writable({ attributes: mischief }).getWriter().write("x"),
    ];
    // What such a function throws is what its caller is told, whatever it is.
    await Promise.all(
      calls.map((call) =>
        ended(
          "what asks it",
          call.catch(() => {}),
        ),
      ),
    );
    await ended("another send", send("x"));
    await danube.close({ timeoutMs: 0 });
  });
});

test.each([undefined, null, "why", Object.create(null), hostile])(
  "a signal aborted for an odd reason",
  async (reason) => {
    broker.fault({ rpc: "TopicLookup", delayMs: 300, times: 2 });
    const danube = connect({ brokers: broker.urls, onEvent: () => {}, ...limits });
    const first = new AbortController();
    const creating = ended("createProducer", danube.createProducer({ topic, partitions: 2, signal: first.signal }));
    await new Promise((resolve) => setTimeout(resolve, 30));
    first.abort(reason);
    await creating;
    const { send } = await danube.createProducer({ topic, partitions: 2, createTimeoutMs: 5_000 });
    broker.fault({ rpc: "SendMessage", delayMs: 300, times: 2 });
    const second = new AbortController();
    const sends = [1, 2, 3].map((n) => ended("send", send(String(n), { signal: second.signal })));
    await new Promise((resolve) => setTimeout(resolve, 30));
    second.abort(reason);
    await Promise.all([...sends, ended("send", send("x", { signal: second.signal }))]);
    await danube.close({ timeoutMs: 0 });
  },
);
