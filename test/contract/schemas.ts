import { bytes, double, int64, json, type Schema, type SchemaType, text } from "@danube-messaging/client";
import { avro } from "@danube-messaging/client/avro";
import { protobuf } from "@danube-messaging/client/protobuf";
import { MsgIDSchema } from "../../gen/danube/danube_api_pb.ts";
import { codeOf, equal, ok, rejection } from "./assert.ts";
import { noteWarnings, objectOf, raw, recordOf, textsOf, versionsOf } from "./support.ts";
import { type Case, needing } from "./world.ts";

/** Producers and the registry: what is registered, what is not, and what messages are marked with. */
export const schemaCases: Case[] = needing(
  ["registry"],
  [
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
      needs: ["schemaByNumber"],
      async run({ connect, topic, subject, read }) {
        const name = topic();
        const danube = connect();
        const evolving = (schema: object) => json(subject(), { schema, register: "evolve" });
        const create = (as: string, properties: Record<string, string>) =>
          danube.createProducer({
            topic: name,
            name: as,
            dispatch: "reliable",
            schema: evolving(objectOf(properties)),
          });
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
      name: "whatever a schema is, its subject has its type as version 1, and its messages are marked with that",
      async run({ connect, topic, subject, read }) {
        const danube = connect();
        const definition = objectOf({ id: "integer" });
        const row = recordOf({ name: "id", type: "int" });
        const check = async <T>(schema: Schema<T, unknown>, type: SchemaType, value: T) => {
          const name = schema.subject ?? "";
          const { send } = await danube.createProducer({ topic: topic(name), schema, dispatch: "reliable" });
          const reader = await read(topic(name));
          await send(value);
          const latest = await danube.schemas.latest(name);
          equal([latest.version, latest.type], [1, type], `what is registered of ${name}`);
          const [message] = await reader.take(1);
          equal([message?.schemaId, message?.schemaVersion], [latest.schemaId, 1], `the mark of ${name}`);
        };
        await check(bytes(subject("binary")), "bytes", Uint8Array.of(1));
        await check(text(subject("log")), "string", "x");
        await check(int64(subject("count")), "number", 1n);
        await check(double(subject("gauge")), "number", 0.5);
        await check(json(subject("any")), "json_schema", { id: 1 });
        await check(json(subject("events"), { schema: definition }), "json_schema", { id: 1 });
        for (const encoding of ["datum", "container", "json"] as const) {
          await check(avro(subject(encoding), { schema: row, encoding }), "avro", { id: 1 });
        }
        await check(protobuf(subject("proto"), MsgIDSchema), "protobuf", { topicName: "x" });
        await check({ subject: subject("own"), encode: () => Uint8Array.of(1) }, "bytes", "x");
        await check(raw(subject("typed"), "json_schema", definition), "json_schema", Uint8Array.of(1));
        equal((await danube.schemas.latest(subject("typed"))).definition, JSON.stringify(definition));
      },
    },
    {
      name: "eight clients that bring a subject that does not exist, at once, make one version of it",
      async run({ urls, connect, topic, subject }) {
        const schema = json(subject(), { schema: objectOf({ id: "integer" }) });
        await Promise.all(
          Array.from({ length: 8 }, (_, id) =>
            connect({ brokers: urls[id % urls.length] as string }).createProducer({
              topic: topic(),
              name: "one",
              schema,
            }),
          ),
        );
        const [version, ...more] = await connect().schemas.versions(subject());
        equal([version?.version, more], [1, []]);
      },
    },
    {
      name: "eight clients that bring the same subject to one topic at once: every mark leads to the subject",
      needs: ["schemaByNumber"],
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
        // Brokers may give out several numbers then; one stays.
        const { schemas } = connect();
        for (const { schemaId, schemaVersion } of await reader.take(8)) {
          equal((await schemas.get(schemaId ?? 0n, schemaVersion)).subject, subject());
        }
        equal((await schemas.versions(subject())).length, 1, "versions");
      },
    },
  ],
);
