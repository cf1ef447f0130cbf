// Create Producer, as the page has it for Go: numbered messages, each sent when the one before it is acknowledged.
import process from "node:process";
import { connect, text } from "@danube-messaging/client";

const danube = connect(process.env["DANUBE_URL"] ?? "http://127.0.0.1:6650");

const producer = await danube.createProducer({
  topic: "/default/topic_test",
  name: "producer_test",
  schema: text("test_schema"),
});

for (let i = 0; i < 10; i++) {
  const id = await producer.send(`Hello Danube ${i}`);
  console.log(`sent "Hello Danube ${i}" as message ${id.sequence}`);
}

await danube.close();
