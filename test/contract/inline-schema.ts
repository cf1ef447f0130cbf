import { double, int64, json, type Schema, text } from "@danube-messaging/client";
import { avro } from "@danube-messaging/client/avro";
import { protobuf } from "@danube-messaging/client/protobuf";
import { MsgIDSchema } from "../../gen/danube/danube_api_pb.ts";
import { codeOf, equal, ok, rejection } from "./assert.ts";
import { noteWarnings, objectOf, recordOf, textsOf } from "./support.ts";
import { type Case, needing } from "./world.ts";

/** Schemas, where each topic has one and there is no registry. */
export const inlineSchemaCases: Case[] = needing(
  ["inlineSchema"],
  [
    {
      name: "int64 arrives as the text of its digits, which its beforeRegistry reads back",
      async run({ connect, topic, subject, read }) {
        const schema = int64(subject());
        const { send } = await connect().createProducer({ topic: topic(), schema, dispatch: "reliable" });
        const reader = await read(topic());
        const numbers = [0, -1, 2n ** 63n - 1n, -(2n ** 63n), Number.MAX_SAFE_INTEGER];
        for (const number of numbers) {
          await send(number);
        }
        const messages = await reader.take(numbers.length);
        equal(textsOf(messages), numbers.map(String));
        equal(
          messages.map(({ payload }) => schema.beforeRegistry?.decode?.(payload)),
          numbers.map(BigInt),
        );
      },
    },
    {
      name: "double, Avro and Protobuf are bytes to the topic, which is warned of once",
      async run({ connect, topic, subject }) {
        const row = recordOf({ name: "id", type: "int" });
        for (const schema of [
          double(subject("double")),
          avro(subject("avro"), { schema: row, encoding: "datum" }),
          protobuf(subject("protobuf"), MsgIDSchema),
        ] as Schema<never, unknown>[]) {
          const warnings: string[] = [];
          const { createProducer, schemas } = connect({ onEvent: noteWarnings(warnings) });
          const name = schema.subject ?? "";
          await createProducer({ topic: topic(name), schema });
          await createProducer({ topic: topic(name), name: "again", schema });
          equal(warnings, ["SCHEMA_DIFFERS"], `warnings of ${name}`);
          // What was defined is kept all the same.
          const { definition = "" } = schema;
          equal(await schemas.ofTopic(topic(name)), { subject: name, type: "bytes", definition });
        }
      },
    },
    {
      name: "a topic's schema has one version: another one is UNSUPPORTED, pinned or as the least, and nothing is created",
      async run({ connect, topic, subject }) {
        const { createProducer, schemas } = connect();
        for (const version of [2, { min: 2 }]) {
          const schema = text(subject(), { version });
          equal(await codeOf(createProducer({ topic: topic(), schema })), "UNSUPPORTED");
        }
        equal(await codeOf(schemas.ofTopic(topic())), "TOPIC_NOT_FOUND");
        for (const version of [1, { min: 1 }, "latest"] as const) {
          const { send } = await createProducer({
            topic: topic(),
            name: `${version}`,
            schema: text(subject(), { version }),
          });
          await send("x");
        }
      },
    },
    {
      name: "every call to the registry is UNSUPPORTED, with the first version that has one",
      async run({ connect, topic, subject }) {
        const { createProducer, schemas } = connect();
        await createProducer({ topic: topic() });
        for (const [what, call] of Object.entries({
          register: () => schemas.register(subject(), { type: "string" }),
          get: () => schemas.get(1n),
          latest: () => schemas.latest(subject()),
          versions: () => schemas.versions(subject()),
          check: () => schemas.check(subject(), { type: "string" }),
          setCompatibility: () => schemas.setCompatibility(subject(), "full"),
          delete: () => schemas.delete(subject(), 1),
          subjects: () => schemas.subjects(),
          configureTopic: () => schemas.configureTopic(topic(), { subject: subject(), policy: "warn" }),
          validationPolicy: () => schemas.validationPolicy(topic(), { policy: "warn" }),
          topicConfig: () => schemas.topicConfig(topic()),
        })) {
          const error = await rejection(call());
          equal((error as { code?: string }).code, "UNSUPPORTED", what);
          ok(error.message.includes("before 0.6"), `the hint of ${what} in: ${error.message}`);
        }
      },
    },
    {
      name: "a topic keeps its schema: one of another name or type is SCHEMA_MISMATCH, also for partitions, and naming both",
      needs: ["safeGetSchema"],
      async run({ connect, topic, subject }) {
        const is = text(subject("is"));
        for (const partitions of [undefined, 2]) {
          const name = topic(`of-${partitions}`);
          await connect().createProducer({ topic: name, schema: is, partitions });
          for (const other of [text(subject("other")), int64(subject("is")), json(subject("is"))]) {
            // From a client that knows nothing of the topic.
            const error = await rejection(
              connect().createProducer({ topic: name, name: "other", schema: other as never }),
            );
            equal((error as { code?: string }).code, "SCHEMA_MISMATCH");
            ok(error.message.includes(subject("is")) && error.message.includes(other.subject ?? ""), error.message);
          }
          await connect().createProducer({ topic: name, name: "same", schema: is });
        }
      },
    },
    {
      name: "another definition than the topic's is told as SCHEMA_DIFFERS, and so is a topic that began without a schema",
      needs: ["safeGetSchema"],
      async run({ connect, topic, subject }) {
        const warnings: string[] = [];
        const { createProducer } = connect({ onEvent: noteWarnings(warnings) });
        const of = (schema: object | string) => json<object>(subject(), { schema });
        const one = of(`{"type":"object","required":[]}`);
        const same = of(`{ "required": [], "type": "object" }`);
        const other = of(objectOf({ id: "integer" }));
        await createProducer({ topic: topic("a"), schema: one });
        await createProducer({ topic: topic("a"), name: "same", schema: same });
        equal(warnings, []);
        const { send } = await createProducer({ topic: topic("a"), name: "other", schema: other });
        await send({ id: 1 });
        equal(warnings, ["SCHEMA_DIFFERS"]);
        await createProducer({ topic: topic("b") });
        await createProducer({ topic: topic("b"), name: "late", schema: text(subject()) });
        equal(warnings, ["SCHEMA_DIFFERS", "SCHEMA_DIFFERS"]);
      },
    },
  ],
);
