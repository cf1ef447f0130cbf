/**
 * The Danube client: finds the broker that serves a topic, publishes to it over gRPC, and follows the topic through
 * restarts and moves. Start with {@link connect}.
 *
 * @module
 */

import { createClient, type Danube } from "./client.ts";
import type { ConnectOptions } from "./options.ts";
import { nodeTransports } from "./transport/transports-node.ts";

export * from "./public.ts";

/**
 * Makes a client. Does no I/O: connections are opened by the first call that needs them.
 *
 * Throws `TypeError` for wrong options.
 *
 * @example
 * ```ts
 * const danube = connect({ brokers: ["http://127.0.0.1:6650"] });
 * const { send, close } = await danube.createProducer({ topic: "/default/events", name: "web" });
 * await send("hello", { attributes: { source: "readme" } });
 * await close();
 * await danube.close();
 * ```
 */
export function connect(options: ConnectOptions | string): Danube {
  return createClient(options, nodeTransports);
}
