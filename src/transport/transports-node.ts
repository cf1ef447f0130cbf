import { dialNode } from "./dial-node.ts";
import { lazily } from "./lazy.ts";
import { ownFetch } from "./own-fetch.ts";
import type { OwnTransport, TransportName } from "./select.ts";
import { socketTransport } from "./socket.ts";

const socket: OwnTransport = { create: socketTransport(dialNode) };

/** What Node, Deno and Bun have. */
export const nodeTransports: Readonly<Record<TransportName, OwnTransport>> = {
  auto: socket,
  node: { create: lazily(async () => (await import("./node.ts")).createNodeTransport) },
  socket,
  fetch: ownFetch,
};
