import type { Cluster } from "../../../src/cluster/cluster.ts";
import type { CallOptions, Connections } from "../../../src/cluster/connections.ts";
import { createCreations } from "../../../src/cluster/creations.ts";
import { createOwnership, type Owner } from "../../../src/cluster/ownership.ts";
import { createSeeds } from "../../../src/cluster/seeds.ts";
import type { Lease, Target } from "../../../src/cluster/transports.ts";
import { createEventLog, type DanubeEvent } from "../../../src/events.ts";
import { type BrokerTransport, CallFailure } from "../../../src/transport/seam.ts";

/** A call as it arrives: its request, and where. */
// biome-ignore lint/suspicious/noExplicitAny: requests of every method come through here
export type Handler = (request: any, url: string) => unknown;

export interface FakeCluster {
  readonly cluster: Cluster;
  readonly events: DanubeEvent[];
  /** By method (`sendMessage`, …); may be changed at any time. */
  readonly handlers: Record<string, Handler>;
  /** Where the lookup says the topic is. */
  readonly place: { url: string; assigned: boolean; failure: CallFailure | undefined };
  /** The calls made, in order. */
  readonly calls: { method: string; request: Record<string, unknown>; target: Target; timeoutMs: number }[];
  /** The number of calls of a method. */
  count(method: string): number;
}

/** What is between a producer and its brokers, without the network: ownership is the real one. */
export function fakeCluster(handlers: Record<string, Handler> = {}): FakeCluster {
  const events: DanubeEvent[] = [];
  const log = createEventLog((event) => events.push(event));
  const calls: FakeCluster["calls"] = [];
  const place: FakeCluster["place"] = { url: "http://a:1", assigned: true, failure: undefined };
  let producers = 0n;
  const all: Record<string, Handler> = {
    createProducer: () => ({ producerId: ++producers }),
    sendMessage: () => ({}),
    healthCheck: () => ({ status: 0 }),
    ...handlers,
  };
  const unary = (
    target: Target,
    { localName }: { localName: string },
    request: Record<string, unknown>,
    { signal, timeoutMs }: CallOptions,
  ) =>
    new Promise((resolve, reject) => {
      const aborted = () => reject(new CallFailure("aborted", "the call was aborted"));
      if (signal?.aborted) {
        aborted();
        return;
      }
      signal?.addEventListener("abort", aborted, { once: true });
      calls.push({ method: localName, request, target, timeoutMs });
      new Promise((answer) => answer(all[localName]?.(request, target.url))).then(resolve, reject);
    });
  const call: Connections["call"] = (request) => {
    const ended = new AbortController();
    const { target, timeoutMs } = request;
    let over = false;
    const transport = {
      unary: async (
        method: { localName: string },
        _signal: unknown,
        _timeoutMs: unknown,
        _header: unknown,
        message: never,
      ) => ({
        message: await unary(target, method, message, { timeoutMs, signal: ended.signal }),
      }),
    };
    const end = (tell: () => void) => {
      if (!over) {
        over = true;
        tell();
      }
    };
    const told = {
      onAnswer: (answer: never) => end(() => request.onAnswer(answer, { done() {} } as Lease)),
      onFailure: (reason: unknown) => end(() => request.onFailure(reason)),
    };
    return {
      begin() {
        request.onSending();
        request.send(transport as unknown as BrokerTransport, new Headers(), told as never);
      },
      cancel() {
        over = true;
        ended.abort();
      },
    };
  };
  const lookup = async (topic: string): Promise<Owner> => {
    if (place.failure) {
      throw place.failure;
    }
    const { url, assigned } = place;
    return { topic, target: { url, behindProxy: undefined }, brokerUrl: `${url}/self`, assigned, certain: assigned };
  };
  // Nothing is swept, unless a test does it.
  const sweeper = { add() {}, close() {} };
  const cluster: Cluster = {
    seeds: createSeeds(["http://a:1"]),
    ownership: createOwnership(lookup, log, sweeper),
    shape: async () => ({ kind: "none" }),
    creations: createCreations(),
    connections: { unary, call } as unknown as Connections,
    events: log,
    sweeper,
    backoff: () => 1,
    attemptTimeoutMs: 5_000,
  };
  return {
    cluster,
    events,
    handlers: all,
    place,
    calls,
    count: (method) => calls.filter((call) => call.method === method).length,
  };
}
