import process from "node:process";
import { type ConnectOptions, connect } from "@danube-messaging/client";

// Asks a broker whether it is there, from a process of its own: which authorities a runtime trusts is settled when it starts.

const [options = "{}"] = process.argv.slice(2);
const danube = connect({ onEvent: () => {}, ...(JSON.parse(options) as ConnectOptions) });
const answer = await danube.ready().then(
  () => "ready",
  (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
);
console.log(answer);
await danube.close();
