import { bytes, json, reliable, text } from "@danube-messaging/client";
import { avro } from "@danube-messaging/client/avro";
import { equal, ok, rejection } from "./assert.ts";
import { objectOf, recordOf, textsOf } from "./support.ts";
import type { Case } from "./world.ts";

/** Producers with a schema, as every broker has them. */
export const schemaBasicCases: Case[] = [
  {
    name: "the program of the design works: topic, partitions and schema are made, and the message is in its partition",
    async run({ urls, connect, topic, subject, readPartitions }) {
      const danube = connect({ brokers: urls });
      const { send, close, partitions } = await danube.createProducer({
        topic: topic("topic_test"),
        name: "producer_test",
        schema: text(subject("my_schema")),
        partitions: 3,
        dispatch: reliable({ segmentSizeMb: 5, retention: "until-expired", retentionSeconds: 3600 }),
      });
      const readers = await readPartitions(topic("topic_test"), partitions);
      const id = await send("Hello Danube", { attributes: { source: "readme" }, key: "user-1" });
      await close();
      equal([id.topic, id.partition, id.producer, id.sequence], [topic("topic_test"), 2, "producer_test", 1n]);
      const [message] = (await readers[2]?.take(1)) ?? [];
      equal([message?.text, message?.producer], ["Hello Danube", "producer_test-2"]);
      equal(message?.attributes["source"], "readme");
    },
  },
  {
    name: "several producers with the schema of a topic, from several clients, are let in",
    async run({ connect, topic, subject, read }) {
      const danube = connect();
      const schema = json(subject(), { schema: objectOf({ id: "integer" }) });
      const first = await danube.createProducer({ topic: topic(), name: "first", schema, dispatch: "reliable" });
      const reader = await read(topic());
      await danube.createProducer({ topic: topic(), name: "second", schema, dispatch: "reliable" });
      const third = await connect().createProducer({ topic: topic(), name: "third", schema, dispatch: "reliable" });
      await first.send({ id: 1 });
      await third.send({ id: 3 });
      equal(textsOf(await reader.take(2)), ['{"id":1}', '{"id":3}']);
    },
  },
  {
    name: "a producer without a schema is let in beside one with a schema, and the other way round",
    async run({ connect, topic, subject, read }) {
      const danube = connect();
      const dispatch = "reliable";
      const schema = text(subject());
      for (const [label, one, other] of [
        ["a", { schema }, {}],
        ["b", {}, { schema }],
      ] as const) {
        const first = await danube.createProducer<string>({ topic: topic(label), name: "first", dispatch, ...one });
        const second = await danube.createProducer<string>({ topic: topic(label), name: "second", dispatch, ...other });
        const reader = await read(topic(label));
        await first.send("1");
        await second.send("2");
        equal(textsOf(await reader.take(2)), ["1", "2"]);
      }
    },
  },
  {
    name: "messages of a producer without a schema, or of bytes() without a subject, are not marked",
    async run({ connect, topic, read }) {
      const name = topic();
      const danube = connect();
      const plain = await danube.createProducer({ topic: name, dispatch: "reliable" });
      const reader = await read(name);
      const unnamed = await danube.createProducer({
        topic: name,
        name: "unnamed",
        schema: bytes(),
        dispatch: "reliable",
      });
      await plain.send("any bytes work");
      await unnamed.send(Uint8Array.of(1));
      const messages = await reader.take(2);
      ok(
        messages.every(({ schemaId, schemaVersion }) => schemaId === undefined && schemaVersion === undefined),
        "messages without a mark",
      );
    },
  },
  {
    name: "a value that its JSON Schema does not allow is SCHEMA_REJECTED before it is sent, and so is one for Avro",
    async run({ connect, topic, subject, read }) {
      const danube = connect();
      const dispatch = "reliable";
      const failure = async (sending: Promise<unknown>) => {
        const { code, outcome } = (await rejection(sending)) as { code?: string; outcome?: string };
        return `${code} ${outcome}`;
      };
      const orders = json(subject("json"), { schema: objectOf({ id: "integer", "note?": "string" }) });
      const jsons = await danube.createProducer({ topic: topic("json"), schema: orders, dispatch });
      const reader = await read(topic("json"));
      const error = await rejection(jsons.send({ id: "x", note: 5 }));
      ok(error.message.includes("#/id") && error.message.includes(subject("json")), `where, in: ${error.message}`);
      equal(await failure(jsons.send({ note: "x" })), "SCHEMA_REJECTED not-sent");
      ok((await rejection(jsons.send(undefined))) instanceof TypeError, "a TypeError for what JSON cannot say");
      await jsons.send({ id: 1 });
      equal(textsOf(await reader.take(1)), ['{"id":1}']);
      const row = recordOf({ name: "id", type: "int" }, { name: "note", type: "string", default: "" });
      const avros = avro<object>(subject("avro"), { schema: row, encoding: "container" });
      const rows = await danube.createProducer({ topic: topic("avro"), schema: avros, dispatch });
      equal(await failure(rows.send({ id: "x", note: "" })), "SCHEMA_REJECTED not-sent");
      equal(danube.status().counters.messagesAcknowledged, 1n);
    },
  },
  {
    name: "eight clients that create the same producer at once, of a topic and a subject that do not exist: all can send",
    async run({ urls, connect, topic, subject }) {
      const schema = json(subject(), { schema: objectOf({ id: "integer" }) });
      // Not read back: a topic that several brokers are asked for at once comes to several (docs/brokers.md).
      await Promise.all(
        Array.from({ length: 8 }, async (_, id) => {
          const danube = connect({ brokers: urls[id % urls.length] as string });
          const { send } = await danube.createProducer({ topic: topic(), name: "one", schema });
          await send({ id });
        }),
      );
    },
  },
  {
    name: "eight clients that bring the same subject to one topic at once: every message arrives",
    async run({ urls, connect, topic, subject, read }) {
      const name = topic();
      const dispatch = "reliable";
      await connect().createProducer({ topic: name, dispatch });
      const reader = await read(name);
      await Promise.all(
        Array.from({ length: 8 }, async (_, id) => {
          const danube = connect({ brokers: urls[id % urls.length] as string });
          const { send } = await danube.createProducer({ topic: name, name: "one", schema: json(subject()), dispatch });
          await send({ id });
        }),
      );
      equal(
        textsOf(await reader.take(8)).sort(),
        [0, 1, 2, 3, 4, 5, 6, 7].map((id) => `{"id":${id}}`),
      );
    },
  },
];
