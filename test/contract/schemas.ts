import { bytes, double, json, reliable, text } from "@danube-messaging/client";
import { avro } from "@danube-messaging/client/avro";
import { codeOf, equal, ok, rejection } from "./assert.ts";
import { noteWarnings, objectOf, recordOf, textsOf, versionsOf } from "./support.ts";
import type { Case } from "./world.ts";

/** Producers and the registry: what is registered, what is not, and what messages are marked with. */
export const schemaCases: Case[] = [
  {
    name: "the program of the README: topic, partitions and schema are made, and the message is in its partition, marked",
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
      const { schemaId } = await danube.schemas.latest(subject("my_schema"));
      equal([message?.text, message?.key, message?.producer], ["Hello Danube", "user-1", "producer_test-2"]);
      equal(message?.attributes["source"], "readme");
      equal([message?.schemaId, message?.schemaVersion], [schemaId, 1]);
    },
  },
  {
    name: "a subject that does not exist is registered with the producer: version 1, its type and its definition",
    async run({ connect, topic, subject }) {
      const danube = connect();
      const schema = objectOf({ id: "integer" });
      await danube.createProducer({ topic: topic(), schema: json(subject(), { schema }) });
      const registered = await danube.schemas.latest(subject());
      equal([registered.version, registered.type, registered.createdBy], [1, "json_schema", "danube-js"]);
      equal(JSON.parse(registered.definition), schema);
      // Without a schema of its own, json() registers one that takes everything.
      await danube.createProducer({ topic: topic("any"), schema: json(subject("any")) });
      equal((await danube.schemas.latest(subject("any"))).definition, "{}");
    },
  },
  {
    name: "a subject registered beforehand is used as it is, by however many producers",
    async run({ connect, topic, subject, read }) {
      const name = topic();
      const schema = objectOf({ value: "integer" });
      const { schemas } = connect();
      const { schemaId } = await schemas.register(subject(), { type: "json_schema", definition: schema });
      // The same definition in another order and with other spaces.
      const spaced = `{ "required": ["value"], "properties": {"value": {"type": "integer"}}, "type": "object" }`;
      const first = await connect().createProducer({
        topic: name,
        name: "first",
        dispatch: "reliable",
        schema: json(subject(), { schema: spaced }),
      });
      const reader = await read(name);
      const second = await connect().createProducer({ topic: name, name: "second", schema: json(subject()) });
      await first.send({ value: 1 });
      await second.send({ value: 2 });
      const messages = await reader.take(2);
      equal(textsOf(messages), ['{"value":1}', '{"value":2}']);
      equal(
        messages.map((message) => [message.schemaId, message.schemaVersion]),
        [
          [schemaId, 1],
          [schemaId, 1],
        ],
      );
      equal((await schemas.versions(subject())).length, 1, "versions");
    },
  },
  {
    name: "messages of a producer without a schema, or of bytes() without a subject, are not marked",
    async run({ connect, topic, read }) {
      const name = topic();
      const danube = connect();
      const plain = await danube.createProducer({ topic: name, dispatch: "reliable" });
      const reader = await read(name);
      const unnamed = await danube.createProducer({ topic: name, name: "unnamed", schema: bytes() });
      await plain.send("any bytes work");
      await unnamed.send(Uint8Array.of(1));
      const messages = await reader.take(2);
      ok(
        messages.every(({ schemaId, schemaVersion }) => schemaId === undefined && schemaVersion === undefined),
        "messages without a mark",
      );
      equal((await danube.schemas.topicConfig(name)).subject, undefined);
    },
  },
  {
    name: "register: false uses what there is; a missing subject is SCHEMA_NOT_FOUND, and the topic is not created",
    async run({ connect, topic, subject }) {
      const name = topic();
      const danube = connect();
      const schema = text(subject(), { register: false });
      equal(await codeOf(danube.createProducer({ topic: name, schema })), "SCHEMA_NOT_FOUND");
      equal(await codeOf(danube.schemas.latest(subject())), "SCHEMA_NOT_FOUND");
      equal(await codeOf(danube.schemas.topicConfig(name)), "TOPIC_NOT_FOUND");
      await danube.schemas.register(subject(), { type: "string" });
      const { send } = await danube.createProducer({ topic: name, schema });
      await send("x");
    },
  },
  {
    name: "another definition than the subject's makes no new version: SCHEMA_DIFFERS is told once, and messages are marked as the latest",
    async run({ connect, topic, subject, read }) {
      const name = topic();
      const warnings: string[] = [];
      const danube = connect({ onEvent: noteWarnings(warnings) });
      await danube.schemas.register(subject(), { type: "json_schema", definition: objectOf({ id: "integer" }) });
      // Which the registry would take as version 2.
      const schema = json(subject(), { schema: objectOf({ id: "integer", "name?": "string" }) });
      const { send } = await danube.createProducer({ topic: name, schema, dispatch: "reliable" });
      const reader = await read(name);
      await danube.createProducer({ topic: name, name: "again", schema });
      await send({ id: 1, name: "x" });
      equal(versionsOf(await reader.take(1)), [1]);
      equal(warnings, ["SCHEMA_DIFFERS"]);
      equal((await danube.schemas.versions(subject())).length, 1, "versions");
    },
  },
  {
    name: "an avro datum, which only its own definition can read, is SCHEMA_MISMATCH where the subject has others; other encodings are warned about",
    async run({ connect, topic, subject }) {
      const warnings: string[] = [];
      const danube = connect({ onEvent: noteWarnings(warnings) });
      const [old, schema] = [recordOf({ name: "a", type: "int" }), recordOf({ name: "b", type: "int", default: 0 })];
      await danube.schemas.register(subject(), { type: "avro", definition: old });
      const create = (encoding: "datum" | "container") =>
        danube.createProducer({ topic: topic(), schema: avro(subject(), { schema, encoding }) });
      equal(await codeOf(create("datum")), "SCHEMA_MISMATCH");
      equal(await codeOf(danube.schemas.topicConfig(topic())), "TOPIC_NOT_FOUND");
      equal(warnings, []);
      await create("container");
      equal(warnings, ["SCHEMA_DIFFERS"]);
      equal((await danube.schemas.versions(subject())).length, 1, "versions");
    },
  },
  {
    name: 'register: "evolve" adds a version where no version has the definition, and an incompatible one is SCHEMA_INCOMPATIBLE',
    async run({ connect, topic, subject, read }) {
      const name = topic();
      const danube = connect();
      const evolving = (schema: object) => json(subject(), { schema, register: "evolve" });
      const create = (as: string, properties: Record<string, string>) =>
        danube.createProducer({ topic: name, name: as, dispatch: "reliable", schema: evolving(objectOf(properties)) });
      const first = await create("first", { id: "integer" });
      const reader = await read(name);
      const second = await create("second", { id: "integer", "name?": "string" });
      const same = await create("same", { id: "integer", "name?": "string" });
      const older = await create("older", { id: "integer" });
      for (const { send } of [first, second, same, older]) {
        await send({ id: 1 });
      }
      equal(versionsOf(await reader.take(4)), [1, 2, 2, 1]);
      const error = await rejection(create("breaking", { name: "string" }));
      equal((error as { code?: string }).code, "SCHEMA_INCOMPATIBLE");
      ok(error.message.includes("'id'"), `what is incompatible in: ${error.message}`);
      equal((await danube.schemas.versions(subject())).length, 2, "versions");
    },
  },
  {
    name: "a subject of another type is SCHEMA_MISMATCH, also where it was to evolve, and nothing is created",
    async run({ connect, topic, subject }) {
      const name = topic();
      const { schemas, createProducer } = connect();
      await schemas.register(subject(), { type: "string" });
      equal(await codeOf(createProducer({ topic: name, schema: double(subject()) })), "SCHEMA_MISMATCH");
      equal(
        await codeOf(createProducer({ topic: name, schema: json(subject(), { register: false }) })),
        "SCHEMA_MISMATCH",
      );
      const evolving = createProducer({ topic: name, schema: json(subject(), { register: "evolve" }) });
      equal(await codeOf(evolving), "SCHEMA_MISMATCH");
      equal(await codeOf(schemas.topicConfig(name)), "TOPIC_NOT_FOUND");
      equal((await schemas.versions(subject())).length, 1, "versions");
    },
  },
  {
    name: "eight clients that create the same producer at once, of a topic and a subject that do not exist: all can send, and there is one version",
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
      const [version, ...more] = await connect().schemas.versions(subject());
      equal([version?.version, more], [1, []]);
    },
  },
  {
    name: "eight clients that bring the same subject to one topic at once: every message arrives, and every mark leads to the subject",
    async run({ urls, connect, topic, subject, read }) {
      const name = topic();
      await connect().createProducer({ topic: name, dispatch: "reliable" });
      const reader = await read(name);
      await Promise.all(
        Array.from({ length: 8 }, async (_, id) => {
          const danube = connect({ brokers: urls[id % urls.length] as string });
          const { send } = await danube.createProducer({ topic: name, name: "one", schema: json(subject()) });
          await send({ id });
        }),
      );
      const messages = await reader.take(8);
      equal(
        textsOf(messages).sort(),
        [0, 1, 2, 3, 4, 5, 6, 7].map((id) => `{"id":${id}}`),
      );
      // Brokers may give out several numbers then; one stays.
      const { schemas } = connect();
      for (const { schemaId, schemaVersion } of messages) {
        equal((await schemas.get(schemaId ?? 0n, schemaVersion)).subject, subject());
      }
      equal((await schemas.versions(subject())).length, 1, "versions");
    },
  },
];
