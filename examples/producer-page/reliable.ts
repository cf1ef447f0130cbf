// Create Producer with reliable dispatch topic: kept in the topic's log first, then dispatched.
import process from "node:process";
import { connect, reliable, text } from "@danube-messaging/client";

const danube = connect(process.env["DANUBE_URL"] ?? "http://127.0.0.1:6650");

const producer = await danube.createProducer({
  topic: "/default/topic_test",
  name: "producer_test",
  schema: text("my_schema"),
  dispatch: reliable({ segmentSizeMb: 5, retention: "until-expired", retentionSeconds: 3_600 }),
});

const id = await producer.send("Hello Danube");
console.log(`sent message ${id.sequence}, ${producer.dispatch}`);

await danube.close();
