import { type Danube, double, int64, json, type Schema, text, type ValidationOptions } from "@danube-messaging/client";
import { avro } from "@danube-messaging/client/avro";
import { protobuf } from "@danube-messaging/client/protobuf";
import { MsgIDSchema } from "../../gen/danube/danube_api_pb.ts";
import { equal, ok, rejection } from "./assert.ts";
import { objectOf, raw, recordOf, textsOf } from "./support.ts";
import type { Case, CaseContext } from "./world.ts";

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
export const schemaPolicyCases: Case[] = [
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
      await Promise.all([
        accepted("text", text(subject("text")), ["", "日本"]),
        accepted("int64", int64(subject("int64")), [-1n]),
        accepted("double", double(subject("double")), [0.5]),
        accepted("float", raw(subject("float"), "number"), [new Uint8Array(4)]),
        accepted("json", json(subject("json"), { schema: orders }), [{ id: 1 }, { id: 2, note: "x" }]),
        accepted("any", json(subject("any")), [null, { id: "x" }]),
        accepted("avro", avro(subject("avro"), { schema: row, encoding: "container" }), [{ id: 1, note: "x" }]),
        accepted("bytes", raw(subject("bytes"), "bytes"), [Uint8Array.of(255)]),
      ]);
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
      await Promise.all([
        refused("text", raw(subject("text"), "string"), Uint8Array.of(0xff), utf8("text")),
        refused("number", raw(subject("number"), "number"), new Uint8Array(3), utf8("8 bytes.")),
        refused("json", raw(subject("json"), "json_schema", orders), utf8('{"id":"1"}'), utf8('{"id":1}')),
        refused("no-json", raw(subject("no-json"), "json_schema", orders), utf8("id=1"), utf8('{"id":1}')),
        refused("datum", rows("datum"), encoded("datum"), encoded("container")),
        refused("avro-json", rows("avro-json"), encoded("json")),
        refused("nothing", rows("nothing"), new Uint8Array(0)),
      ]);
    },
  },
  {
    name: "a value that its JSON Schema does not allow is SCHEMA_REJECTED before it is sent, and so is one for Avro",
    async run(context) {
      const { connect, topic, subject, read } = context;
      const danube = connect();
      const jsons = await checkedProducer(danube, context, "json", json(subject("json"), { schema: orders }));
      const reader = await read(topic("json"));
      const error = await rejection(jsons.send({ id: "x", note: 5 }));
      ok(error.message.includes("#/id") && error.message.includes(subject("json")), `where, in: ${error.message}`);
      equal(await failure(jsons.send({ note: "x" })), "SCHEMA_REJECTED not-sent");
      ok((await rejection(jsons.send(undefined))) instanceof TypeError, "a TypeError for what JSON cannot say");
      await jsons.send({ id: 1 });
      equal(textsOf(await reader.take(1)), ['{"id":1}']);
      const schema = avro<object>(subject("avro"), { schema: row, encoding: "container" });
      const rows = await checkedProducer(danube, context, "avro", schema);
      equal(await failure(rows.send({ id: "x", note: "" })), "SCHEMA_REJECTED not-sent");
      equal(danube.status().counters.messagesAcknowledged, 1n);
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
      await Promise.all([
        marked("text", raw(subject("text"), "string"), Uint8Array.of(0xff)),
        marked("avro", avro(subject("avro"), { schema: row, encoding: "datum" }), { id: 1, note: "x" }),
        marked("proto", protobuf(subject("proto"), MsgIDSchema), { topicName: "x" }),
      ]);
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
];
