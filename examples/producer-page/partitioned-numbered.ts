// Create Producer with partitioned topic, as the page has it for Go: numbered messages, to each partition in turn.
import process from "node:process";
import { connect, text } from "@danube-messaging/client";

const danube = connect(process.env["DANUBE_URL"] ?? "http://127.0.0.1:6650");

const producer = await danube.createProducer({
  topic: "/default/topic_test",
  name: "producer_test",
  schema: text("test_schema"),
  partitions: 3,
});

for (let i = 0; i < 10; i++) {
  const id = await producer.send(`Hello Danube ${i}`);
  console.log(`sent "Hello Danube ${i}" to partition ${id.partition}`);
}

await danube.close();
