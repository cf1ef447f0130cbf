// The second argument of send, which the page leaves at None: attributes, strings that travel beside the payload.
import process from "node:process";
import { connect, text } from "@danube-messaging/client";

const danube = connect(process.env["DANUBE_URL"] ?? "http://127.0.0.1:6650");

const producer = await danube.createProducer({
  topic: "/default/topic_test",
  name: "producer_test",
  schema: text("my_schema"),
});

const attributes = { source: "producer-page", language: "TypeScript" };
const id = await producer.send("Hello Danube", { attributes });
console.log(`sent message ${id.sequence} with ${Object.keys(attributes).join(" and ")}`);

await danube.close();
