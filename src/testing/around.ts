import type { HandlerContext } from "@connectrpc/connect";
import type { Rpc } from "./types.ts";

/** Around every call: authentication, faults, the count. */
export type Around = <T>(rpc: Rpc, context: HandlerContext, work: () => T | Promise<T>) => Promise<T>;
