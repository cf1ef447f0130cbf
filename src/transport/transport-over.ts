import type { Transport } from "@connectrpc/connect";
import type { CommonTransportOptions, UniversalClientFn } from "@connectrpc/connect/protocol";
import type { BrokerTransport, Cancelable, TransportOptions, UnaryBytesCall, UnaryListener } from "./seam.ts";
import { brokerTransport, maxReceiveBytes } from "./translate.ts";

/** What Connect makes its calls over, and the short way beside it. */
export interface Over {
  httpClient: UniversalClientFn;
  short: { call(call: UnaryBytesCall, listener: UnaryListener): Cancelable; close(): void };
  /** Ends what `httpClient` has under way, and to come. */
  close(): void;
}

/** A protocol of Connect's, over an HTTP client of ours. With interceptors, which want to see messages, there is no short way. */
export function transportOver(
  createTransport: (options: CommonTransportOptions) => Transport,
  url: string,
  { interceptors = [] }: TransportOptions,
  { httpClient, short, close }: Over,
): BrokerTransport {
  const connect = createTransport({
    baseUrl: url,
    httpClient,
    useBinaryFormat: true,
    interceptors,
    acceptCompression: [],
    sendCompression: null,
    compressMinBytes: Number.MAX_SAFE_INTEGER,
    readMaxBytes: maxReceiveBytes,
    writeMaxBytes: 0xff_ff_ff_ff,
  });
  const transport = brokerTransport(connect, {
    url,
    spokeHttp2: () => undefined,
    close() {
      close();
      short.close();
    },
  });
  return interceptors.length > 0 ? transport : { ...transport, unaryBytes: short.call };
}
