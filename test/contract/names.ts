import type { Reader } from "@danube-messaging/client/testing";
import { codeOf, equal } from "./assert.ts";
import { brokersThatServe } from "./lookups.ts";
import { textsOf } from "./support.ts";
import type { Case, CaseContext } from "./world.ts";

/**
 * Creates topics in this order, sends to each by way of every seed, and reads it back. The first name begins the others:
 * the other way round, a broker would take those for its partitions and refuse it.
 */
async function checkFamily({ urls, brokerUrls, connect, read }: CaseContext, names: readonly string[]): Promise<void> {
  const readers: Reader[] = [];
  for (const [i, name] of names.entries()) {
    const brokers = urls.map((_, k) => urls[(i + k) % urls.length] as string);
    await connect({ brokers }).createProducer({ topic: name, dispatch: "reliable" });
    readers.push(await read(name));
  }
  for (const url of urls) {
    const danube = connect({ brokers: url });
    for (const name of names) {
      const { send } = await danube.createProducer({ topic: name, name: `from ${url}` });
      await send(`${name} by ${url}`);
    }
  }
  for (const [i, name] of names.entries()) {
    const messages = (await readers[i]?.take(urls.length)) ?? [];
    equal(
      textsOf(messages),
      urls.map((url) => `${name} by ${url}`),
    );
  }
  await oneOwnerEach(brokerUrls, names);
}

async function oneOwnerEach(brokers: readonly string[], topics: readonly string[]): Promise<void> {
  const owners = await brokersThatServe(brokers, topics);
  for (const [i, topic] of topics.entries()) {
    equal(owners[i]?.length, 1, `the owners of ${topic}, which are ${owners[i]}`);
  }
}

/** Topics whose names begin alike, which brokers mistake for one another when they are asked for an owner. */
export const nameCases: Case[] = [
  {
    name: "names that begin alike stay apart: one owner each, and every message where it belongs",
    async run(context) {
      const random = () => `x${Math.random().toString(36).slice(2, 6)}`;
      const bases = ["orders", `${random()}-${random()}`];
      await Promise.all(
        bases.map((base, i) => {
          const family = [base, `${base}-eu`, `${base}-eu-${random()}`, `${base}${random()}`];
          return checkFamily(
            context,
            family.map((name) => context.topic(`${i}-${name}`)),
          );
        }),
      );
    },
  },
  {
    name: "fourteen partitions, from every seed: one owner each, and every message is read back",
    async run({ urls, brokerUrls, connect, topic, readPartitions }) {
      const name = topic("many");
      const numbers = Array.from({ length: 14 }, (_, i) => i);
      await connect({ brokers: urls }).createProducer({ topic: name, partitions: 14, dispatch: "reliable" });
      const readers = await readPartitions(name, 14);
      for (const url of urls) {
        const { send } = await connect({ brokers: url }).createProducer({ topic: name, name: `from ${url}` });
        await Promise.all(numbers.map(() => send(url)));
      }
      for (const [i, reader] of readers.entries()) {
        equal(textsOf(await reader.take(urls.length)), urls, `partition ${i}`);
      }
      await oneOwnerEach(
        brokerUrls,
        numbers.map((i) => `${name}-part-${i}`),
      );
    },
  },
  {
    name: "a topic whose name others begin with is TOPIC_CONFLICT: brokers take those for its partitions",
    needs: ["shapeCompared"],
    async run({ connect, topic }) {
      const danube = connect();
      await danube.createProducer({ topic: topic("conflict-long") });
      equal(await codeOf(danube.createProducer({ topic: topic("conflict") })), "TOPIC_CONFLICT");
    },
  },
];
