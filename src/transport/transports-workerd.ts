import { dialWorkerd } from "./dial-workerd.ts";
import { ownFetch } from "./own-fetch.ts";
import type { OwnTransport, TransportTable } from "./select.ts";
import { socketTransport } from "./socket.ts";

const authorities = "Cloudflare Workers trust the authorities that browsers trust, and take no others for a socket";
const noClientCertificate = "sockets of Cloudflare Workers show no client certificate";

const socket: OwnTransport = {
  create: socketTransport(dialWorkerd),
  cannot: {
    ca: authorities,
    cert: noClientCertificate,
    key: noClientCertificate,
    serverName: "a broker's certificate must bear the host of its URL",
  },
};

/** What Cloudflare Workers have. */
export const workerdTransports: TransportTable = {
  auto: socket,
  node: 'Cloudflare Workers have no node:http2 that connects; leave it out, or write "socket"',
  socket,
  fetch: ownFetch,
};
