// Access Mode: shared producers side by side, then one that is alone.
import process from "node:process";
import { connect, DanubeError, text } from "@danube-messaging/client";

const danube = connect(process.env["DANUBE_URL"] ?? "http://127.0.0.1:6650");

const topic = "/default/topic_test";
const schema = text("my_schema");

// Shared is the default.
const first = await danube.createProducer({ topic, schema, name: "producer_1", access: "shared" });
const second = await danube.createProducer({ topic, schema, name: "producer_2", access: "shared" });
await first.send("Hello from the first");
await second.send("Hello from the second");
console.log("shared: both have sent");
await first.close();
await second.close();

// Within this client others are refused. Brokers up to 0.15.1 do not enforce it between clients, and a warning says so.
const alone = await danube.createProducer({ topic, schema, name: "producer_test", access: "exclusive" });
await alone.send("Hello Danube");
try {
  await danube.createProducer({ topic, schema, name: "producer_3" });
  console.log("exclusive: nobody was refused");
} catch (error) {
  if (!(error instanceof DanubeError)) {
    throw error;
  }
  console.log(`exclusive: another producer is refused, ${error.code}`);
}

await danube.close();
