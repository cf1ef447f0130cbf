// Run natively by each runtime: a seed that accepts and says nothing. createProducer ends in its time, nothing is
// closed by hand, and the process must end by itself, soon: no timer and no socket is left behind.
import { createServer, type Socket } from "node:net";
import { connect, DanubeError } from "@danube-messaging/client";

const server = createServer((socket: Socket) => socket.unref());
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
server.unref();
const address = server.address() as { port: number };
const danube = connect({ brokers: `http://127.0.0.1:${address.port}`, onEvent: () => {} });
const error = await danube
  .createProducer({ topic: "/default/gives-up", createTimeoutMs: 300 })
  .catch((reason) => reason);
console.log(error instanceof DanubeError ? error.code : error);
