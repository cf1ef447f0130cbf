import { createTransport } from "@connectrpc/connect/protocol-grpc-web";
import { createPostWeb } from "./fetch-calls.ts";
import { createFetchHttpClient } from "./fetch-http.ts";
import { createFetchUnary } from "./fetch-unary.ts";
import type { CreateTransport } from "./seam.ts";
import { maxReceiveBytes } from "./translate.ts";
import { transportOver } from "./transport-over.ts";

/** gRPC-Web over the runtime's `fetch`: for where there are no sockets, to a proxy that speaks it. Connections are the runtime's own. */
export const fetchTransport: CreateTransport = (url, options) => {
  const post = createPostWeb(url, maxReceiveBytes);
  const { send: httpClient, close } = createFetchHttpClient(post);
  const short = createFetchUnary(post, url, maxReceiveBytes);
  return transportOver(createTransport, url, options, { httpClient, short, close });
};
