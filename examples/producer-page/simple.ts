// Create Producer: one message, with a schema.
import process from "node:process";
import { connect, text } from "@danube-messaging/client";

const danube = connect(process.env["DANUBE_URL"] ?? "http://127.0.0.1:6650");

const producer = await danube.createProducer({
  topic: "/default/topic_test",
  name: "producer_test",
  schema: text("my_schema"),
});

const id = await producer.send("Hello Danube");
console.log(`sent message ${id.sequence} of ${id.producer} to ${id.topic}`);

await danube.close();
