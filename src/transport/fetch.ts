import { createTransport } from "@connectrpc/connect/protocol-grpc-web";
import { createPostWeb } from "./fetch-calls.ts";
import { createFetchHttpClient } from "./fetch-http.ts";
import { createFetchUnary } from "./fetch-unary.ts";
import type { CreateTransport } from "./seam.ts";
import { brokerTransport, maxReceiveBytes } from "./translate.ts";

/** gRPC-Web over the runtime's `fetch`: for where there are no sockets, to a proxy that speaks it. Connections are the runtime's own. */
export const fetchTransport: CreateTransport = (url, options) => {
  const post = createPostWeb(url, maxReceiveBytes);
  const httpClient = createFetchHttpClient(post);
  const grpcWeb = createTransport({
    baseUrl: url,
    httpClient: httpClient.send,
    useBinaryFormat: true,
    interceptors: options.interceptors ?? [],
    acceptCompression: [],
    sendCompression: null,
    compressMinBytes: Number.MAX_SAFE_INTEGER,
    readMaxBytes: maxReceiveBytes,
    writeMaxBytes: 0xff_ff_ff_ff,
  });
  const short = createFetchUnary(post, url, maxReceiveBytes);
  const transport = brokerTransport(grpcWeb, {
    url,
    spokeHttp2: () => undefined,
    close() {
      httpClient.close();
      short.close();
    },
  });
  return options.interceptors?.length ? transport : { ...transport, unaryBytes: short.call };
};
