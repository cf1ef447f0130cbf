import type { BrokerTransport, UnaryBytesCall } from "../../../src/transport/seam.ts";

/** A call on the short way, as a promise: of the message of the answer, without its prefix. */
export function unaryBytes(transport: BrokerTransport, call: UnaryBytesCall): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    transport.unaryBytes?.(call, { onAnswer: (answer) => resolve(answer.subarray(5)), onFailure: reject });
  });
}
