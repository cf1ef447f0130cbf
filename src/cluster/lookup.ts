import { Code } from "@connectrpc/connect";
import { Discovery, TopicLookupResponse_LookupType as LookupType } from "../../gen/danube/danube_api_pb.ts";
import type { EventLog } from "../events.ts";
import { inTurn } from "../lib/in-turn.ts";
import { sleep } from "../lib/sleep.ts";
import { CallFailure } from "../transport/seam.ts";
import { isUnspecified, normaliseUrl } from "./addresses.ts";
import type { Connections, Target } from "./connections.ts";
import type { Owner } from "./ownership.ts";

/** Asks the cluster which broker serves a topic. Rejects with {@link CallFailure}. */
export type Lookup = (topic: string, signal: AbortSignal) => Promise<Owner>;

export interface LookupOptions {
  seeds: readonly string[];
  connections: Connections;
  events: EventLog;
  attemptTimeoutMs: number;
  /** Whether advertised addresses without a scheme mean TLS. */
  secure: boolean;
  /** Every call goes to the seed, which passes it on by the broker's name. */
  gateway: boolean;
  mapBrokerUrl: ((url: string) => string) | undefined;
  /** How long a broker has to load a topic that its name may belong to; see {@link createLookup}. */
  settleMs?: number;
}

/** What one broker answered. */
interface Answer {
  /** The URL that was asked. */
  asked: string;
  type: "connect" | "redirect" | "not-found";
  /** The advertised address, as it is dialled. */
  url: string;
  brokerUrl: string;
  proxy: boolean;
}

/** A seed that has not answered for so long is not waited for alone. */
const patienceMs = 1_000;
const maxRedirects = 4;
const pollMs = 100;
/** How many topics of a namespace are looked up to find brokers that nobody has told us of. */
const maxProbes = 64;

/**
 * Brokers up to 0.15.1 find a topic's owner by searching their assignments for its name, so `/default/orders` may be
 * answered with the broker of `/default/orders-eu`. That broker, when asked to create a producer, takes the topic for
 * its own, and from then on two brokers serve it, each with a part of its messages.
 *
 * So a Redirect is not believed until the broker it names says Connect, which a broker does only for topics that it
 * has loaded. One that does not may just be about to load a new topic. Whether that is so, or the name was mistaken,
 * is told by the names that exist: without another that begins alike there is nothing to mistake; with one, the
 * broker that says Connect is waited for, at every broker known. When none does, the Redirect is taken after all, if
 * there were several seeds to ask; a client with one seed may not know the owner, and says so.
 */
