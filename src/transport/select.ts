import type { CreateTransport, TlsOptions } from "./seam.ts";
import { adapted, type TransportFactory } from "./translate.ts";

/**
 * The transports that come with the library. `"auto"`: the one that suits the runtime. `"socket"`: gRPC over our own HTTP/2, where there are
 * sockets. `"node"`: gRPC over node:http2, in Node, Deno and Bun. `"fetch"`: gRPC-Web over `fetch`, to a proxy that speaks it.
 */
export type TransportName = "auto" | "node" | "socket" | "fetch";

/** A transport, as an entry point has it. */
export interface OwnTransport {
  readonly create: CreateTransport;
  /** The TLS settings that it cannot honour, and why. */
  readonly cannot?: { readonly [setting in keyof TlsOptions]?: string };
}

/**
 * The transports of an entry point, and of those that it does not have, why. Which runtime it is for is said by the
 * `exports` conditions of package.json: nothing looks for it at run time.
 */
export type TransportTable = { readonly [name in TransportName]: OwnTransport | string };

export const transportNames: readonly string[] = ["auto", "node", "socket", "fetch"];

/** The transport that the options ask for. Throws `TypeError` where it is not there, or cannot do what they want. */
export function selectTransport(
  { transport, tls = {} }: { transport: TransportName | TransportFactory; tls: TlsOptions | undefined },
  table: TransportTable,
): CreateTransport {
  if (typeof transport === "function") {
    return adapted(transport);
  }
  const own = table[transport];
  if (typeof own === "string") {
    throw new TypeError(`"transport" cannot be "${transport}" here: ${own}`);
  }
  for (const [setting, why] of Object.entries(own.cannot ?? {})) {
    if (tls[setting as keyof TlsOptions] !== undefined) {
      throw new TypeError(`"tls.${setting}" cannot be honoured here: ${why}`);
    }
  }
  return own.create;
}
