import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import type { Rpc } from "./row.ts";

/** A call as it went over the wire. */
export interface WireCall {
  rpc: string;
  /** 0 for OK. */
  status: Code | 0;
  words: string;
}

/** The calls of a client, by an interceptor. */
export interface Wire {
  calls(rpc?: Rpc): WireCall[];
  /** Resolves with the first failure of `rpc` from now on. */
  failed(rpc: Rpc): Promise<WireCall>;
}

/**
 * Changes calls on their way, so that real brokers get what this library would not send, or it gets what they would not
 * answer at that moment.
 */
export interface Tamper {
  rpc: Rpc;
  /** How many calls. Default: all. */
  times?: number;
  request?: (message: object, header: Headers) => void;
  answer?: (message: object) => void;
  /** Another method of the same service. */
  method?: string;
}

/** A {@link Tamper} of requests, of a type that the caller knows. */
export function changed<T extends object>(rpc: Rpc, request: (message: T, header: Headers) => void): Tamper {
  return { rpc, request: request as (message: object, header: Headers) => void };
}

/** The same, of answers. */
export function answered<T extends object>(rpc: Rpc, answer: (message: T) => void): Tamper {
  return { rpc, answer: answer as (message: object) => void };
}

export function once(tamper: Tamper): Tamper {
  return { ...tamper, times: 1 };
}

export interface WireTap extends Wire {
  interceptor(tampers: readonly Tamper[]): Interceptor;
}

export function tapWire(): WireTap {
  const calls: WireCall[] = [];
  const listeners = new Set<(call: WireCall) => void>();

  function note(call: WireCall): void {
    calls.push(call);
    for (const listener of [...listeners]) {
      listener(call);
    }
  }

  return {
    calls: (rpc) => calls.filter((call) => rpc === undefined || call.rpc === rpc),
    failed: (rpc) =>
      new Promise((resolve) => {
        const listener = (call: WireCall) => {
          if (call.rpc === rpc && call.status !== 0) {
            listeners.delete(listener);
            resolve(call);
          }
        };
        listeners.add(listener);
      }),
    interceptor(tampers) {
      const left = new Map(tampers.map((tamper) => [tamper, tamper.times ?? Number.POSITIVE_INFINITY]));
      const take = (rpc: string): Tamper | undefined => {
        const tamper = tampers.find((one) => one.rpc === rpc && (left.get(one) ?? 0) > 0);
        if (tamper) {
          left.set(tamper, (left.get(tamper) ?? 0) - 1);
        }
        return tamper;
      };
      return (next) => async (request) => {
        const rpc = request.method.name;
        if (request.stream) {
          return next(request);
        }
        const tamper = take(rpc);
        tamper?.request?.(request.message, request.header);
        const url = tamper?.method === undefined ? request.url : request.url.replace(/[^/]+$/, tamper.method);
        try {
          const response = await next({ ...request, url });
          note({ rpc, status: 0, words: "" });
          if (!response.stream) {
            tamper?.answer?.(response.message);
          }
          return response;
        } catch (reason) {
          const error = ConnectError.from(reason);
          note({ rpc, status: error.code, words: error.rawMessage });
          throw reason;
        }
      };
    },
  };
}

/** The name of a status. */
export function statusName(status: Code | 0): string {
  return status === 0 ? "OK" : (Code[status] ?? String(status)).replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}
