import { Code } from "@connectrpc/connect";
import { Discovery, TopicLookupResponse_LookupType as LookupType } from "../../gen/danube/danube_api_pb.ts";
import type { EventLog } from "../events.ts";
import { CallFailure } from "../transport/seam.ts";
import { normaliseUrl } from "./addresses.ts";
import type { Connections } from "./connections.ts";
import type { Lookup, Owner } from "./ownership.ts";
import { type Answer, follow, type Inquiry } from "./redirects.ts";
import type { Seeds } from "./seeds.ts";
import { directly } from "./transports.ts";

export interface LookupOptions {
  seeds: Seeds;
  connections: Connections;
  events: EventLog;
  attemptTimeoutMs: number;
  /** Whether advertised addresses without a scheme mean TLS. */
  secure: boolean;
  /** Whether brokers reached by TLS may lead to others without. */
  allowInsecure: boolean;
  /** Every call goes to the seed, which passes it on by the broker's name. */
  gateway: boolean;
  mapBrokerUrl: ((url: string) => string) | undefined;
  /** See `Inquiry.settleMs`. Default 3,000. */
  settleMs?: number;
}

export function createLookup(options: LookupOptions): Lookup {
  const {
    seeds,
    connections,
    events,
    attemptTimeoutMs,
    secure,
    allowInsecure,
    gateway,
    mapBrokerUrl,
    settleMs = 3_000,
  } = options;
  // Addresses that brokers gave, beside the seeds.
  const learned = new Set<string>();

  async function ask(url: string, topic: string, signal: AbortSignal): Promise<Answer> {
    const call = { timeoutMs: attemptTimeoutMs, signal };
    try {
      const found = await connections.unary(directly(url), Discovery.method.topicLookup, { topic }, call);
      const type = found.responseType === LookupType.Connect ? "connect" : "redirect";
      // On Connect the broker that answered is the owner, whatever address it believes to have.
      const here = type === "connect" && !found.proxy;
      const answer: Answer = {
        asked: url,
        type,
        url: here ? url : dialled(url, found.connectUrl),
        brokerUrl: found.brokerUrl || found.connectUrl || url,
        proxy: found.proxy,
      };
      if (!answer.proxy && type === "redirect") {
        learned.add(answer.url);
      }
      return answer;
    } catch (reason) {
      if (reason instanceof CallFailure && reason.kind === "status" && reason.status === Code.NotFound) {
        return { asked: url, type: "not-found", url, brokerUrl: url, proxy: false };
      }
      throw reason;
    }
  }

  /** The address to dial for an advertised one: old brokers leave the scheme out, broken ones could give anything. */
  function dialled(asked: string, advertised: string): string {
    try {
      const url = normaliseUrl(advertised || asked, secure);
      const mapped = mapBrokerUrl ? normaliseUrl(mapBrokerUrl(url), secure) : url;
      if (secure && mapped.startsWith("http:") && !allowInsecure) {
        throw new TypeError("the seeds use TLS, and this address does not; allowInsecure would allow it");
      }
      return mapped;
    } catch (error) {
      const message = `${asked} names the broker address ${JSON.stringify(advertised)}: ${String(error)}`;
      throw new CallFailure("garbled", message, { cause: error });
    }
  }

  /** The answer of the first seed that gives one. */
  async function askSeeds(topic: string, signal: AbortSignal): Promise<Answer> {
    return seeds.ask((url) => ask(url, topic, signal));
  }

  /** The names that begin with `prefix`: brokers list those for a name that does not exist, or has no end. */
  async function namesFrom(url: string, prefix: string, signal: AbortSignal): Promise<string[] | undefined> {
    const call = { timeoutMs: attemptTimeoutMs, signal };
    return connections.unary(directly(url), Discovery.method.topicPartitions, { topic: prefix }, call).then(
      ({ partitions }) => partitions,
      () => undefined,
    );
  }

  function owner(topic: string, answer: Answer): Owner {
    const url = gateway || (answer.type === "connect" && !answer.proxy) ? answer.asked : answer.url;
    const named = (answer.proxy || gateway) && answer.type !== "not-found";
    return {
      topic,
      target: { url, behindProxy: named ? answer.brokerUrl : undefined },
      brokerUrl: answer.brokerUrl,
      assigned: answer.type !== "not-found",
      certain: answer.type === "connect",
    };
  }

  return async (topic, signal) => {
    const answer = await askSeeds(topic, signal);
    // Behind a proxy, which broker answers a lookup cannot be chosen.
    if (answer.type !== "redirect" || answer.proxy || gateway) {
      return owner(topic, answer);
    }
    const inquiry: Inquiry = {
      topic,
      signal,
      seeds: seeds.urls,
      settleMs,
      ask: (url, other = topic) => ask(url, other, signal),
      namesFrom: (url, prefix) => namesFrom(url, prefix, signal),
      brokers: () => [...new Set([...seeds.urls, ...learned])],
      warn: (code, message) => events.emit({ type: "warning", code, message }),
    };
    return owner(topic, await follow(inquiry, answer));
  };
}
