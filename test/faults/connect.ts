import process from "node:process";
import { type ConnectOptions, type Danube, connect as make } from "@danube-messaging/client";

const transport = (["node", "socket"] as const).find((name) => name === process.env["DANUBE_TRANSPORT"]);

/** As the client's own, over the transport that DANUBE_TRANSPORT names. */
export function connect(options: ConnectOptions): Danube {
  return make(transport ? { transport, ...options } : options);
}
