import { bytes, double, int64, json, type Schema, text } from "@danube-messaging/client";
import { avro } from "@danube-messaging/client/avro";
import { protobuf } from "@danube-messaging/client/protobuf";
import { StreamMessageSchema } from "../../gen/danube/danube_api_pb.ts";
import { equal, ok } from "./assert.ts";
import { objectOf, recordOf } from "./support.ts";
import type { Case, CaseContext } from "./world.ts";

/** Sends values and gives back what a consumer decodes. */
async function roundTrip<T, Decoded>(
  { connect, topic, read }: CaseContext,
  schema: Schema<T, Decoded>,
  values: readonly T[],
): Promise<(Decoded | undefined)[]> {
  const name = topic(schema.subject);
  const { send } = await connect().createProducer({ topic: name, schema, dispatch: "reliable" });
  const reader = await read(name);
  for (const value of values) {
    await send(value);
  }
  const messages = await reader.take(values.length);
  return messages.map(({ payload }) => schema.decode?.(payload));
}

const user = recordOf(
  { name: "username", type: "string" },
  { name: "age", type: "int" },
  { name: "active", type: "boolean" },
  { name: "email", type: ["null", "string"], default: null },
);
interface User {
  username: string;
  age: number;
  active: boolean;
  email: string | null | { string: string };
}
const alice: User = { username: "alice", age: 30, active: true, email: null };

/** What `send` takes by its schema, and what consumers make of it. */
export const codecCases: Case[] = [
  {
    name: "bytes with a subject arrive as they are",
    async run(context) {
      const payloads = [Uint8Array.of(0x00, 0xff, 0xab, 0xcd, 0xef), new Uint8Array(0)];
      equal(await roundTrip(context, bytes(context.subject("binary")), payloads), payloads);
    },
  },
  {
    name: "text arrives as UTF-8",
    async run(context) {
      const lines = ["INFO: server started", "DEBUG: Grüße, 日本 🚀", "", "\ufeffERROR: timeout"];
      equal(await roundTrip(context, text(context.subject("log")), lines), lines);
    },
  },
  {
    name: "int64 carries whole numbers to the last of 64 bits, given as bigint or number",
    needs: ["registry"],
    async run(context) {
      const numbers = [0, -1, 2n ** 63n - 1n, -(2n ** 63n), Number.MAX_SAFE_INTEGER];
      equal(await roundTrip(context, int64(context.subject("count")), numbers), numbers.map(BigInt));
    },
  },
  {
    name: "double carries every floating-point number, with the sign of zero and what is no number",
    async run(context) {
      const numbers = [0.1, -0, Number.POSITIVE_INFINITY, Number.NaN, Number.MIN_VALUE];
      const arrived = await roundTrip(context, double(context.subject("gauge")), numbers);
      ok(
        numbers.every((number, i) => Object.is(number, arrived[i])),
        `the numbers, got ${arrived}`,
      );
    },
  },
  {
    name: "json without a schema carries whatever JSON can say",
    async run(context) {
      const values = [{ message: "hello", list: [1, null, { deep: true }] }, "text", 5, null, false, []];
      equal(await roundTrip(context, json(context.subject("any")), values), values);
    },
  },
  {
    name: "json with a schema carries the values that fit it",
    async run(context) {
      const schema = {
        type: "object",
        properties: {
          text: { type: "string" },
          count: { type: "integer" },
          flag: { type: "boolean" },
          tags: { type: "array", items: { type: "string" } },
        },
        required: ["text", "count"],
      };
      const values = [
        { text: "one", count: 1 },
        { text: "two", count: 2, flag: true },
        { text: "three", count: 3, tags: ["a", "b"] },
      ];
      equal(await roundTrip(context, json(context.subject("events"), { schema }), values), values);
    },
  },
  {
    name: "avro carries a record as a datum, as a container file and as JSON",
    async run(context) {
      const users: User[] = [alice, { ...alice, username: "Bøb", age: -1, active: false }];
      for (const encoding of ["datum", "container", "json"] as const) {
        const schema = avro<User>(context.subject(encoding), { schema: user, encoding });
        const arrived = await roundTrip(context, schema, users);
        // avsc gives objects of a class of its own.
        equal(
          arrived.map((one) => ({ ...one })),
          users.map((one) => ({ ...one })),
          encoding,
        );
      }
    },
  },
  {
    name: "protobuf carries messages of a generated type, given as an object with the fields",
    async run(context) {
      const schema = protobuf(context.subject("proto"), StreamMessageSchema);
      const payload = Uint8Array.of(1, 2, 3);
      const fields = {
        requestId: 2n ** 64n - 1n,
        payload,
        producerName: "p",
        attributes: { a: "b" },
        schemaVersion: 7,
      };
      const [message] = await roundTrip(context, schema, [fields]);
      equal(message?.requestId, fields.requestId);
      equal(message?.payload, payload);
      equal([message?.producerName, message?.schemaVersion, message?.routingKey], ["p", 7, undefined]);
      equal(message?.attributes, fields.attributes);
    },
  },
  {
    name: "a codec of the user's own has a subject and an encode",
    async run(context) {
      const csv: Schema<string[]> = {
        subject: context.subject("csv"),
        encode: (row) => new TextEncoder().encode(row.join(",")),
        decode: (data) => new TextDecoder().decode(data).split(","),
      };
      const rows = [["1", "a"], ["2"]];
      equal(await roundTrip(context, csv, rows), rows);
    },
  },
  {
    name: "a codec of the user's own may name a type and a definition",
    async run(context) {
      const pretty: Schema<object> = {
        subject: context.subject("pretty"),
        type: "json_schema",
        definition: JSON.stringify(objectOf({ id: "integer" })),
        encode: (value) => new TextEncoder().encode(JSON.stringify(value, null, 2)),
        decode: (data) => JSON.parse(new TextDecoder().decode(data)) as object,
      };
      equal(await roundTrip(context, pretty, [{ id: 1 }]), [{ id: 1 }]);
    },
  },
  {
    name: "values piped into writable() are encoded by the schema",
    async run({ connect, topic, subject, read }) {
      const name = topic();
      const schema = double(subject());
      const { writable } = await connect().createProducer({ topic: name, schema, dispatch: "reliable" });
      const reader = await read(name);
      const source = new ReadableStream<number>({
        start(controller) {
          for (const number of [1, 2, 3]) {
            controller.enqueue(number);
          }
          controller.close();
        },
      });
      await source.pipeTo(writable<number>());
      const messages = await reader.take(3);
      equal(
        messages.map(({ payload }) => schema.decode?.(payload)),
        [1, 2, 3],
      );
    },
  },
];
