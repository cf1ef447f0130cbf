import { dialNode } from "./dial-node.ts";
import { createNodeTransport } from "./node.ts";
import type { CreateTransport } from "./seam.ts";
import { socketTransport } from "./socket.ts";
import { adapted, type TransportFactory } from "./translate.ts";

/** The transports that come with the library. */
export type TransportName = "auto" | "node" | "socket";

const byName: Record<TransportName, CreateTransport> = {
  // Node, Deno and Bun all have node:http2.
  auto: createNodeTransport,
  node: createNodeTransport,
  socket: socketTransport({ dial: dialNode, schedule: (work) => void setImmediate(work) }),
};

export const transportNames: readonly string[] = Object.keys(byName);

export function selectTransport(choice: TransportName | TransportFactory): CreateTransport {
  return typeof choice === "function" ? adapted(choice) : byName[choice];
}
