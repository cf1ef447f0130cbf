import { ownFetch } from "./own-fetch.ts";
import type { TransportTable } from "./select.ts";

/** What browsers and edge runtimes have. */
export const webTransports: TransportTable = {
  auto: ownFetch,
  node: 'there is no node:http2 in browsers and on the edge; leave it out, or write "fetch"',
  socket: 'pages and edge runtimes open no sockets; leave it out, or write "fetch"',
  fetch: ownFetch,
};
