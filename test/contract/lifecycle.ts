import { codeOf, equal, ok } from "./assert.ts";
import type { Case } from "./world.ts";

/** Beginning and end. */
export const lifecycleCases: Case[] = [
  {
    name: "flush() waits for everything sent before, and for nothing else",
    async run({ connect, topic }) {
      const { send, flush } = await connect().createProducer({ topic: topic() });
      await flush();
      let settled = 0;
      for (let i = 0; i < 20; i++) {
        void send(String(i)).then(() => settled++);
      }
      await flush();
      equal(settled, 20);
    },
  },
  {
    name: "close() sends what was taken, and after it send is CLOSED",
    async run({ connect, topic, read }) {
      const name = topic();
      const { send, close } = await connect().createProducer({ topic: name, dispatch: "reliable" });
      const reader = await read(name);
      const sends = ["1", "2", "3"].map((text) => send(text));
      const closing = close();
      equal(await codeOf(send("late")), "CLOSED");
      await closing;
      await close();
      await Promise.all(sends);
      equal(
        (await reader.take(3)).map(({ text }) => text),
        ["1", "2", "3"],
      );
    },
  },
  {
    name: "the client's close() closes its producers, may be called twice, and ends createProducer and ready",
    async run({ connect, topic }) {
      const danube = connect();
      const { send } = await danube.createProducer({ topic: topic() });
      const sent = send("x");
      await Promise.all([danube.close(), danube.close()]);
      await sent;
      equal(await codeOf(send("y")), "CLOSED");
      equal(await codeOf(danube.createProducer({ topic: topic("other") })), "CLOSED");
      equal(await codeOf(danube.ready()), "CLOSED");
      equal(danube.status().connections, []);
    },
  },
  {
    name: "close() while a producer is being created ends that with CLOSED",
    async run({ connect, topic }) {
      const danube = connect({ brokers: "http://127.0.0.1:1" });
      const creating = codeOf(danube.createProducer({ topic: topic() }));
      await danube.close();
      equal(await creating, "CLOSED");
    },
  },
  {
    name: "await using closes producer and client",
    async run({ connect, topic, read }) {
      const name = topic();
      await connect().createProducer({ topic: name, dispatch: "reliable" });
      const reader = await read(name);
      {
        await using danube = connect();
        await using producer = await danube.createProducer({ topic: name });
        void producer.send("left to the end");
      }
      equal((await reader.take(1))[0]?.text, "left to the end");
    },
  },
  {
    name: "beyond maxQueuedMessages send is QUEUE_FULL at once, and ready() keeps below it",
    async run({ connect, topic }) {
      const producer = await connect().createProducer({ topic: topic(), maxQueuedMessages: 4 });
      const sends = Array.from({ length: 6 }, (_, i) => codeOf(producer.send(String(i))).catch(() => "sent"));
      equal(await Promise.all(sends), ["sent", "sent", "sent", "sent", "QUEUE_FULL", "QUEUE_FULL"]);
      let failed = 0;
      for (let i = 0; i < 40; i++) {
        await producer.ready();
        producer.send(String(i)).catch(() => failed++);
      }
      await producer.flush();
      equal(failed, 0, "sends that failed");
    },
  },
  {
    name: "a stream piped into writable() arrives, with its attributes, and leaves the producer open",
    async run({ connect, topic, read }) {
      const name = topic();
      const producer = await connect().createProducer({ topic: name, dispatch: "reliable", maxQueuedMessages: 4 });
      const reader = await read(name);
      const texts = Array.from({ length: 50 }, (_, i) => `line ${i}`);
      const source = new ReadableStream<string>({
        start(controller) {
          for (const text of texts) {
            controller.enqueue(text);
          }
          controller.close();
        },
      });
      const attributes = (text: string) => ({ from: "a stream", last: text.slice(-1) });
      await source.pipeTo(producer.writable<string>({ attributes }));
      const messages = await reader.take(50);
      equal(
        messages.map(({ text }) => text),
        texts,
      );
      for (const { text, attributes: given } of messages) {
        equal([given["from"], given["last"]], Object.values(attributes(text)));
      }
      await producer.send("still open");
    },
  },
  {
    name: "a stream whose send fails is errored with that failure",
    async run({ connect, topic }) {
      const producer = await connect().createProducer({ topic: topic() });
      const writer = producer.writable().getWriter();
      void writer.write(new Uint8Array(5_000_000)).catch(() => {});
      equal(await codeOf(writer.closed), "MESSAGE_TOO_LARGE");
      const last = producer.writable().getWriter();
      last.closed.catch(() => {});
      void last.write(new Uint8Array(5_000_000)).catch(() => {});
      equal(await codeOf(last.close()), "MESSAGE_TOO_LARGE");
      await producer.send("still open");
    },
  },
  {
    name: "status() tells, as data, what the client has and did",
    async run({ connect, topic }) {
      const name = topic();
      const events: string[] = [];
      const danube = connect({ onEvent: ({ type }) => events.push(type) });
      const producer = await danube.createProducer({ topic: name, name: "watched" });
      await producer.send("x");
      const status = danube.status();
      equal(status.counters.messagesAcknowledged, 1n);
      equal(status.producers, [
        {
          topic: name,
          name: "watched",
          queuedMessages: 0,
          queuedBytes: 0,
          acknowledged: 1n,
          failed: 0n,
          recovering: [],
        },
      ]);
      equal(
        status.owners.map((owner) => owner.topic),
        [name],
      );
      ok(
        status.connections.some(({ url }) => url === status.owners[0]?.url),
        "a connection to the owner",
      );
      ok(events.includes("connected") && events.includes("owner-found"), `events, got ${events}`);
      equal(
        status.events.map(({ type }) => type),
        events,
      );
      await producer.close();
      equal(danube.status().counters.messagesAcknowledged, 1n, "after close");
      equal(danube.status().producers, []);
    },
  },
];
