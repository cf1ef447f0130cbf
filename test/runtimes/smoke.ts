// Run natively by each runtime, not by vitest: the package by its name, from one process, that ends by itself.
// Prints one line of JSON that scripts/suites.ts looks at.
import { connect } from "@danube-messaging/client";
import { startBroker } from "@danube-messaging/client/testing";

const topic = "/default/smoke";
const broker = await startBroker({ brokers: 3, failoverMs: 200 });
const danube = connect({ brokers: broker.urls, onEvent: () => {} });
await danube.ready();
const producer = await danube.createProducer({ topic, dispatch: "reliable" });
await producer.send("one");
await broker.kill(broker.topics()[0]?.owner ?? 0);
const { sequence } = await producer.send("two");
const texts = broker.messages(topic).map(({ text }) => text);
await producer.close();
await danube.close();
await broker.close();
console.log(
  JSON.stringify({ resolved: import.meta.resolve("@danube-messaging/client"), texts, sequence: String(sequence) }),
);
