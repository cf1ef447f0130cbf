// What `send` takes, decided by the schema. Nothing here runs: `npm run types` reads it, and each line below an
// `@ts-expect-error` must be an error.
import {
  bytes,
  connect,
  type Danube,
  double,
  int64,
  json,
  type MessageId,
  type Producer,
  type Schema,
  text,
} from "@danube-messaging/client";
import { avro } from "@danube-messaging/client/avro";
import { protobuf } from "@danube-messaging/client/protobuf";
import { type StreamMessage, StreamMessageSchema } from "../../gen/danube/danube_api_pb.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Equal<A, B>): void => {};

interface Order {
  id: string;
  total: number;
}

export async function types(danube: Danube): Promise<void> {
  const topic = "/default/types";

  const plain = await danube.createProducer({ topic });
  same<typeof plain, Producer<Uint8Array | string>>(true);
  same<Awaited<ReturnType<typeof plain.send>>, MessageId>(true);
  await plain.send("text");
  await plain.send(new Uint8Array());
  // @ts-expect-error: a number is no payload
  await plain.send(5);
  // @ts-expect-error: an object is no payload without a schema
  await plain.send({ id: "1" });

  // @ts-expect-error: nothing says what an order becomes
  await danube.createProducer<Order>({ topic });
  // @ts-expect-error: without a schema it is a producer of bytes and strings
  const wrong: Producer<Order> = plain;
  // @ts-expect-error: a schema of texts is none of numbers
  const schemaOfMore: Schema<string | number> = text("subject");
  await danube.createProducer<string | number>({ topic, schema: schemaOfMore });
  await wrong.close();

  const raw = await danube.createProducer({ topic, schema: bytes("subject") });
  await raw.send(new Uint8Array());
  // @ts-expect-error: a schema of bytes takes bytes
  await raw.send("text");

  const { send: sendText } = await danube.createProducer({ topic, schema: text("subject") });
  await sendText("text", { key: "k" });
  // @ts-expect-error: a schema of text takes text
  await sendText(new Uint8Array());

  const whole = await danube.createProducer({ topic, schema: int64("subject") });
  await whole.send(1n);
  await whole.send(1);
  // @ts-expect-error: a text is no number
  await whole.send("1");

  const real = await danube.createProducer({ topic, schema: double("subject") });
  await real.send(0.5);
  // @ts-expect-error: a bigint has no fraction
  await real.send(1n);

  const orders = await danube.createProducer({ topic, schema: json<Order>("orders", { schema: { type: "object" } }) });
  same<typeof orders, Producer<Order>>(true);
  await orders.send({ id: "1", total: 2 });
  // @ts-expect-error: the total is missing
  await orders.send({ id: "1" });
  // @ts-expect-error: what is no order
  await orders.send("1");

  const users = await danube.createProducer({
    topic,
    schema: avro<Order>("orders", { schema: { type: "record" }, encoding: "container" }),
  });
  await users.send({ id: "1", total: 2 });
  // @ts-expect-error: the id is no number
  await users.send({ id: 1, total: 2 });
  // @ts-expect-error: how it is encoded has no default
  avro("orders", { schema: { type: "record" } });

  const messages = await danube.createProducer({ topic, schema: protobuf("messages", StreamMessageSchema) });
  await messages.send({ producerName: "p" });
  // @ts-expect-error: the field is a text
  await messages.send({ producerName: 1 });
  const schema = protobuf("messages", StreamMessageSchema);
  same<ReturnType<NonNullable<typeof schema.decode>>, StreamMessage>(true);

  const rows: Schema<string[]> = { subject: "rows", encode: (row) => new TextEncoder().encode(row.join(",")) };
  const own = await danube.createProducer({ topic, schema: rows });
  await own.send(["a", "b"]);
  // @ts-expect-error: numbers are no texts
  await own.send([1]);

  const lines = orders.writable({ key: (order) => order.id });
  same<typeof lines, WritableStream<Order>>(true);
  new ReadableStream<string>().pipeTo(plain.writable<string>({ key: (line) => line.slice(0, 1) }));

  // @ts-expect-error: a misspelt option
  await danube.createProducer({ topic, partition: 3 });
  // @ts-expect-error: a mode that does not exist
  await danube.schemas.setCompatibility("orders", "sideways");
}

export const client: Danube = connect("http://127.0.0.1:6650");
