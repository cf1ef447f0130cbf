import { codeOf, equal, ok, rejection } from "./assert.ts";
import { textsOf } from "./support.ts";
import type { Case } from "./world.ts";

/** Publishing: what is sent is what arrives. */
export const publishCases: Case[] = [
  {
    name: "a string arrives as UTF-8, with its attributes",
    async run({ connect, topic, read }) {
      const name = topic();
      const { send } = await connect().createProducer({ topic: name, name: "contract", dispatch: "reliable" });
      const reader = await read(name);
      const before = Date.now();
      await send("Grüße, 日本 🚀", { attributes: { source: "contract", leer: "" } });
      const [message] = await reader.take(1);
      equal(message?.text, "Grüße, 日本 🚀");
      equal(message?.attributes["source"], "contract");
      equal(message?.attributes["leer"], "");
      equal(message?.producer, "contract");
      const publishTime = Number(message?.publishTime);
      ok(publishTime >= before && publishTime <= Date.now(), "the publish time in milliseconds");
    },
  },
  {
    name: "bytes arrive as they are: every value, none at all, a mebibyte",
    async run({ connect, topic, read }) {
      const name = topic();
      const { send } = await connect().createProducer({ topic: name, dispatch: "reliable" });
      const reader = await read(name);
      const payloads = [
        Uint8Array.from({ length: 256 }, (_, i) => i),
        new Uint8Array(0),
        new Uint8Array(1_048_576).fill(7),
      ];
      for (const payload of payloads) {
        await send(payload);
      }
      const read3 = await reader.take(3);
      for (const [i, payload] of payloads.entries()) {
        equal(read3[i]?.payload.length, payload.length, "length");
        ok(
          read3[i]?.payload.every((byte, at) => byte === payload[at]),
          `payload ${i} unchanged`,
        );
      }
    },
  },
  {
    name: "a message id names the message: topic, producer, session and a bigint that counts",
    async run({ connect, topic }) {
      const name = topic();
      const danube = connect();
      const first = await danube.createProducer({ topic: name, name: "ids" });
      const a = await first.send("a");
      const b = await first.send("b");
      equal(a.topic, name);
      equal(a.producer, "ids");
      equal([a.sequence, b.sequence], [1n, 2n]);
      equal(a.session, b.session);
      ok(a.session.length >= 16, "a session that is not easily met twice");
      const second = await danube.createProducer({ topic: name, name: "ids" });
      const c = await second.send("c");
      ok(c.session !== a.session, "another session for another createProducer");
    },
  },
  {
    name: "the buffer of a payload may be used again at once",
    async run({ connect, topic, read }) {
      const name = topic();
      const { send } = await connect().createProducer({ topic: name, dispatch: "reliable" });
      const reader = await read(name);
      const buffer = new Uint8Array(4);
      const sends = [1, 2, 3].map((value) => {
        buffer.fill(value);
        return send(buffer);
      });
      await Promise.all(sends);
      const messages = await reader.take(3);
      equal(
        messages.map(({ payload }) => payload[0]),
        [1, 2, 3],
      );
    },
  },
  {
    name: "messages sent without waiting arrive in the order of the calls, on a reliable topic",
    async run({ connect, topic, read }) {
      const name = topic();
      const { send } = await connect().createProducer({ topic: name, dispatch: "reliable" });
      const reader = await read(name);
      const texts = Array.from({ length: 200 }, (_, i) => `message ${i}`);
      const ids = await Promise.all(texts.map((text) => send(text)));
      equal(
        ids.map(({ sequence }) => sequence),
        texts.map((_, i) => BigInt(i + 1)),
        "ids",
      );
      equal(
        (await reader.take(200)).map(({ text }) => text),
        texts,
      );
    },
  },
  {
    name: "messages sent without waiting arrive in the order of the calls, on a non-reliable topic",
    async run({ connect, topic, read }) {
      const name = topic();
      const { send } = await connect().createProducer({ topic: name, dispatch: "non-reliable" });
      const reader = await read(name);
      const texts = Array.from({ length: 100 }, (_, i) => `message ${i}`);
      await Promise.all(texts.map((text) => send(text)));
      equal(
        (await reader.take(100)).map(({ text }) => text),
        texts,
      );
    },
  },
  {
    name: 'order "none": every message arrives once',
    async run({ connect, topic, read }) {
      const name = topic();
      const { send } = await connect().createProducer({
        topic: name,
        dispatch: "reliable",
        order: "none",
        maxInFlight: 16,
      });
      const reader = await read(name);
      const texts = Array.from({ length: 100 }, (_, i) => `message ${i}`);
      await Promise.all(texts.map((text) => send(text)));
      equal((await reader.take(100)).map(({ text }) => text).sort(), [...texts].sort());
    },
  },
  {
    name: 'order "key": the messages of each key arrive in order',
    async run({ connect, topic, read }) {
      const name = topic();
      const { send } = await connect().createProducer({ topic: name, dispatch: "reliable", order: "key" });
      const reader = await read(name);
      const keys = ["a", "b", undefined];
      const sends = Array.from({ length: 90 }, (_, i) => send(`${keys[i % 3]} ${i}`, { key: keys[i % 3] }));
      await Promise.all(sends);
      const texts = textsOf(await reader.take(90));
      for (const [n, key] of keys.entries()) {
        const expected = Array.from({ length: 30 }, (_, i) => `${key} ${i * 3 + n}`);
        equal(
          texts.filter((text) => text.startsWith(`${key} `)),
          expected,
          `the messages of ${key}`,
        );
      }
    },
  },
  {
    name: "an encoded message of 4,194,304 bytes is accepted; one byte more is MESSAGE_TOO_LARGE, and the producer goes on",
    async run({ connect, topic, read }) {
      const name = topic();
      const { send } = await connect().createProducer({ topic: name, dispatch: "reliable" });
      const reader = await read(name);
      // The limit counts more than the payload: the error tells how much.
      const far = await rejection(send(new Uint8Array(4_194_304)));
      const extra = Number(/has (\d+) bytes/.exec(far.message)?.[1]) - 4_194_304;
      ok(extra > 0 && extra < 1_000, `a size in the error's message, got: ${far.message}`);
      const largest = 4_194_304 - extra;
      const error = await rejection(send(new Uint8Array(largest + 1)));
      equal((error as { code?: string }).code, "MESSAGE_TOO_LARGE");
      equal((error as { outcome?: string }).outcome, "not-sent");
      await send(new Uint8Array(largest));
      equal((await reader.take(1, 30_000))[0]?.payload.length, largest);
    },
  },
  {
    name: "a message beyond the broker's own limit is MESSAGE_TOO_LARGE too, rejected, and the producer goes on",
    async run({ connect, topic }) {
      const { send } = await connect({ maxMessageBytes: 16_000_000 }).createProducer({ topic: topic() });
      const error = await rejection(send(new Uint8Array(5_000_000)));
      equal((error as { code?: string }).code, "MESSAGE_TOO_LARGE");
      equal((error as { outcome?: string }).outcome, "rejected");
      await send("still here");
    },
  },
  {
    name: "wrong arguments are TypeErrors that name the option, as rejections",
    async run({ connect, topic }) {
      const danube = connect();
      const producer = await danube.createProducer({ topic: topic() });
      const wrong: [string, () => Promise<unknown>][] = [
        ["topic", () => danube.createProducer({ topic: "no-slash" })],
        ["topic", () => danube.createProducer({ topic: "/default/a/b" })],
        ["topic", () => danube.createProducer({ topic: "/default/a-part-1" })],
        ["topic", () => danube.createProducer({ topic: "/default/sp ace" })],
        ["name", () => danube.createProducer({ topic: topic(), name: "" })],
        ["name", () => danube.createProducer({ topic: topic(), name: "half \ud800" })],
        ["dispatch", () => danube.createProducer({ topic: topic(), dispatch: "sometimes" as "reliable" })],
        ["topics", () => danube.createProducer({ topic: topic(), topics: 1 } as never)],
        ["maxInFlight", () => danube.createProducer({ topic: topic(), maxInFlight: 0 })],
        ["payload", () => producer.send(5 as never)],
        ["payload", () => producer.send("half \udc00")],
        ["attributes.n", () => producer.send("x", { attributes: { n: 1 as never } })],
        ["attributes.n", () => producer.send("x", { attributes: { n: "\ud800" } })],
        ["key", () => producer.send("x", { key: "\ud800" })],
        ["timeoutMs", () => producer.send("x", { timeoutMs: -1 })],
        ["signal", () => producer.send("x", { signal: {} as never })],
      ];
      for (const [option, call] of wrong) {
        const error = await rejection(call());
        ok(error instanceof TypeError, `a TypeError for ${option}, got ${error.name}: ${error.message}`);
        ok(error.message.includes(`"${option}"`), `"${option}" to be named in: ${error.message}`);
      }
    },
  },
  {
    name: "a signal gives a message up: CANCELED, not sent when it was aborted before",
    async run({ connect, topic }) {
      const { send } = await connect().createProducer({ topic: topic() });
      const error = await rejection(send("x", { signal: AbortSignal.abort() }));
      equal((error as { code?: string }).code, "CANCELED");
      equal((error as { outcome?: string }).outcome, "not-sent");
      const aborted = new AbortController();
      const sending = codeOf(send("y", { signal: aborted.signal }));
      aborted.abort();
      equal(await sending, "CANCELED");
      await send("z");
    },
  },
];
