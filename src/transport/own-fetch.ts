import { fetchTransport } from "./fetch.ts";
import type { OwnTransport } from "./select.ts";

const runtimes = "fetch takes no TLS settings: those of the runtime hold";

/** The transport `"fetch"`, which is the same everywhere. */
export const ownFetch: OwnTransport = {
  create: fetchTransport,
  cannot: { ca: runtimes, cert: runtimes, key: runtimes, serverName: runtimes },
};
