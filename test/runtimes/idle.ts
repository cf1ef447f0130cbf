// Run natively by each runtime against DANUBE_URL: publishes, closes nothing, and must end by itself all the same.
import process from "node:process";
import { connect } from "@danube-messaging/client";

const danube = connect({ brokers: (process.env["DANUBE_URL"] ?? "").split(","), onEvent: () => {} });
const { send } = await danube.createProducer({ topic: `/default/idle-${process.pid}` });
await send("x");
console.log("sent");
