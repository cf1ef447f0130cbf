import { dialNode } from "./dial-node.ts";
import { lazily } from "./lazy.ts";
import type { OwnTransport, TransportName } from "./select.ts";
import { socketTransport } from "./socket.ts";

const node: OwnTransport = { create: lazily(async () => (await import("./node.ts")).createNodeTransport) };

/** What Node, Deno and Bun have. */
export const nodeTransports: Readonly<Record<TransportName, OwnTransport>> = {
  // All three have node:http2.
  auto: node,
  node,
  socket: { create: socketTransport(dialNode) },
};
