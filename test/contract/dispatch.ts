import { type ReliableDispatch, type ReliableOptions, reliable } from "@danube-messaging/client";
import { codeOf, equal, ok } from "./assert.ts";
import { noteWarnings, textsOf } from "./support.ts";
import type { Case, CaseContext } from "./world.ts";

const options: ReliableOptions[] = [
  { segmentSizeMb: 5, retention: "until-expired", retentionSeconds: 3_600 },
  { segmentSizeMb: 5, retention: "until-expired", retentionSeconds: 3_600 },
  { retentionSeconds: 60 },
];

/** What a client warns of that has producers like these. */
async function warningsOf(
  { connect, topic }: CaseContext,
  dispatches: (ReliableDispatch | "reliable")[],
): Promise<string[]> {
  const warnings: string[] = [];
  const danube = connect({ onEvent: noteWarnings(warnings) });
  for (const [i, dispatch] of dispatches.entries()) {
    await danube.createProducer({ topic: topic(), name: `producer ${i}`, dispatch });
  }
  return warnings;
}

/** Reliable and non-reliable topics. */
export const dispatchCases: Case[] = [
  {
    name: "with nothing given but a topic, a message arrives",
    async run({ connect, topic, read }) {
      const { send, dispatch, partitions, name } = await connect().createProducer({ topic: topic() });
      equal([dispatch, partitions, name], ["non-reliable", 0, "danube-js"]);
      const reader = await read(topic());
      const id = await send("Hello Danube");
      ok(!("partition" in id), "no partition in the id");
      const [message] = await reader.take(1);
      equal([message?.text, message?.producer, message?.key], ["Hello Danube", "danube-js", undefined]);
      equal(message?.attributes, {});
    },
  },
  {
    name: "equal messages are not taken for one: twenty blobs sent to a reliable topic arrive as twenty",
    async run({ connect, topic, read }) {
      const { send } = await connect().createProducer({ topic: topic(), dispatch: "reliable" });
      const reader = await read(topic());
      const blob = crypto.getRandomValues(new Uint8Array(1_024));
      for (let i = 0; i < 20; i++) {
        await send(blob);
      }
      const messages = await reader.take(20);
      ok(
        messages.every(({ payload }) => payload.length === blob.length && payload.every((byte, i) => byte === blob[i])),
        "every payload unchanged",
      );
      equal(new Set(messages.map(({ offset }) => offset)).size, 20, "offsets");
    },
  },
  {
    name: "each subscription gets every message, of a plain topic as of a partitioned one",
    async run({ connect, topic, read, readPartitions }) {
      const danube = connect();
      const subscriptions = ["one", "two", "three"];
      const plain = await danube.createProducer({ topic: topic("plain") });
      const partitioned = await danube.createProducer({ topic: topic("parts"), partitions: 3 });
      const readers = await Promise.all(subscriptions.map((name) => read(topic("plain"), name)));
      const partitionReaders = await Promise.all(subscriptions.map((name) => readPartitions(topic("parts"), 3, name)));
      const texts = Array.from({ length: 45 }, (_, i) => `message ${i}`);
      for (const text of texts) {
        await Promise.all([plain.send(text), partitioned.send(text)]);
      }
      for (const reader of readers) {
        equal(textsOf(await reader.take(45)), texts);
      }
      for (const parts of partitionReaders) {
        const taken = await Promise.all(parts.map((reader) => reader.take(15)));
        equal(
          taken.map((messages) => textsOf(messages)),
          [0, 1, 2].map((i) => texts.filter((_, n) => n % 3 === i)),
        );
      }
    },
  },
  {
    name: "a topic's dispatch is adopted when none is given, and DISPATCH_MISMATCH when it is another, either way",
    needs: ["dispatchCompared"],
    async run({ connect, topic }) {
      const danube = connect();
      for (const [dispatch, other] of [
        ["reliable", "non-reliable"],
        ["non-reliable", "reliable"],
        ["non-reliable", reliable()],
      ] as const) {
        const name = topic(`${dispatch}-${typeof other}`);
        equal((await danube.createProducer({ topic: name, dispatch })).dispatch, dispatch);
        equal((await danube.createProducer({ topic: name, name: "adopts" })).dispatch, dispatch);
        // From a client that knows nothing of the topic, too.
        const { send, dispatch: adopted } = await connect().createProducer({ topic: name, name: "adopts too" });
        equal(adopted, dispatch);
        await send("x");
        const differing = danube.createProducer({ topic: name, name: "differs", dispatch: other });
        equal(await codeOf(differing), "DISPATCH_MISMATCH");
        await send("still here");
      }
    },
  },
  {
    name: "reliable({ … }) makes a reliable topic, whose producers may ask for other options, or for none",
    async run({ connect, topic, read }) {
      const danube = connect();
      const [first] = options;
      const { send, dispatch } = await danube.createProducer({ topic: topic(), dispatch: reliable(first) });
      equal(dispatch, "reliable");
      const reader = await read(topic());
      await send("x");
      for (const [i, one] of [reliable(first), reliable({ retentionSeconds: 60 }), "reliable" as const].entries()) {
        const producer = await danube.createProducer({ topic: topic(), name: `producer ${i}`, dispatch: one });
        equal(producer.dispatch, "reliable");
        await producer.send(String(i));
      }
      equal(textsOf(await reader.take(4)), ["x", "0", "1", "2"]);
    },
  },
  {
    name: "where retention is the brokers' own, RETENTION_IGNORED is told once of options of reliable(), and never without",
    needs: ["ownRetention"],
    async run(context) {
      equal(await warningsOf(context, options.map(reliable)), ["RETENTION_IGNORED"]);
      equal(await warningsOf(context, [reliable(), "reliable", reliable({})]), []);
    },
  },
  {
    name: "where topics have a retention of their own, no warning is told of options of reliable()",
    needs: ["reliableOptions"],
    run: async (context) => equal(await warningsOf(context, [...options.map(reliable), "reliable"]), []),
  },
];
