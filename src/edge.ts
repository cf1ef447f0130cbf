/**
 * The Danube client for Cloudflare Workers: the same as the main entry point, over `cloudflare:sockets`. Bundlers for
 * Workers find it under the package's own name (condition `workerd`). Start with {@link connect}.
 *
 * @module
 */

import { createClient, type Danube } from "./client.ts";
import type { ConnectOptions } from "./options.ts";
import { workerdTransports } from "./transport/transports-workerd.ts";

export * from "./public.ts";

/**
 * Makes a client. Does no I/O: connections are opened by the first call that needs them. They belong to the request that
 * opened them, as all of a Worker's I/O does: make a client per request, and close it.
 *
 * `transport: "fetch"` goes to an Envoy with gRPC-Web instead.
 *
 * Throws `TypeError` for wrong options, and for those that cannot be honoured in a Worker: `transport: "node"`, and of
 * `tls` the settings `ca`, `cert`, `key` and `serverName`. Workers trust the authorities that browsers trust.
 *
 * @example
 * ```ts
 * export default {
 *   async fetch(request) {
 *     await using danube = connect({ brokers: ["https://broker.example:6650"] });
 *     const { send } = await danube.createProducer({ topic: "/default/events", name: "worker" });
 *     const { sequence } = await send(await request.text());
 *     return new Response(String(sequence));
 *   },
 * };
 * ```
 */
export function connect(options: ConnectOptions | string): Danube {
  return createClient(options, workerdTransports);
}
