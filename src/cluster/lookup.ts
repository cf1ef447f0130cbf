import { Code } from "@connectrpc/connect";
import {
  Discovery,
  TopicLookupResponse_LookupType as LookupType,
  type TopicLookupResponse,
} from "../../gen/danube/danube_api_pb.ts";
import type { EventLog } from "../events.ts";
import { atOnce, inWords } from "../lib/foreign-code.ts";
import { shown } from "../lib/shown.ts";
import { CallFailure } from "../transport/seam.ts";
import { normaliseUrl } from "./addresses.ts";
import type { Connections } from "./connections.ts";
import type { Lookup, Owner } from "./ownership.ts";
import { type Answer, follow, type Inquiry } from "./redirects.ts";
import type { Seeds } from "./seeds.ts";
import { directly, keyOf, type Target } from "./transports.ts";

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
  /** So many brokers are remembered: more than a cluster has, and whoever makes them up is to fill no memory. Default 4,096. */
  maxLearned?: number;
}

/** Of a broker's name for itself. */
const maxNameLength = 1_024;

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
    maxLearned = 4_096,
  } = options;
  // The seeds that were asked, and the brokers that brokers told of.
  const learned = new Map<string, Target>();

  /** The same object for the same target: there may be many topics to each, and calls find their connection by it. */
  function shared(target: Target): Target {
    const key = keyOf(target);
    const known = learned.get(key) ?? target;
    learned.delete(key);
    learned.set(key, known);
    const [oldest] = learned.keys();
    if (learned.size > maxLearned && oldest !== undefined) {
      learned.delete(oldest);
    }
    return known;
  }

  async function ask(asked: Target, topic: string, signal: AbortSignal): Promise<Answer> {
    const call = { timeoutMs: attemptTimeoutMs, signal };
    try {
      const found = await connections.unary(asked, Discovery.method.topicLookup, { topic }, call);
      const type = found.responseType === LookupType.Connect ? "connect" : "redirect";
      // On Connect, which broker it is that answered is told only behind a proxy.
      const target = shared(targetOf(found, type, asked));
      return { asked, type, target, brokerUrl: nameIn(found, asked.url) };
    } catch (reason) {
      if (reason instanceof CallFailure && reason.kind === "status" && reason.status === Code.NotFound) {
        return { asked, type: "not-found", target: asked, brokerUrl: asked.url };
      }
      throw reason;
    }
  }

  function targetOf(found: TopicLookupResponse, type: Answer["type"], asked: Target): Target {
    const { connectUrl, proxy } = found;
    if (gateway) {
      return { url: asked.url, behindProxy: headerOf(nameIn(found, asked.url), asked.url) };
    }
    if (proxy) {
      const url = dialled(asked.url, connectUrl);
      return { url, behindProxy: headerOf(nameIn(found, url), asked.url) };
    }
    // On Connect the broker that answered is the owner, whatever address it believes to have.
    return type === "connect" ? asked : directly(dialled(asked.url, connectUrl));
  }

  /** The address to dial for an advertised one: old brokers leave the scheme out, broken ones could give anything. */
  function dialled(asked: string, advertised: string): string {
    try {
      const overTls = secure || asked.startsWith("https:");
      const url = normaliseUrl(advertised || asked, overTls);
      const mapped = mapBrokerUrl ? normaliseUrl(atOnce(mapBrokerUrl(url)), overTls) : url;
      if (overTls && mapped.startsWith("http:") && !allowInsecure) {
        throw new TypeError("who names it uses TLS, and this address does not; allowInsecure would allow it");
      }
      return mapped;
    } catch (error) {
      const message = `${asked} names the broker address ${quoted(advertised)}: ${inWords(error)}`;
      throw new CallFailure("garbled", message, { cause: error });
    }
  }

  /** The names that begin with `prefix`: brokers list those for a name that does not exist, or has no end. */
  async function namesFrom(asked: Target, prefix: string, signal: AbortSignal): Promise<string[] | undefined> {
    const call = { timeoutMs: attemptTimeoutMs, signal };
    return connections.unary(asked, Discovery.method.topicPartitions, { topic: prefix }, call).then(
      ({ partitions }) => partitions,
      () => undefined,
    );
  }

  function owner(topic: string, { type, target, brokerUrl }: Answer): Owner {
    return { topic, target, brokerUrl, assigned: type !== "not-found", certain: type === "connect" };
  }

  return async (topic, signal) => {
    // The first seed that answers.
    const answer = await seeds.ask((url) => ask(shared(directly(url)), topic, signal));
    if (answer.type !== "redirect") {
      return owner(topic, answer);
    }
    const inquiry: Inquiry = {
      topic,
      signal,
      seeds: seeds.urls,
      settleMs,
      ask: (target, other = topic) => ask(target, other, signal),
      namesFrom: (target, prefix) => namesFrom(target, prefix, signal),
      brokers: () => [
        ...new Map([...seeds.urls.map(directly), ...learned.values()].map((one) => [keyOf(one), one])).values(),
      ],
      warn: (code, message) => events.emit({ type: "warning", code, message }),
    };
    return owner(topic, await follow(inquiry, answer));
  };
}

/** A stranger's words within ours. */
function quoted(words: string): string {
  return JSON.stringify(shown(words, 200));
}

/** What a broker calls itself. Need not be an address, and goes into every message. */
function nameIn({ brokerUrl, connectUrl }: TopicLookupResponse, otherwise: string): string {
  return shown(brokerUrl || connectUrl || otherwise, maxNameLength);
}

/** Behind a proxy it goes into a header of every call. Throws {@link CallFailure} where it cannot. */
function headerOf(name: string, asked: string): string {
  if (!/^[\x21-\x7e]+$/.test(name)) {
    throw new CallFailure("garbled", `${asked} names the broker ${quoted(name)}, which is no address`);
  }
  return name;
}
