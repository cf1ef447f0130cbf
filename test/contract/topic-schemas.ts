import { json, text } from "@danube-messaging/client";
import { codeOf, equal, rejection } from "./assert.ts";
import { objectOf, versionsOf } from "./support.ts";
import { type Case, needing } from "./world.ts";

async function outcomeOf(sending: Promise<unknown>): Promise<string> {
  const { code, outcome } = (await rejection(sending)) as { code?: string; outcome?: string };
  return `${code} ${outcome}`;
}

/** A topic and its subject. */
export const topicSchemaCases: Case[] = needing(
  ["topicSchemaConfig"],
  [
    {
      name: "the first producer with a schema ties the topic to its subject: others of the subject are let in, of another one SCHEMA_MISMATCH",
      async run({ connect, topic, subject }) {
        const { createProducer, schemas } = connect();
        const [a, b] = [json(subject("a"), { schema: objectOf({ a: "string" }) }), json(subject("b"))];
        await createProducer({ topic: topic(), name: "first", schema: a });
        await createProducer({ topic: topic(), name: "second", schema: a });
        const error = await rejection(createProducer({ topic: topic(), name: "third", schema: b }));
        equal((error as { code?: string }).code, "SCHEMA_MISMATCH");
        equal(
          [subject("a"), subject("b")].filter((one) => !error.message.includes(one)),
          [],
          `both in ${error.message}`,
        );
        // From another client, which knows nothing of the topic.
        equal(await codeOf(connect().createProducer({ topic: topic(), name: "fourth", schema: b })), "SCHEMA_MISMATCH");
        const { schemaId } = await schemas.latest(subject("a"));
        const config = await schemas.topicConfig(topic());
        equal([config.subject, config.schemaId], [subject("a"), schemaId]);
      },
    },
    {
      name: "a topic that began without a schema is tied by the first producer that brings one",
      async run({ connect, topic, subject }) {
        const danube = connect();
        const plain = await danube.createProducer({ topic: topic(), name: "plain" });
        const begin = await danube.schemas.topicConfig(topic());
        equal(begin, { subject: undefined, schemaId: undefined, policy: "warn", payloadValidation: false });
        const { send } = await danube.createProducer({ topic: topic(), name: "marked", schema: text(subject("a")) });
        const other = danube.createProducer({ topic: topic(), name: "other", schema: text(subject("b")) });
        equal(await codeOf(other), "SCHEMA_MISMATCH");
        await send("x");
        await plain.send("y");
      },
    },
    {
      name: 'a producer without a schema is let in; its messages are SCHEMA_REJECTED while the topic has "enforce", and no longer',
      async run({ connect, topic, subject, read }) {
        const danube = connect();
        const { schemas } = danube;
        const marked = await danube.createProducer({ topic: topic(), schema: text(subject()), dispatch: "reliable" });
        const unmarked = await danube.createProducer({ topic: topic(), name: "unmarked" });
        const reader = await read(topic());
        await unmarked.send("before");
        await schemas.validationPolicy(topic(), { policy: "enforce" });
        equal(await outcomeOf(unmarked.send("refused")), "SCHEMA_REJECTED rejected");
        const late = await danube.createProducer({ topic: topic(), name: "late" });
        equal(await outcomeOf(late.send("refused")), "SCHEMA_REJECTED rejected");
        await marked.send("marked");
        await schemas.validationPolicy(topic(), { policy: "warn" });
        await unmarked.send("after");
        const messages = await reader.take(3);
        equal(
          messages.map(({ text: words }) => words),
          ["before", "marked", "after"],
        );
        equal(versionsOf(messages), [undefined, 1, undefined]);
      },
    },
    {
      name: 'configureTopic gives a topic to a subject, from another one too; under "enforce" the former one\'s messages are SCHEMA_REJECTED',
      async run({ connect, topic, subject }) {
        const danube = connect();
        const { schemas } = danube;
        const former = await danube.createProducer({ topic: topic(), name: "former", schema: text(subject("a")) });
        await schemas.register(subject("b"), { type: "string" });
        await schemas.configureTopic(topic(), { subject: subject("b"), policy: "warn" });
        await former.send("let through");
        await schemas.validationPolicy(topic(), { policy: "enforce" });
        equal(await outcomeOf(former.send("refused")), "SCHEMA_REJECTED rejected");
        const again = danube.createProducer({ topic: topic(), name: "again", schema: text(subject("a")) });
        equal(await codeOf(again), "SCHEMA_MISMATCH");
        const { send } = await danube.createProducer({ topic: topic(), name: "new", schema: text(subject("b")) });
        await send("x");
      },
    },
    {
      name: "topics are configured from whichever seed: what one sets every other one tells",
      async run({ urls, connect, topic, subject }) {
        const topics = ["a", "b", "c"].map((label) => topic(label));
        const all = connect();
        await Promise.all(topics.map((name) => all.createProducer({ topic: name })));
        const { schemaId } = await all.schemas.register(subject(), { type: "string" });
        const clients = urls.map((url) => connect({ brokers: url }));
        for (const name of topics) {
          await all.schemas.configureTopic(name, { subject: subject(), policy: "none" });
          for (const [i, { schemas }] of clients.entries()) {
            const payloadValidation = i % 2 === 0;
            await schemas.configureTopic(name, { subject: subject(), policy: "enforce", payloadValidation });
            await schemas.validationPolicy(name, { policy: "warn", payloadValidation });
            for (const client of clients) {
              const config = { subject: subject(), schemaId, policy: "warn" as const, payloadValidation };
              equal(await client.schemas.topicConfig(name), config, `${name} by seed ${i}`);
            }
          }
        }
      },
    },
    {
      name: "a partitioned topic is configured in each of its partitions, under its own name",
      async run({ urls, connect, topic, subject }) {
        const danube = connect();
        const options = {
          topic: topic(),
          dispatch: "reliable",
          route: ({ key }: { key?: string | undefined }) => Number(key),
        } as const;
        const unmarked = await danube.createProducer({ ...options, partitions: 3 });
        await danube.schemas.register(subject(), { type: "string" });
        const tell = () => Promise.all(["0", "1", "2"].map((key) => outcomeOf(unmarked.send("x", { key }))));
        await danube.schemas.configureTopic(topic(), { subject: subject(), policy: "enforce" });
        equal(await tell(), Array(3).fill("SCHEMA_REJECTED rejected"));
        for (const url of urls) {
          const { schemas } = connect({ brokers: url });
          const { subject: tied, policy } = await schemas.topicConfig(topic());
          equal([tied, policy], [subject(), "enforce"]);
          await schemas.validationPolicy(topic(), { policy: "warn" });
          await Promise.all(["0", "1", "2"].map((key) => unmarked.send("x", { key })));
          await schemas.validationPolicy(topic(), { policy: "enforce" });
          equal(await tell(), Array(3).fill("SCHEMA_REJECTED rejected"));
        }
      },
    },
    {
      name: "a producer with a schema ties every partition, those that it adds too",
      async run({ connect, topic, subject, readPartitions }) {
        const name = topic();
        const danube = connect();
        const schema = text(subject());
        await danube.createProducer({ topic: name, partitions: 2, schema, dispatch: "reliable" });
        const { send } = await danube.createProducer({ topic: name, name: "more", partitions: 3, grow: true, schema });
        const other = { topic: name, name: "other", schema: text(subject("other")) };
        equal(await codeOf(danube.createProducer(other)), "SCHEMA_MISMATCH");
        const readers = await readPartitions(name, 3);
        await danube.schemas.validationPolicy(name, { policy: "enforce" });
        for (const text of ["0", "1", "2"]) {
          await send(text);
        }
        for (const reader of readers) {
          equal(versionsOf(await reader.take(1)), [1]);
        }
      },
    },
    {
      name: "a topic that does not exist is TOPIC_NOT_FOUND, and one without a subject, or for a missing one, SCHEMA_NOT_FOUND",
      async run({ connect, topic, subject }) {
        const { schemas, createProducer } = connect();
        await schemas.register(subject(), { type: "string" });
        for (const [what, call] of Object.entries({
          configureTopic: () => schemas.configureTopic(topic(), { subject: subject(), policy: "warn" }),
          validationPolicy: () => schemas.validationPolicy(topic(), { policy: "warn" }),
          topicConfig: () => schemas.topicConfig(topic()),
        })) {
          equal(await codeOf(call()), "TOPIC_NOT_FOUND", what);
        }
        for (const options of [{ topic: topic() }, { topic: topic("parts"), partitions: 2 }]) {
          await createProducer(options);
          equal(await codeOf(schemas.validationPolicy(options.topic, { policy: "warn" })), "SCHEMA_NOT_FOUND");
          const configuring = schemas.configureTopic(options.topic, { subject: subject("missing"), policy: "warn" });
          equal(await codeOf(configuring), "SCHEMA_NOT_FOUND");
        }
      },
    },
  ],
);
