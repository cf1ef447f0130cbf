import { codeOf, equal, ok, rejection } from "./assert.ts";
import type { Case } from "./world.ts";

/** Partitioned topics: a topic each, with an owner each. */
export const partitionCases: Case[] = [
  {
    name: "three partitions: keyless messages go round, and the id tells the partition",
    async run({ connect, topic, read }) {
      const name = topic();
      const danube = connect();
      const producer = await danube.createProducer({ topic: name, name: "p", partitions: 3, dispatch: "reliable" });
      equal(producer.partitions, 3);
      const readers = await Promise.all([0, 1, 2].map((i) => read(`${name}-part-${i}`)));
      const ids = [];
      for (let i = 0; i < 9; i++) {
        ids.push(await producer.send(String(i)));
      }
      equal(
        ids.map(({ partition }) => partition),
        [0, 1, 2, 0, 1, 2, 0, 1, 2],
      );
      ok(new Set(ids.map(({ sequence }) => sequence)).size === 9, "ids that differ");
      for (const [i, reader] of readers.entries()) {
        const messages = await reader.take(3);
        equal(
          messages.map(({ text }) => text),
          [i, i + 3, i + 6].map(String),
          `partition ${i}`,
        );
        equal(
          messages.map(({ producer: sender }) => sender),
          [`p-${i}`, `p-${i}`, `p-${i}`],
        );
      }
    },
  },
  {
    name: "the number of partitions is adopted when none is given; another one is TOPIC_CONFLICT, unless it may grow",
    async run({ connect, topic }) {
      const name = topic();
      await connect().createProducer({ topic: name, partitions: 2 });
      const adopted = await connect().createProducer({ topic: name });
      equal(adopted.partitions, 2);
      await adopted.send("x");
      equal(await codeOf(connect().createProducer({ topic: name, partitions: 1 })), "TOPIC_CONFLICT");
      const more = await rejection(connect().createProducer({ topic: name, partitions: 4 }));
      equal((more as { code?: string }).code, "TOPIC_CONFLICT");
      ok(more.message.includes("grow"), `the remedy in: ${more.message}`);
      const dispatch = "non-reliable";
      const grown = await connect().createProducer({ topic: name, partitions: 4, grow: true, dispatch });
      equal(grown.partitions, 4);
      equal((await connect().createProducer({ topic: name })).partitions, 4);
      equal(await codeOf(connect().createProducer({ topic: name, partitions: 3, grow: true })), "TOPIC_CONFLICT");
    },
  },
  {
    name: "every message of partitions that are added is kept",
    async run({ connect, topic, readPartitions }) {
      const name = topic("grown");
      const dispatch = "reliable";
      await connect().createProducer({ topic: name, partitions: 1, dispatch });
      await connect().createProducer({ topic: name, partitions: 3, dispatch, grow: true });
      const again = await connect().createProducer({ topic: name, partitions: 3, dispatch });
      const readers = await readPartitions(name, 3);
      await Promise.all([0, 1, 2].map((i) => again.send(String(i))));
      for (const [i, reader] of readers.entries()) {
        equal((await reader.take(1))[0]?.text, String(i));
      }
    },
  },
  {
    name: "the dispatch of partitions is adopted, and those that are added are like those that are there",
    needs: ["dispatchCompared"],
    async run({ connect, topic }) {
      const name = topic("grown");
      await connect().createProducer({ topic: name, partitions: 1, dispatch: "reliable" });
      equal((await connect().createProducer({ topic: name })).dispatch, "reliable");
      const grown = await connect().createProducer({ topic: name, partitions: 3, grow: true });
      equal(grown.dispatch, "reliable");
      // Which is what the added ones are, too.
      await connect().createProducer({ topic: name, partitions: 3, dispatch: "reliable" });
    },
  },
  {
    name: "where brokers do not tell the dispatch of a topic, it must be given to add partitions, and is UNSUPPORTED otherwise",
    needs: ["reliableOptions"],
    async run({ connect, topic }) {
      const name = topic("grown");
      await connect().createProducer({ topic: name, partitions: 1, dispatch: "reliable" });
      equal(await codeOf(connect().createProducer({ topic: name, partitions: 2, grow: true })), "UNSUPPORTED");
      equal((await connect().createProducer({ topic: name })).partitions, 1);
    },
  },
  {
    name: "one partition is a partition; a plain topic is TOPIC_CONFLICT where partitions are asked for",
    async run({ connect, topic, read }) {
      const name = topic("one");
      const { send, partitions } = await connect().createProducer({ topic: name, partitions: 1, dispatch: "reliable" });
      equal(partitions, 1);
      const reader = await read(`${name}-part-0`);
      equal((await send("x")).partition, 0);
      equal((await reader.take(1))[0]?.text, "x");
      const plain = topic("plain");
      equal((await connect().createProducer({ topic: plain })).partitions, 0);
      equal(await codeOf(connect().createProducer({ topic: plain, partitions: 2 })), "TOPIC_CONFLICT");
    },
  },
  {
    name: "route chooses the partition; one that is none is a TypeError",
    async run({ connect, topic }) {
      const { send } = await connect().createProducer({
        topic: topic(),
        partitions: 3,
        route: ({ attributes }, partitions) => Number(attributes["to"] ?? partitions),
      });
      equal((await send("x", { attributes: { to: "2" } })).partition, 2);
      equal((await send("x", { attributes: { to: "1" } })).partition, 1);
      const error = await rejection(send("x"));
      ok(error instanceof TypeError && error.message.includes('"route"'), `a TypeError naming route: ${error.message}`);
    },
  },
];
