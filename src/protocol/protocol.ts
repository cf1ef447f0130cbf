import { Code } from "@connectrpc/connect";
import { SchemaRegistry } from "../../gen/danube_schema/schema_registry_pb.ts";
import type { Connections } from "../cluster/connections.ts";
import type { Target } from "../cluster/transports.ts";
import { DanubeError } from "../errors.ts";
import type { EventLog } from "../events.ts";
import { singleFlight } from "../lib/single-flight.ts";
import type { CallFailure } from "../transport/seam.ts";
import type { Dialect } from "./dialect.ts";
import { isAnswer, isForeign, isUnknownCall, onlyLater } from "./foreign.ts";
import type { Generation } from "./generation.ts";

/** The language between a client and its brokers, which is that of one generation or another. */
export interface Protocol {
  /**
   * Does `work` with the broker at `target` in the dialect that the cluster is believed to speak. Where the broker turns
   * out not to understand it, finds out which it does, and does `work` in that one: `work` may be done several times, of which at
   * most the last came through. Where it is no CreateProducer, its success proves nothing for others.
   */
  speak<T>(
    target: Target,
    work: (dialect: Dialect) => Promise<T>,
    signal: AbortSignal,
    options?: { proves?: boolean },
  ): Promise<T>;
  /** The generation that the cluster is believed to be of. */
  generation(): Generation;
}

export interface ProtocolOptions {
  dialects: Readonly<Record<Generation, Dialect>>;
  /** Given by the user: nothing is found out then. */
  told: Generation | undefined;
  connections: Connections;
  events: EventLog;
  attemptTimeoutMs: number;
}

/** Until a broker shows otherwise. */
const newest: Generation = "0.6";

/** Also what proxies and gRPC itself say. */
const inconclusive: readonly (number | undefined)[] = [
  Code.Unavailable,
  Code.DeadlineExceeded,
  Code.Canceled,
  Code.Aborted,
  Code.Unknown,
  Code.ResourceExhausted,
  Code.Unauthenticated,
];

/** Whether a broker said so, and not something between it and us: that does not speak of topics. */
function isTelling({ status, message }: CallFailure): boolean {
  return !inconclusive.includes(status) || /topic/i.test(message);
}

export function createProtocol({ dialects, told, connections, events, attemptTimeoutMs }: ProtocolOptions): Protocol {
  let believed = told ?? newest;
  const inquiries = singleFlight<string, boolean>();

  /** Brokers from 0.6 on have a schema registry, whatever it says. */
  async function hasRegistry(target: Target, abandoned: AbortSignal): Promise<boolean> {
    const limits = { timeoutMs: attemptTimeoutMs, signal: abandoned };
    try {
      await connections.unary(target, SchemaRegistry.method.listVersions, { subject: "any" }, limits);
    } catch (reason) {
      // Who cannot be reached, or does not know us, has not told.
      if (!isAnswer(reason) || !isTelling(reason)) {
        throw reason;
      }
      return !isUnknownCall(reason);
    }
    return true;
  }

  /** What a broker can be. 0.4 and 0.5 are only told apart by trying. */
  async function possible(target: Target, signal: AbortSignal): Promise<readonly Generation[]> {
    const key = `${target.url} ${target.behindProxy ?? ""}`;
    const current = await inquiries(key, (abandoned) => hasRegistry(target, abandoned), signal);
    return current ? ["0.6"] : ["0.4", "0.5"];
  }

  function believe(generation: Generation, target: Target): void {
    if (generation !== believed) {
      believed = generation;
      events.emit({ type: "protocol-found", protocol: generation, url: target.url });
    }
  }

  /** In the dialect believed, and then in what the broker may understand instead. */
  async function findOut<T>(
    target: Target,
    work: (dialect: Dialect) => Promise<T>,
    signal: AbortSignal,
    proves: boolean,
  ): Promise<T> {
    const tried: Generation[] = [];
    const failures: unknown[] = [];
    let candidates: readonly Generation[] | undefined;
    for (let generation: Generation | undefined = believed; ; ) {
      tried.push(generation);
      try {
        const result = await work(dialects[generation]);
        if (proves) {
          believe(generation, target);
        }
        return result;
      } catch (reason) {
        if (!isForeign(reason)) {
          if (proves && isAnswer(reason) && isTelling(reason)) {
            // Understood, though it could not be done.
            believe(generation, target);
          }
          throw reason;
        }
        failures.push(reason);
      }
      if (tried.includes(believed)) {
        candidates ??= await possible(target, signal);
        generation = candidates.find((candidate) => !tried.includes(candidate));
      } else {
        // Another one has found it out in the meantime.
        generation = believed;
      }
      if (generation === undefined) {
        // What was believed is the likeliest.
        throw failures[0];
      }
    }
  }

  return {
    async speak(target, work, signal, { proves = true } = {}) {
      if (told === undefined) {
        return findOut(target, work, signal, proves);
      }
      try {
        return await work(dialects[told]);
      } catch (reason) {
        // A call that is missing may also be one that came later in the same generation.
        const missing = isAnswer(reason) && isUnknownCall(reason) && told === newest;
        if (!isForeign(reason) || missing || (reason as Error).cause === onlyLater) {
          throw reason;
        }
        const message = `the broker does not understand protocol: "${told}", which connect() was told; left out, it is found out`;
        throw new DanubeError("PROTOCOL", message, { cause: reason });
      }
    },
    generation: () => believed,
  };
}
