import { type Danube, double, int64, json, type Schema, text, type ValidationOptions } from "@danube-messaging/client";
import { avro } from "@danube-messaging/client/avro";
import { protobuf } from "@danube-messaging/client/protobuf";
import { MsgIDSchema } from "../../gen/danube/danube_api_pb.ts";
import { equal, rejection } from "./assert.ts";
import { objectOf, raw, recordOf } from "./support.ts";
import { type Case, type CaseContext, needing } from "./world.ts";

const enforced = { policy: "enforce", payloadValidation: true } as const;
const orders = objectOf({ id: "integer", "note?": "string" });
const row = recordOf({ name: "id", type: "int" }, { name: "note", type: "string", default: "" });

/** A producer of a topic of its own, which is tied to the schema's subject and checks what it is sent. */
async function checkedProducer<T>(
  danube: Danube,
  { topic }: CaseContext,
  label: string,
  schema: Schema<T, unknown>,
  options: ValidationOptions = enforced,
) {
  const producer = await danube.createProducer({ topic: topic(label), schema, dispatch: "reliable" });
  await danube.schemas.configureTopic(topic(label), { subject: schema.subject ?? "", ...options });
  return producer;
}

/** The code and the outcome of what must fail. */
async function failure(sending: Promise<unknown>): Promise<string> {
  const { code, outcome } = (await rejection(sending)) as { code?: string; outcome?: string };
  return `${code} ${outcome}`;
}

/** What brokers check messages for. */
export const schemaPolicyCases: Case[] = needing(
  ["topicSchemaConfig"],
  [
    {
      name: "a broker that validates payloads accepts text, numbers, JSON and Avro containers",
      async run(context) {
        const { connect, subject, topic, read } = context;
        const danube = connect();
        const accepted = async <T>(label: string, schema: Schema<T, unknown>, values: T[]) => {
          const { send } = await checkedProducer(danube, context, label, schema);
          const reader = await read(topic(label));
          for (const value of values) {
            await send(value);
          }
          await reader.take(values.length);
        };
        await accepted("text", text(subject("text")), ["", "日本"]);
        await accepted("int64", int64(subject("int64")), [-1n]);
        await accepted("double", double(subject("double")), [0.5]);
        await accepted("float", raw(subject("float"), "number"), [new Uint8Array(4)]);
        await accepted("json", json(subject("json"), { schema: orders }), [{ id: 1 }, { id: 2, note: "x" }]);
        await accepted("any", json(subject("any")), [null, { id: "x" }]);
        await accepted("avro", avro(subject("avro"), { schema: row, encoding: "container" }), [{ id: 1, note: "x" }]);
        await accepted("bytes", raw(subject("bytes"), "bytes"), [Uint8Array.of(255)]);
      },
    },
    {
      name: "a broker that validates payloads refuses broken ones, Avro datums and Avro's JSON: SCHEMA_REJECTED, and the producer goes on",
      async run(context) {
        const { connect, subject, topic, read } = context;
        const danube = connect();
        const utf8 = (words: string) => new TextEncoder().encode(words);
        const refused = async (label: string, schema: Schema<Uint8Array>, broken: Uint8Array, whole?: Uint8Array) => {
          const { send } = await checkedProducer(danube, context, label, schema);
          const reader = await read(topic(label));
          equal(await failure(send(broken)), "SCHEMA_REJECTED rejected", label);
          if (whole) {
            await send(whole);
            equal((await reader.take(1))[0]?.payload, whole, label);
          }
        };
        const encoded = (encoding: "datum" | "json" | "container") =>
          avro(subject(), { schema: row, encoding }).encode({ id: 1, note: "x" });
        const rows = (label: string) => raw(subject(label), "avro", row);
        await refused("text", raw(subject("text"), "string"), Uint8Array.of(0xff), utf8("text"));
        await refused("number", raw(subject("number"), "number"), new Uint8Array(3), utf8("8 bytes."));
        await refused("json", raw(subject("json"), "json_schema", orders), utf8('{"id":"1"}'), utf8('{"id":1}'));
        await refused("no-json", raw(subject("no-json"), "json_schema", orders), utf8("id=1"), utf8('{"id":1}'));
        await refused("datum", rows("datum"), encoded("datum"), encoded("container"));
        await refused("avro-json", rows("avro-json"), encoded("json"));
        await refused("nothing", rows("nothing"), new Uint8Array(0));
      },
    },
    {
      name: 'without payload validation "enforce" looks at the mark alone',
      async run(context) {
        const { connect, subject } = context;
        const danube = connect();
        const marked = async <T>(label: string, schema: Schema<T, unknown>, value: T) => {
          const { send } = await checkedProducer(danube, context, label, schema, { policy: "enforce" });
          await send(value);
        };
        await marked("text", raw(subject("text"), "string"), Uint8Array.of(0xff));
        await marked("avro", avro(subject("avro"), { schema: row, encoding: "datum" }), { id: 1, note: "x" });
        await marked("proto", protobuf(subject("proto"), MsgIDSchema), { topicName: "x" });
      },
    },
    {
      name: '"none" checks nothing; "warn", with which topics begin, lets the unmarked through and still validates payloads where asked',
      async run(context) {
        const { connect, topic, subject } = context;
        const danube = connect();
        const schema = raw(subject(), "number");
        const marked = await danube.createProducer({ topic: topic(), schema });
        const unmarked = await danube.createProducer({ topic: topic(), name: "unmarked" });
        const { schemaId } = await danube.schemas.latest(subject());
        const begin = { subject: subject(), schemaId, policy: "warn", payloadValidation: false };
        equal(await danube.schemas.topicConfig(topic()), begin as typeof begin & { policy: "warn" });
        await marked.send(new Uint8Array(3));
        await unmarked.send("x");
        await danube.schemas.validationPolicy(topic(), { policy: "warn", payloadValidation: true });
        equal(await failure(marked.send(new Uint8Array(3))), "SCHEMA_REJECTED rejected");
        await unmarked.send("x");
        await danube.schemas.validationPolicy(topic(), { policy: "none", payloadValidation: true });
        await marked.send(new Uint8Array(3));
        await unmarked.send("x");
      },
    },
  ],
);
