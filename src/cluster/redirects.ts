import { Code } from "@connectrpc/connect";
import type { WarningEvent } from "../events.ts";
import { shown } from "../lib/shown.ts";
import { sleep } from "../lib/sleep.ts";
import { CallFailure } from "../transport/seam.ts";
import { isUnspecified } from "./addresses.ts";
import { directly, keyOf, type Target } from "./transports.ts";

// Brokers up to 0.15.1 find a topic's owner by searching their assignments for its name, so `/default/orders` may be
// answered with the broker of `/default/orders-eu`. That broker, when asked to create a producer, takes the topic for
// its own, and from then on two brokers serve it, each with a part of its messages.
//
// So a Redirect is not believed until the broker it names says Connect, which a broker does only for topics that it
// has loaded. One that does not may just be about to load a new topic. Whether that is so, or the name was mistaken,
// is told by the names that exist: without another that begins alike there is nothing to mistake; with one, the broker
// that says Connect is waited for, at every broker known. When none does, the Redirect is taken after all; only a
// client with a single seed, which may never have heard of the owner, refuses, and says what it lacks.
//
// Behind a proxy it is the same: brokers are asked by their names there. A seed is then any broker, a different one each
// time.

/** What one broker answered to a lookup. */
export interface Answer {
  asked: Target;
  type: "connect" | "redirect" | "not-found";
  /** The broker that has the topic, as it is reached; who was asked, where none has it. */
  target: Target;
  /** The broker's own name for itself. */
  brokerUrl: string;
}

/** One lookup of one topic, and whom it can ask. */
export interface Inquiry {
  readonly topic: string;
  readonly signal: AbortSignal;
  readonly seeds: readonly string[];
  /** How long a broker has to load a topic that its name may belong to, in milliseconds. */
  readonly settleMs: number;
  /** TopicLookup at one broker; of another topic where one is given. Rejects with {@link CallFailure}. */
  ask(target: Target, topic?: string): Promise<Answer>;
  /** The names that begin with `prefix`, or `undefined` where the broker does not tell. */
  namesFrom(target: Target, prefix: string): Promise<string[] | undefined>;
  /** The seeds, and every broker that brokers told of. */
  brokers(): Target[];
  warn(code: WarningEvent["code"], message: string): void;
}

const maxRedirects = 4;
const pollMs = 100;
/** How long brokers are waited for that may not even be there. */
const patienceMs = 1_000;
/** How many topics of a namespace are looked up, every so many rounds, to find brokers that nobody has told us of. */
const maxProbes = 64;
const findEvery = 8;

/** Follows a Redirect to the answer that can be believed. */
export async function follow(inquiry: Inquiry, first: Answer): Promise<Answer> {
  let redirect = first;
  const seen = new Set([keyOf(first.target)]);
  for (let hops = 0; hops < maxRedirects; hops++) {
    const answer = await inquiry.ask(redirect.target).catch((reason) => elsewhere(inquiry, redirect, reason));
    if (answer.type === "connect") {
      return answer;
    }
    if (answer.type === "not-found" || keyOf(answer.target) === keyOf(redirect.target)) {
      return settle(inquiry, redirect);
    }
    redirect = answer;
    if (seen.has(keyOf(answer.target))) {
      break;
    }
    seen.add(keyOf(answer.target));
  }
  return leaveCircle(inquiry, redirect);
}

/** Brokers each mistake the name for another one's: the owner is none of them, or there is none. */
async function leaveCircle(inquiry: Inquiry, redirect: Answer): Promise<Answer> {
  const names = await namesLike(inquiry, redirect.asked);
  if (names && !names.includes(inquiry.topic)) {
    return notThere(redirect);
  }
  const owner = await anyConnect(inquiry, inquiry.brokers());
  if (owner) {
    return owner;
  }
  // For the next time: it may be a broker that we have not heard of.
  await findBrokers(inquiry, redirect.asked, names ?? []);
  const message = `the brokers redirect each other in a circle (last to ${nameOf(redirect.target)})`;
  throw new CallFailure("status", message, { status: Code.Unavailable });
}

/** It does not exist: only a longer name led there. */
function notThere(redirect: Answer): Answer {
  return { ...redirect, type: "not-found", target: redirect.asked };
}

/** How people know it. */
function nameOf({ url, behindProxy }: Target): string {
  return behindProxy ?? url;
}

/** The broker named cannot be reached. It may be dead, or the wrong one, or its address means nothing here. */
async function elsewhere(inquiry: Inquiry, redirect: Answer, reason: unknown): Promise<Answer> {
  const { asked, target } = redirect;
  const proxied = target.behindProxy !== undefined;
  if (!(reason instanceof CallFailure) || !isUnreachable(reason, proxied)) {
    throw reason;
  }
  const except = proxied ? [target] : [target, asked];
  const other =
    (await anyConnect(inquiry, inquiry.seeds.map(directly), except)) ??
    // There may be a thousand others, and they are asked only where the name may be another one's.
    ((await mayBeMistaken(inquiry, asked)) ? await anyConnect(inquiry, inquiry.brokers(), except) : undefined);
  if (other) {
    return other;
  }
  const remedy =
    "if this address means nothing on this machine, rewrite it with mapBrokerUrl, or use the brokers' proxy mode";
  const message = proxied
    ? `the broker ${nameOf(target)} cannot be reached through ${target.url}: ${reason.message}`
    : `the broker at ${target.url} (as ${asked.url} advertises it) cannot be reached: ${reason.message}; ${remedy}`;
  if (reason.kind === "unreachable" && !proxied && (isUnspecified(target.url) || isUnknownHost(reason))) {
    inquiry.warn("BROKER_ADDRESS", message);
  }
  throw new CallFailure(reason.kind, message, { status: reason.status, cause: reason });
}

