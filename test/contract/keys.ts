import { equal, ok } from "./assert.ts";
import { textsOf } from "./support.ts";
import type { Case } from "./world.ts";

/** FNV-1a 64 of the keys, modulo 3, by the other clients' arithmetic. */
const partitionOf: Record<string, number> = { "user-1": 2, c: 0, "order:42": 1 };
const keys = Object.keys(partitionOf);

/** Keys: which partition a message goes to, and what its consumers are told. */
export const keyCases: Case[] = [
  {
    name: "a key always goes to its partition, in order",
    async run({ connect, topic, readPartitions }) {
      const { send } = await connect().createProducer({ topic: topic(), partitions: 3, dispatch: "reliable" });
      const readers = await readPartitions(topic(), 3);
      const texts = Array.from({ length: 30 }, (_, i) => `${keys[i % 3]} ${i}`);
      const ids = await Promise.all(texts.map((text, i) => send(text, { key: keys[i % 3] })));
      for (const [i, id] of ids.entries()) {
        equal(id.partition, partitionOf[keys[i % 3] as string], `partition of ${keys[i % 3]}`);
      }
      for (const [key, partition] of Object.entries(partitionOf)) {
        const mine = texts.filter((text) => text.startsWith(`${key} `));
        equal(textsOf((await readers[partition]?.take(10)) ?? []), mine, `the messages of ${key}`);
      }
    },
  },
  {
    name: "the keys of writable() choose the partition as those of send do",
    async run({ connect, topic, readPartitions }) {
      const { writable } = await connect().createProducer({ topic: topic(), partitions: 3, dispatch: "reliable" });
      const readers = await readPartitions(topic(), 3);
      const writer = writable<string>({ key: (text) => text.slice(1) }).getWriter();
      for (const key of keys) {
        await writer.write(`1${key}`);
        await writer.write(`2${key}`);
      }
      await writer.close();
      for (const [key, partition] of Object.entries(partitionOf)) {
        equal(textsOf((await readers[partition]?.take(2)) ?? []), [`1${key}`, `2${key}`]);
      }
    },
  },
  {
    name: "a key travels with its message, from send as from writable(), through a topic as through partitions",
    needs: ["routingKey"],
    async run({ connect, topic, read, readPartitions }) {
      const danube = connect();
      const plain = await danube.createProducer({ topic: topic("plain"), dispatch: "reliable" });
      const parts = await danube.createProducer({ topic: topic("parts"), partitions: 3, dispatch: "reliable" });
      const reader = await read(topic("plain"));
      await plain.send("x", { key: "k-1" });
      await plain.send("y");
      const writer = plain.writable<string>({ key: (text) => `key ${text}` }).getWriter();
      await writer.write("z");
      await writer.close();
      equal(
        (await reader.take(3)).map(({ key }) => key),
        ["k-1", undefined, "key z"],
      );
      const readers = await readPartitions(topic("parts"), 3);
      await Promise.all(keys.map((key) => parts.send(key, { key })));
      for (const [i, one] of readers.entries()) {
        const [message] = await one.take(1);
        ok(message && message.key === message.text && partitionOf[message.key] === i, `the key of partition ${i}`);
      }
    },
  },
];
