// Create Producer with reliable dispatch topic, as the page has it for Go: segments of 10 MB, numbered messages.
import process from "node:process";
import { connect, reliable, text } from "@danube-messaging/client";

const danube = connect(process.env["DANUBE_URL"] ?? "http://127.0.0.1:6650");

const producer = await danube.createProducer({
  topic: "/default/topic_test",
  name: "producer_test",
  schema: text("test_schema"),
  dispatch: reliable({ segmentSizeMb: 10, retention: "until-expired", retentionSeconds: 3_600 }),
});

for (let i = 0; i < 10; i++) {
  const id = await producer.send(`Hello Danube ${i}`);
  console.log(`sent "Hello Danube ${i}" as message ${id.sequence}, ${producer.dispatch}`);
}

await danube.close();
