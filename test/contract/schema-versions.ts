import { json, type SchemaVersion } from "@danube-messaging/client";
import { codeOf, equal } from "./assert.ts";
import { objectOf, textsOf, versionsOf } from "./support.ts";
import { type Case, type CaseContext, needing } from "./world.ts";

const growing = [
  objectOf({ id: "integer" }),
  objectOf({ id: "integer", "name?": "string" }),
  objectOf({ id: "integer", "name?": "string", "active?": "boolean" }),
];

/** Registers that many versions of the case's subject. */
async function registerVersions({ connect, subject }: CaseContext, count: number): Promise<void> {
  const { schemas } = connect();
  for (const definition of growing.slice(0, count)) {
    await schemas.register(subject(), { type: "json_schema", definition });
  }
}

async function refusesMissing(context: CaseContext, version: SchemaVersion): Promise<void> {
  const { connect, topic, subject } = context;
  await registerVersions(context, 1);
  const { createProducer, schemas } = connect();
  const schema = json(subject(), { version });
  equal(await codeOf(createProducer({ topic: topic(), schema })), "SCHEMA_NOT_FOUND");
  equal(await codeOf(schemas.topicConfig(topic())), "TOPIC_NOT_FOUND");
  equal((await schemas.versions(subject())).length, 1, "versions");
}

/** Which version of the subject messages are marked with. */
export const schemaVersionCases: Case[] = needing(
  ["registry"],
  [
    {
      name: "a producer pinned to a version marks its messages with that one, however many came after",
      needs: ["schemaByNumber"],
      async run(context) {
        const { connect, topic, subject, read } = context;
        await registerVersions(context, 2);
        const schema = json(subject(), { version: 1 });
        const { send } = await connect().createProducer({ topic: topic(), schema, dispatch: "reliable" });
        const reader = await read(topic());
        await send({ id: 123 });
        equal(versionsOf(await reader.take(1)), [1]);
      },
    },
    {
      name: '"latest" is the newest version, and so is nothing where the schema brings no definition; where it does, its own is',
      needs: ["schemaByNumber"],
      async run(context) {
        const { connect, topic, subject, read } = context;
        await registerVersions(context, 2);
        const danube = connect();
        const [schema] = growing;
        const wanted = [
          json(subject()),
          json(subject(), { version: "latest" }),
          json(subject(), { schema, version: "latest" }),
          json(subject(), { schema }),
        ];
        const producers = [];
        for (const [i, one] of wanted.entries()) {
          const name = `producer ${i}`;
          producers.push(await danube.createProducer({ topic: topic(), name, schema: one, dispatch: "reliable" }));
        }
        const reader = await read(topic());
        for (const { send } of producers) {
          await send({ id: 1 });
        }
        equal(versionsOf(await reader.take(4)), [2, 2, 2, 1]);
      },
    },
    {
      name: "{ min } is the newest version there is, if it is at least that",
      async run(context) {
        const { connect, topic, subject, read } = context;
        await registerVersions(context, 3);
        const danube = connect();
        const create = (min: number) =>
          danube.createProducer({
            topic: topic(),
            name: `from ${min} on`,
            schema: json(subject(), { version: { min } }),
            dispatch: "reliable",
          });
        const producers = [await create(2), await create(3)];
        const reader = await read(topic());
        for (const { send } of producers) {
          await send({ id: 456 });
        }
        equal(versionsOf(await reader.take(2)), [3, 3]);
      },
    },
    {
      name: "a version that does not exist, as the least, is SCHEMA_NOT_FOUND, and the topic is not created",
      run: (context) => refusesMissing(context, { min: 2 }),
    },
    {
      name: "a version that does not exist, pinned, is SCHEMA_NOT_FOUND, and the topic is not created",
      needs: ["schemaByNumber"],
      run: (context) => refusesMissing(context, 99),
    },
    {
      name: "one topic takes several versions of its subject, from producers side by side",
      needs: ["schemaByNumber"],
      async run(context) {
        const { connect, topic, subject, read } = context;
        await registerVersions(context, 2);
        const danube = connect();
        const create = (version: number) =>
          danube.createProducer({
            topic: topic(),
            name: `version ${version}`,
            schema: json(subject(), { version }),
            dispatch: "reliable",
          });
        const [first, second] = [await create(1), await create(2)];
        const reader = await read(topic());
        await first.send({ id: 1 });
        await second.send({ id: 2, name: "test" });
        await first.send({ id: 3 });
        equal(versionsOf(await reader.take(3)), [1, 2, 1]);
      },
    },
    {
      name: "a version registered while a producer lives is for the producers after it, of the same client too",
      async run(context) {
        const { connect, topic, subject, read } = context;
        await registerVersions(context, 1);
        const danube = connect();
        const schema = json(subject());
        const old = await danube.createProducer({ topic: topic(), name: "old", schema, dispatch: "reliable" });
        const reader = await read(topic());
        await old.send({ id: 1 });
        await danube.schemas.register(subject(), { type: "json_schema", definition: growing[1] as object });
        const young = await danube.createProducer({ topic: topic(), name: "young", schema });
        await young.send({ id: 2, name: "test" });
        await old.send({ id: 3 });
        const messages = await reader.take(3);
        equal(textsOf(messages), ['{"id":1}', '{"id":2,"name":"test"}', '{"id":3}']);
        equal(versionsOf(messages), [1, 2, 1]);
      },
    },
  ],
);
