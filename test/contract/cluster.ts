import { codeOf, equal, ok, rejection } from "./assert.ts";
import { brokersThatServe } from "./lookups.ts";
import { textsOf } from "./support.ts";
import type { Case } from "./world.ts";

/** Finding the owner, and what brokers say to it. */
export const clusterCases: Case[] = [
  {
    name: "connect() does no I/O, and every member may be taken out of the client",
    async run({ urls, connect }) {
      const { ready, status, close } = connect({ brokers: ["http://127.0.0.1:1", ...urls] });
      equal(status().counters.transports, 0, "transports");
      await ready();
      ok(
        status().connections.some(({ answered }) => answered),
        "a connection that answered",
      );
      equal(status().state, "open");
      await close();
      equal(status().state, "closed");
    },
  },
  {
    name: "ready() tells why no seed answers",
    async run({ connect }) {
      const error = await rejection(connect({ brokers: ["127.0.0.1:1", "http://127.0.0.1:2"] }).ready());
      equal((error as { code?: string }).code, "UNAVAILABLE");
      ok(
        error.message.includes("127.0.0.1:1") && error.message.includes("127.0.0.1:2"),
        `both seeds in: ${error.message}`,
      );
    },
  },
  {
    name: "seeds may be written without a scheme, and a dead one among them does no harm",
    async run({ urls, connect, topic }) {
      const bare = urls.map((url) => url.replace("http://", ""));
      const { send } = await connect({ brokers: ["127.0.0.1:1", ...bare] }).createProducer({ topic: topic() });
      await send("x");
    },
  },
  {
    name: "nobody listening: createProducer ends in its time with TIMEOUT and the reason",
    async run({ connect, topic }) {
      const error = await rejection(
        connect({ brokers: "http://127.0.0.1:1" }).createProducer({ topic: topic(), createTimeoutMs: 300 }),
      );
      equal((error as { code?: string }).code, "TIMEOUT");
      equal((error.cause as { code?: string }).code, "UNAVAILABLE");
    },
  },
  {
    name: "a topic that one seed created is reached from every seed",
    async run({ urls, connect, topic, read }) {
      const name = topic();
      await connect({ brokers: [urls[0] as string] }).createProducer({ topic: name, dispatch: "reliable" });
      const reader = await read(name);
      for (const url of urls) {
        const { send } = await connect({ brokers: [url] }).createProducer({ topic: name, name: `from ${url}` });
        await send(url);
      }
      equal(
        (await reader.take(urls.length)).map(({ text }) => text),
        urls,
      );
    },
  },
  {
    name: "topics are spread over the brokers, and each is reached",
    async run({ urls, brokerUrls, connect, topic }) {
      const danube = connect({ brokers: [urls[0] as string] });
      const topics = Array.from({ length: 9 }, (_, i) => topic(`spread${i}`));
      await Promise.all(
        topics.map(async (name) => {
          const { send } = await danube.createProducer({ topic: name });
          await send("x");
        }),
      );
      const reached = ({ url, brokerUrl }: { url: string; brokerUrl: string }) =>
        brokerUrls.includes(url) ? url : brokerUrl;
      const owners = new Set(danube.status().owners.map(reached));
      equal(owners.size, brokerUrls.length, "brokers that own a topic");
      const inUse = danube.status().connections.map(({ url, brokerUrl }) => `${url} ${brokerUrl}`);
      equal(inUse.length, new Set(inUse).size, "one connection per broker");
    },
  },
  {
    name: "many producers at once: one lookup at a time per topic, one connection per broker",
    async run({ urls, brokerUrls, connect, topic }) {
      const danube = connect();
      const name = topic();
      await danube.createProducer({ topic: name });
      const { lookups } = danube.status().counters;
      await Promise.all(Array.from({ length: 50 }, (_, i) => danube.createProducer({ topic: name, name: `p${i}` })));
      equal(danube.status().counters.lookups, lookups, "no further lookup");
      // A proxy that is asked for no broker has a connection as well.
      const most = new Set([...urls, ...brokerUrls]).size;
      ok(danube.status().connections.length <= most, "no more connections than brokers");
    },
  },
  {
    name: "many producers at once of a topic that does not exist make one topic, served by one broker",
    async run({ brokerUrls, connect, topic, read }) {
      const danube = connect();
      const names = Array.from({ length: 8 }, (_, i) => `p${i}`);
      const create = (name: string) => danube.createProducer({ topic: topic(), name, dispatch: "reliable" });
      const producers = await Promise.all(names.map(create));
      const reader = await read(topic());
      await Promise.all(producers.map(({ send, name }) => send(name)));
      equal(textsOf(await reader.take(8)).sort(), names);
      const [owners] = await brokersThatServe(brokerUrls, [topic()]);
      equal(owners?.length, 1, `the brokers that serve it, which are ${owners}`);
    },
  },
  {
    name: "a namespace that does not exist is NAMESPACE_NOT_FOUND, at once",
    async run({ connect }) {
      const started = Date.now();
      equal(await codeOf(connect().createProducer({ topic: "/no-such-namespace/topic" })), "NAMESPACE_NOT_FOUND");
      ok(Date.now() - started < 5_000, "no waiting");
    },
  },
  {
    name: "producers of one name are one to the broker, and both can send",
    async run({ connect, topic, read }) {
      const name = topic();
      const first = await connect().createProducer({ topic: name, name: "twin", dispatch: "reliable" });
      const second = await connect().createProducer({ topic: name, name: "twin" });
      const reader = await read(name);
      await first.send("1");
      await second.send("2");
      await first.send("3");
      equal(
        (await reader.take(3)).map(({ text }) => text),
        ["1", "2", "3"],
      );
    },
  },
  {
    name: "access exclusive is accepted, and by default no broker enforces it",
    async run({ connect, topic }) {
      const name = topic();
      const warnings: string[] = [];
      const danube = connect({ onEvent: (event) => event.type === "warning" && warnings.push(event.code) });
      const first = await danube.createProducer({ topic: name, name: "first", access: "exclusive" });
      await first.send("x");
      equal(warnings, ["ACCESS_NOT_ENFORCED"]);
      const second = await connect().createProducer({ topic: name, name: "second", access: "exclusive" });
      await second.send("y");
    },
  },
  {
    name: "within one client, exclusive access is enforced at once, until the producer is closed",
    async run({ connect, topic }) {
      const name = topic();
      const danube = connect();
      const [first, beside] = await Promise.allSettled([
        danube.createProducer({ topic: name, name: "first", access: "exclusive" }),
        danube.createProducer({ topic: name, name: "beside" }),
      ]);
      equal(beside.status === "rejected" ? (beside.reason as { code?: string }).code : "created", "EXCLUSIVE_PRODUCER");
      ok(first.status === "fulfilled", "the first to be created");
      await first.value.close();
      await danube.createProducer({ topic: name, name: "shared" });
      const refused = codeOf(danube.createProducer({ topic: name, name: "late", access: "exclusive" }));
      equal(await refused, "EXCLUSIVE_PRODUCER");
    },
  },
  {
    name: "a token goes to brokers on this machine, and those without authentication do not mind",
    async run({ connect, topic }) {
      let asked = 0;
      const danube = connect({ token: async () => `token-${++asked}` });
      const { send } = await danube.createProducer({ topic: topic() });
      await send("x");
      equal(asked, 1, "tokens asked for");
    },
  },
];
