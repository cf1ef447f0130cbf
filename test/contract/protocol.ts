import { type ConnectOptions, type DanubeEvent, type Generation, text } from "@danube-messaging/client";
import { equal, ok, rejection } from "./assert.ts";
import type { Case, CaseContext } from "./world.ts";

/** A client whose calls and events are noted. */
function watched({ connect }: CaseContext, options: Partial<ConnectOptions> = {}) {
  const calls: string[] = [];
  const events: DanubeEvent[] = [];
  const danube = connect({
    ...options,
    onEvent: (event) => events.push(event),
    interceptors: [
      (next) => (request) => {
        calls.push(request.method.name);
        return next(request);
      },
    ],
  });
  return {
    ...danube,
    found: () => events.flatMap((event) => (event.type === "protocol-found" ? [event.protocol] : [])),
    count: (call: string) => calls.filter((one) => one === call).length,
  };
}

/** The client was told which brokers these are: nothing is found out, and everything works. */
async function toldRight(context: CaseContext, protocol: Generation): Promise<void> {
  const { topic, subject, read } = context;
  const { createProducer, status, found, count } = watched(context, { protocol });
  const schema = text(subject());
  const { send } = await createProducer({ topic: topic(), name: "first", schema, dispatch: "reliable" });
  const reader = await read(topic());
  await createProducer({ topic: topic(), name: "second", schema, dispatch: "reliable" });
  await send("x");
  equal((await reader.take(1))[0]?.text, "x");
  equal([status().protocol, found(), count("ListVersions")], [protocol, [], 0]);
}

async function toldWrong({ connect, topic, subject }: CaseContext, ...wrong: Generation[]): Promise<void> {
  for (const protocol of wrong) {
    const { createProducer } = connect({ protocol });
    const error = await rejection(createProducer({ topic: topic(), schema: text(subject()), dispatch: "reliable" }));
    equal((error as { code?: string }).code, "PROTOCOL", protocol);
    ok(error.message.includes(`protocol: "${protocol}"`), `what was told, in: ${error.message}`);
    ok(error.message.includes("left out"), `the remedy in: ${error.message}`);
  }
}

/** Which generation of brokers it is: found out, or told. */
export const protocolCases: Case[] = [
  {
    name: "once a client has a producer, it speaks as its brokers do, and finds out nothing more",
    async run(context) {
      const { topic, subject } = context;
      const { createProducer, status, found, count } = watched(context);
      await createProducer({ topic: topic("first"), schema: text(subject()) });
      const { protocol } = status();
      const events = found();
      const [probes, creates] = [count("ListVersions"), count("CreateProducer")];
      await createProducer({ topic: topic("first"), name: "second" });
      equal([status().protocol, found(), count("ListVersions")], [protocol, events, probes]);
      equal(count("CreateProducer"), creates + 1, "calls for one more producer");
    },
  },
  {
    name: "brokers that understand what they are told are asked nothing, and no protocol is found",
    needs: ["registry"],
    async run(context) {
      const { topic, subject } = context;
      const { createProducer, status, found, count } = watched(context);
      await createProducer({ topic: topic(), schema: text(subject()), partitions: 3, dispatch: "reliable" });
      equal([status().protocol, found(), count("ListVersions")], ["0.6", [], 0]);
    },
  },
  {
    name: "protocol-found is told once, of however many producers at once, and nobody who comes later asks",
    needs: ["inlineSchema"],
    async run(context) {
      const { topic } = context;
      const { createProducer, status, found, count } = watched(context);
      equal(status().protocol, "0.6");
      const topics = Array.from({ length: 6 }, (_, i) => topic(`topic${i}`));
      await Promise.all(topics.map((name) => createProducer({ topic: name, dispatch: "reliable" })));
      equal(found(), [status().protocol]);
      const probes = count("ListVersions");
      ok(probes > 0, "an inquiry");
      await Promise.all(topics.map((name) => createProducer({ topic: name, name: "later", dispatch: "reliable" })));
      equal([found(), count("ListVersions")], [[status().protocol], probes]);
    },
  },
  {
    name: 'protocol: "0.4" works where it is right, without finding out',
    needs: ["reliableOptions"],
    run: (context) => toldRight(context, "0.4"),
  },
  {
    name: 'protocol: "0.5" works where it is right, without finding out',
    needs: ["inlineSchema", "ownRetention"],
    run: (context) => toldRight(context, "0.5"),
  },
  {
    name: 'protocol: "0.6" works where it is right, without finding out',
    needs: ["registry"],
    run: (context) => toldRight(context, "0.6"),
  },
  {
    name: 'protocol: "0.5" and "0.6" are PROTOCOL to brokers of 0.4, with the remedy',
    needs: ["reliableOptions"],
    run: (context) => toldWrong(context, "0.5", "0.6"),
  },
  {
    name: 'protocol: "0.4" and "0.6" are PROTOCOL to brokers of 0.5, with the remedy',
    needs: ["inlineSchema", "ownRetention"],
    run: (context) => toldWrong(context, "0.4", "0.6"),
  },
  {
    name: 'protocol: "0.4" and "0.5" are PROTOCOL to brokers from 0.6 on, with the remedy',
    needs: ["registry"],
    run: (context) => toldWrong(context, "0.4", "0.5"),
  },
];