export function createLookup(options: LookupOptions): Lookup {
  const { seeds, connections, events, attemptTimeoutMs, secure, gateway, mapBrokerUrl, settleMs = 3_000 } = options;
  // Asked first: the seed that answered last.
  let preferred = 0;
  // Addresses that brokers gave, beside the seeds.
  const learned = new Set<string>();

  async function ask(url: string, topic: string, signal: AbortSignal): Promise<Answer> {
    const target: Target = { url, behindProxy: undefined };
    try {
      const found = await connections.unary(
        target,
        Discovery.method.topicLookup,
        { topic },
        { timeoutMs: attemptTimeoutMs, signal },
      );
      const type = found.responseType === LookupType.Connect ? "connect" : "redirect";
      const answer: Answer = {
        asked: url,
        type,
        ...addresses(url, found.connectUrl, found.brokerUrl),
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

  /** Old brokers give one address, without a scheme; broken ones could give anything. */
  function addresses(asked: string, connectUrl: string, brokerUrl: string): { url: string; brokerUrl: string } {
    try {
      const advertised = normaliseUrl(connectUrl || asked, secure);
      const url = mapBrokerUrl ? normaliseUrl(mapBrokerUrl(advertised), secure) : advertised;
      return { url, brokerUrl: brokerUrl || connectUrl || asked };
    } catch (error) {
      throw new CallFailure(
        "garbled",
        `${asked} names the broker address ${JSON.stringify(connectUrl)}: ${String(error)}`,
        { cause: error },
      );
    }
  }

  /** The answer of the first seed that gives one. */
  async function askSeeds(topic: string, signal: AbortSignal): Promise<Answer> {
    const order = [...seeds.slice(preferred), ...seeds.slice(0, preferred)];
    try {
      const answer = await inTurn(order, (url) => ask(url, topic, signal), { patienceMs, isFinal: anyWouldSay });
      preferred = seeds.indexOf(answer.asked);
      return answer;
    } catch (reason) {
      throw reason instanceof AggregateError ? summary(reason.errors as CallFailure[]) : reason;
    }
  }

  function owner(topic: string, answer: Answer): Owner {
    // On Connect the broker that answered is the owner, whatever address it believes to have.
    const url = gateway || (answer.type === "connect" && !answer.proxy) ? answer.asked : answer.url;
    const named = (answer.proxy || gateway) && answer.type !== "not-found";
    return {
      topic,
      target: { url, behindProxy: named ? answer.brokerUrl : undefined },
      brokerUrl: answer.brokerUrl,
      assigned: answer.type !== "not-found",
    };
  }

  /** Follows a Redirect until a broker says Connect. */
  async function follow(topic: string, first: Answer, signal: AbortSignal): Promise<Owner> {
    let redirect = first;
    for (let hops = 0; hops < maxRedirects; hops++) {
      const answer = await ask(redirect.url, topic, signal).catch((reason) =>
        elsewhere(topic, redirect, reason, signal),
      );
      if (answer.type === "connect") {
        return owner(topic, answer);
      }
      if (answer.type === "not-found" || answer.url === redirect.url) {
        return settle(topic, redirect, signal);
      }
      redirect = answer;
    }
    throw new CallFailure("status", `the brokers redirect each other in a circle (last to ${redirect.url})`, {
      status: Code.Unavailable,
    });
  }

  /** The broker named cannot be reached. It may be dead, or the wrong one, or its address means nothing here. */
  async function elsewhere(topic: string, redirect: Answer, reason: unknown, signal: AbortSignal): Promise<Answer> {
    if (!(reason instanceof CallFailure) || reason.kind === "status" || reason.kind === "aborted") {
      throw reason;
    }
    const other = await anyConnect(topic, new Set([redirect.url, redirect.asked]), signal);
    if (other) {
      return other;
    }
    const remedy =
      "if this address means nothing on this machine, rewrite it with mapBrokerUrl, or use the brokers' proxy mode";
    const message = `the broker at ${redirect.url} (as ${redirect.asked} advertises it) cannot be reached: ${reason.message}; ${remedy}`;
    if (
      reason.kind === "unreachable" &&
      (isUnspecified(redirect.url) || /ENOTFOUND|EAI_AGAIN|not known|lookup/i.test(reason.message))
    ) {
      events.emit({ type: "warning", code: "BROKER_ADDRESS", message });
    }
    throw new CallFailure(reason.kind, message, { cause: reason });
  }

  /** The broker named does not have the topic loaded: because it is new, or because the name was mistaken. */
  async function settle(topic: string, redirect: Answer, signal: AbortSignal): Promise<Owner> {
    const namesake = await beginsAlike(topic, redirect.asked, signal);
    if (!namesake) {
      return owner(topic, redirect);
    }
    const until = Date.now() + settleMs;
    for (let round = 0; Date.now() < until && !signal.aborted; round++) {
      const connect = await anyConnect(topic, new Set(), signal);
      if (connect) {
        return owner(topic, connect);
      }
      if (round === 0) {
        await findBrokers(topic, redirect.asked, signal);
      }
      await sleep(pollMs, signal);
    }
    const message = `brokers name ${redirect.url} as the owner of ${topic}, and it does not serve it: they may mean ${namesake}, whose name begins alike. Give all brokers in "brokers"`;
    events.emit({ type: "warning", code: "AMBIGUOUS_OWNER", message });
    if (seeds.length === 1) {
      // The real owner may be a broker that we have not heard of. To go on would split the topic.
      throw new CallFailure("status", message, { status: Code.Unavailable });
    }
    return owner(topic, redirect);
  }

  /** Any broker but `except` that has the topic loaded. */
  async function anyConnect(
    topic: string,
    except: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<Answer | undefined> {
    const others = [...new Set([...seeds, ...learned])].filter((url) => !except.has(url));
    const answers = await Promise.all(others.map((url) => ask(url, topic, signal).catch(() => undefined)));
    return answers.find((answer) => answer?.type === "connect");
  }

  /** The topics of the namespace. A broker lists what begins with the name it is given, also a name without an end. */
  async function listNamespace(topic: string, url: string, signal: AbortSignal): Promise<string[] | undefined> {
    const namespace = topic.slice(0, topic.indexOf("/", 1) + 1);
    const target: Target = { url, behindProxy: undefined };
    const call = connections.unary(
      target,
      Discovery.method.topicPartitions,
      { topic: namespace },
      { timeoutMs: attemptTimeoutMs, signal },
    );
    return call.then(
      (answer) => answer.partitions,
      () => undefined,
    );
  }

  /** Another topic whose name begins with this one; `"another topic"` where the broker does not list them. */
  async function beginsAlike(topic: string, url: string, signal: AbortSignal): Promise<string | undefined> {
    const names = await listNamespace(topic, url, signal);
    return names === undefined ? "another topic" : names.find((name) => name !== topic && name.startsWith(topic));
  }

  /** Learns the addresses of brokers from where they say that other topics are. */
  async function findBrokers(topic: string, url: string, signal: AbortSignal): Promise<void> {
    const names = (await listNamespace(topic, url, signal)) ?? [];
    const probes = names.filter((name) => name !== topic).slice(-maxProbes);
    await Promise.all(probes.map((name) => ask(url, name, signal).catch(() => undefined)));
  }

  return async (topic, signal) => {
    const answer = await askSeeds(topic, signal);
    // Behind a proxy, which broker answers a lookup cannot be chosen.
    return answer.type === "redirect" && !answer.proxy && !gateway
      ? follow(topic, answer, signal)
      : owner(topic, answer);
  };
}

/** What a broker says about a topic, or about who asks, another one would say too. */
function anyWouldSay(reason: unknown): boolean {
  const passing =
    reason instanceof CallFailure &&
    (reason.kind !== "status" || reason.status === Code.Unavailable) &&
    reason.kind !== "aborted";
  return !passing;
}

/** One failure for all seeds: of the kind that gives most hope, with the words of each. */
function summary(failures: CallFailure[]): CallFailure {
  const [only] = failures;
  if (failures.length === 1 && only) {
    return only;
  }
  const hope =
    failures.find((failure) => failure.kind !== "garbled" && failure.kind !== "untrusted") ?? (only as CallFailure);
  const words = failures.map((failure) => failure.message).join("; ");
  return new CallFailure(hope.kind, words, { status: hope.status, cause: new AggregateError(failures, words) });
}
