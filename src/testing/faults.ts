import { Code, ConnectError } from "@connectrpc/connect";
import { sleep } from "../lib/sleep.ts";
import type { Fault, Rpc } from "./types.ts";

/** The faults that are waiting to happen, and the count of calls that did. */
export interface Faults {
  add(fault: Fault): () => void;
  /** Does `work`, with what is to go wrong with this call. `cut` ends the client's connection. */
  around<T>(rpc: Rpc, broker: number, cut: () => void, work: () => T | Promise<T>): Promise<T>;
  /** Counts a call that comes to nothing. */
  count(call: string, broker: number): void;
  calls(rpc: Rpc, broker?: number): number;
  /** Ends the delays. */
  end(): void;
}

export function createFaults(): Faults {
  const waiting = new Set<{ fault: Fault; left: number }>();
  const counts = new Map<string, number>();
  const ended = new AbortController();

  function take(rpc: Rpc, broker: number): Fault | undefined {
    for (const entry of waiting) {
      const { fault } = entry;
      if (fault.rpc === rpc && (fault.broker === undefined || fault.broker === broker)) {
        if (--entry.left === 0) {
          waiting.delete(entry);
        }
        return fault;
      }
    }
    return undefined;
  }

  function count(call: string, broker: number): void {
    const key = `${call} ${broker}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }

  return {
    count,
    add(fault) {
      const entry = { fault, left: fault.times ?? 1 };
      waiting.add(entry);
      return () => waiting.delete(entry);
    },
    async around(rpc, broker, cut, work) {
      count(rpc, broker);
      const fault = take(rpc, broker);
      if (fault?.delayMs !== undefined) {
        await sleep(fault.delayMs, ended.signal);
      }
      if (fault?.code !== undefined) {
        throw new ConnectError(fault.message ?? "a fault, on demand", fault.code);
      }
      if (fault?.drop === "request") {
        return cutOff(cut);
      }
      const result = await work();
      return fault?.drop === "response" ? cutOff(cut) : result;
    },
    calls(rpc, broker) {
      let sum = 0;
      for (const [key, count] of counts) {
        const [name, index] = key.split(" ");
        sum += name === rpc && (broker === undefined || Number(index) === broker) ? count : 0;
      }
      return sum;
    },
    end: () => ended.abort(),
  };
}

/** The answer of a call whose client is gone; thrown, because there is nobody left to answer. */
function cutOff(cut: () => void): never {
  cut();
  throw new ConnectError("the connection was cut, on demand", Code.Aborted);
}
