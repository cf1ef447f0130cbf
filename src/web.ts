/**
 * The Danube client for browsers and edge runtimes: the same as the main entry point, over gRPC-Web by `fetch`, to an Envoy
 * in front of the brokers. Bundlers find it under the package's own name (conditions `browser` and `edge-light`). Start with
 * {@link connect}.
 *
 * @module
 */

import { createClient, type Danube } from "./client.ts";
import type { ConnectOptions } from "./options.ts";
import { webTransports } from "./transport/transports-web.ts";

export * from "./public.ts";

/**
 * Makes a client. Does no I/O. `brokers` is the URL of the proxy: an Envoy with gRPC-Web, as in `examples/edge/envoy.yaml`;
 * brokers themselves do not speak what `fetch` does.
 *
 * Throws `TypeError` for wrong options, and for those that cannot be honoured here: `transport: "node"` and `"socket"`, and of
 * `tls` the settings `ca`, `cert`, `key` and `serverName`. Browsers and edge runtimes decide themselves whom they trust.
 *
 * @example
 * ```ts
 * const danube = connect({ brokers: "https://danube.example.com", token });
 * const { send } = await danube.createProducer({ topic: "/default/clicks", name: "page" });
 * button.onclick = () => send("clicked", { attributes: { page: location.pathname } });
 * ```
 */
export function connect(options: ConnectOptions | string): Danube {
  return createClient(options, webTransports);
}
