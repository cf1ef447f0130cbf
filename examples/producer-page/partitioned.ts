// Create Producer with partitioned topic: three topics inside, each served by a broker of its own where there are several.
import process from "node:process";
import { connect, text } from "@danube-messaging/client";

const danube = connect(process.env["DANUBE_URL"] ?? "http://127.0.0.1:6650");

const producer = await danube.createProducer({
  topic: "/default/topic_test",
  name: "producer_test",
  schema: text("my_schema"),
  partitions: 3,
});

const id = await producer.send("Hello Danube");
console.log(`sent to partition ${id.partition} of ${producer.partitions}`);

await danube.close();
