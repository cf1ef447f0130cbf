import { bytes, int64, json, type Schema, type TopicSchema, text } from "@danube-messaging/client";
import { codeOf, equal } from "./assert.ts";
import { objectOf } from "./support.ts";
import type { Case, CaseContext } from "./world.ts";

const definition = objectOf({ id: "integer" });

/** Creates topics with schemas, and asks for those: another client does, which knows nothing of them. */
async function tellsWhatWasCreated({ connect, topic, subject }: CaseContext): Promise<void> {
  const { createProducer } = connect();
  const { schemas } = connect();
  const check = async (schema: Schema<never, unknown>, expected: Omit<TopicSchema, "subject">, partitions?: number) => {
    const { subject: name = "" } = schema;
    await createProducer({ topic: topic(name), schema, partitions });
    const found = await schemas.ofTopic(topic(name));
    equal(found && { ...found, definition: found.definition && JSON.parse(found.definition) }, {
      subject: name,
      ...expected,
    });
  };
  await check(text(subject("text")), { type: "string", definition: "" });
  await check(bytes(subject("bytes")), { type: "bytes", definition: "" });
  await check(int64(subject("int64")), { type: "number", definition: "" });
  await check(json(subject("json"), { schema: definition }), { type: "json_schema", definition: definition as never });
  await check(json(subject("any")), { type: "json_schema", definition: {} as never });
  await check(text(subject("parts")), { type: "string", definition: "" }, 2);
}

/** `schemas.ofTopic`. */
export const schemaOfTopicCases: Case[] = [
  {
    name: "schemas.ofTopic tells the schema that a topic was created with",
    needs: ["inlineSchema"],
    run: tellsWhatWasCreated,
  },
  {
    name: "schemas.ofTopic tells the schema that a topic is tied to",
    needs: ["topicSchemaConfig"],
    run: tellsWhatWasCreated,
  },
  {
    name: "schemas.ofTopic of a topic that began without a schema tells the one that all such topics have",
    needs: ["inlineSchema"],
    async run({ connect, topic }) {
      const { createProducer, schemas } = connect();
      await createProducer({ topic: topic() });
      equal(await schemas.ofTopic(topic()), { subject: "bytes_schema", type: "bytes", definition: "" });
    },
  },
  {
    name: "schemas.ofTopic of a topic without a schema is undefined",
    needs: ["topicSchemaConfig"],
    async run({ connect, topic }) {
      const { createProducer, schemas } = connect();
      await createProducer({ topic: topic(), schema: bytes() });
      equal(await schemas.ofTopic(topic()), undefined);
    },
  },
  {
    name: "schemas.ofTopic of a topic that does not exist is TOPIC_NOT_FOUND",
    run: async ({ connect, topic }) => equal(await codeOf(connect().schemas.ofTopic(topic())), "TOPIC_NOT_FOUND"),
  },
];
