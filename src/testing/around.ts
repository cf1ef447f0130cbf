import type { Http2ServerRequest } from "node:http2";
import { type ContextKey, createContextKey, type HandlerContext } from "@connectrpc/connect";
import type { Credentials } from "./credentials.ts";
import type { Faults } from "./faults.ts";
import { isPanic } from "./panic.ts";
import { resetStream } from "./server.ts";
import type { Rpc } from "./types.ts";

/** Around every call: authentication, faults, the count. */
export type Around = <T>(rpc: Rpc, context: HandlerContext, work: () => T | Promise<T>) => Promise<T>;

/** The request that a call came with. */
export const requestKey: ContextKey<Http2ServerRequest | undefined> = createContextKey<Http2ServerRequest | undefined>(
  undefined,
);

export interface AroundOptions {
  /** The broker's. */
  index: number;
  faults: Faults;
  credentials: Credentials;
  /** Ends the client's connection. */
  cut(request: Http2ServerRequest): void;
}

export function createAround({ index, faults, credentials, cut }: AroundOptions): Around {
  return (rpc, context, work) => {
    const request = context.values.get(requestKey);
    return faults.around(
      rpc,
      index,
      () => request && cut(request),
      () => {
        // Who has no token yet comes here for one.
        if (rpc !== "Authenticate") {
          credentials.check(context.requestHeader.get("authorization"));
        }
        return answered(request, work);
      },
    );
  };
}

/** Where the real broker's code panics, the call's stream is reset, and the connection stays. */
async function answered<T>(request: Http2ServerRequest | undefined, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isPanic(error)) {
      throw error;
    }
    if (request) {
      resetStream(request);
    }
    // Nothing more may go out on it.
    return new Promise(() => {});
  }
}
