import { createNodeTransport } from "./node.ts";
import type { CreateTransport } from "./seam.ts";

/** The transports that come with the library. */
export type TransportName = "auto" | "node";

const byName: Record<TransportName, CreateTransport> = {
  // Node, Deno and Bun all have node:http2.
  auto: createNodeTransport,
  node: createNodeTransport,
};

export const transportNames: readonly string[] = Object.keys(byName);

export function selectTransport(choice: TransportName | CreateTransport): CreateTransport {
  return typeof choice === "function" ? choice : byName[choice];
}