/** A proxy that cannot reach a broker answers in its place. */
function isUnreachable({ kind, status }: CallFailure, proxied: boolean): boolean {
  return kind === "status" ? proxied && status === Code.Unavailable : kind !== "aborted";
}

function isUnknownHost(failure: CallFailure): boolean {
  return /ENOTFOUND|EAI_AGAIN|not known|getaddrinfo/i.test(failure.message);
}

/** Whether brokers could mean another topic, as far as they tell. */
async function mayBeMistaken(inquiry: Inquiry, asked: Target): Promise<boolean> {
  const names = await namesLike(inquiry, asked);
  return !names || names.some((name) => isNamesake(name, inquiry.topic));
}

function isNamesake(name: string, topic: string): boolean {
  return name !== topic && name.startsWith(topic);
}

/** The broker named does not have the topic loaded: because it is new, or because the name was mistaken. */
async function settle(inquiry: Inquiry, redirect: Answer): Promise<Answer> {
  const { topic, signal, seeds, settleMs } = inquiry;
  const names = await namesLike(inquiry, redirect.asked);
  if (names && !names.includes(topic)) {
    return notThere(redirect);
  }
  const namesake = names?.find((name) => isNamesake(name, topic));
  if (names && !namesake) {
    return redirect;
  }
  const until = Date.now() + settleMs;
  for (let round = 0; Date.now() < until && !signal.aborted; round++) {
    const connect = await anyConnect(inquiry, inquiry.brokers());
    if (connect) {
      return connect;
    }
    if (round % findEvery === 0) {
      await findBrokers(inquiry, redirect.asked, names ?? []);
    }
    await sleep(pollMs, signal);
  }
  if (signal.aborted) {
    throw new CallFailure("aborted", "the lookup is no longer wanted");
  }
  if (namesake && seeds.length === 1 && redirect.target.behindProxy === undefined) {
    // The real owner may be a broker that we have not heard of. To go on would split the topic.
    const message = `brokers name ${redirect.target.url} as the owner of ${topic}, and it does not serve it: they may mean ${shown(namesake, 200)}, whose name begins alike. Give all brokers in "brokers"`;
    inquiry.warn("AMBIGUOUS_OWNER", message);
    throw new CallFailure("status", message, { status: Code.Unavailable });
  }
  return redirect;
}

/** The topics whose names begin as this one does, or `undefined` where the broker does not tell. */
async function namesLike({ topic, namesFrom }: Inquiry, asked: Target): Promise<string[] | undefined> {
  // A name that exists is answered with itself alone; one without its last letter with all that begin so, unless a
  // topic is called just that.
  const names = await namesFrom(asked, topic.slice(0, -1));
  return names?.length === 1 && names[0] === topic.slice(0, -1) ? namesFrom(asked, namespaceOf(topic)) : names;
}

/** `/namespace/`: the beginning of every name in it. */
function namespaceOf(topic: string): string {
  return topic.slice(0, topic.indexOf("/", 1) + 1);
}

/** Any of `brokers` but `except` that has the topic loaded. One that hangs is not waited for long. */
async function anyConnect(
  inquiry: Inquiry,
  brokers: readonly Target[],
  except: readonly Target[] = [],
): Promise<Answer | undefined> {
  const excluded = new Set(except.map(keyOf));
  const others = brokers.filter((target) => !excluded.has(keyOf(target)));
  const ended = new AbortController();
  // Those who are asked end with the inquiry by themselves.
  const patience = sleep(patienceMs, ended.signal).then(() => undefined);
  const connects = others.map(async (target) => {
    const answer = await inquiry.ask(target);
    if (answer.type !== "connect") {
      throw new Error(`${nameOf(target)} does not serve ${inquiry.topic}`);
    }
    return answer;
  });
  try {
    return await Promise.race([Promise.any(connects), patience]);
  } catch {
    // Each has answered, and none serves it.
    return undefined;
  } finally {
    ended.abort();
  }
}

/**
 * Learns the addresses of brokers from where they say that other topics are: those that the name was perhaps mistaken
 * for, and others by chance, different ones each time.
 */
async function findBrokers({ topic, ask, namesFrom }: Inquiry, asked: Target, alike: readonly string[]): Promise<void> {
  const all = (await namesFrom(asked, namespaceOf(topic))) ?? [];
  const chosen = new Set(alike.slice(0, maxProbes / 2));
  // Among many topics of one broker alone, none may tell of another: one look does not always do.
  for (let tries = 0; tries < 2 * maxProbes && chosen.size < maxProbes && all.length > 0; tries++) {
    chosen.add(all[Math.floor(Math.random() * all.length)] as string);
  }
  chosen.delete(topic);
  await Promise.all([...chosen].map((name) => ask(asked, name).catch(() => undefined)));
}
