import { maxPartitions } from "../cluster/partitions.ts";
import { checkTopic } from "../cluster/topic-name.ts";
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNonEmptyString,
  checkOneOf,
  checkOptions,
  checkSignal,
  checkString,
} from "../lib/check.ts";
import { anything } from "../schema/plain.ts";
import { checkSchema, type Schema } from "../schema/schema.ts";
import type { Access } from "./attachment.ts";
import { checkDispatch, checkedReliable, type Dispatch, type ReliableDispatch, reliable } from "./dispatch.ts";
import type { Payload } from "./message.ts";
import type { Resend } from "./resend.ts";
import { defaultRoute, type Route } from "./routing.ts";
import type { Order } from "./window.ts";

/** What `createProducer` is told. Only `topic` is needed. `T` is what `send` will take. */
export interface ProducerOptions<T = Payload> {
  /** `/namespace/topic`. A topic that does not exist is created by the broker, a namespace is not. */
  topic: string;
  /**
   * The producer's name, which goes with every message. The broker takes two producers of one name on one topic for
   * the same, and remembers a name until the topic is unloaded. Default `"danube-js"`, the same in every process.
   */
  name?: string | undefined;
  /**
   * What `send` takes, and how it becomes bytes: `text("subject")`, `json<Order>("orders", { schema })`, … The subject
   * is looked up in the registry once, registered where it is missing, and every message is marked with its number and
   * version; the broker refuses a subject other than the topic's. Default: bytes and strings, as they are.
   */
  schema?: Schema<T, unknown> | undefined;
  /**
   * The number of partitions, each a topic of its own with an owner of its own: `{topic}-part-0` and so on, with the
   * producers `{name}-0` and so on. `1` is one partition, not none. Default: as the topic is; a new one gets none.
   * Another number than the topic's is `TOPIC_CONFLICT`.
   */
  partitions?: number | undefined;
  /** Adds partitions where the topic has fewer. Keys move to other partitions by that. Default `false`. */
  grow?: boolean | undefined;
  /**
   * Chooses the partition of each message. Default: by the key's hash (FNV-1a, as the Rust, Go and Python clients do),
   * and without a key each partition in turn.
   */
  route?: Route | undefined;
  /**
   * What happens to messages at the broker: `"reliable"` ones are kept in the topic's log (on disk within about 5 s)
   * until every subscription has acknowledged them; `"non-reliable"` ones are handed to whoever is attached, possibly
   * nobody. Fixed when the topic is created: another one is `DISPATCH_MISMATCH`. `reliable({ … })` is
   * `"reliable"` with what older brokers want to know. Default: as the topic is; a new one becomes `"non-reliable"`.
   */
  dispatch?: Dispatch | ReliableDispatch | undefined;
  /**
   * `"exclusive"` asks to be the topic's only producer. Brokers up to 0.15.1 store it and enforce nothing; within one
   * client it is enforced, with `EXCLUSIVE_PRODUCER`. Default `"shared"`.
   */
  access?: Access | undefined;
  /**
   * What arrives in the order of the calls to `send`, also across retries: `"partition"` (default) everything, one
   * message in flight; `"key"` the messages of each key; `"none"` nothing.
   */
  order?: Order | undefined;
  /**
   * What becomes of a message whose fate is unknown: the connection broke before the answer, a proxy answered for the
   * broker, the attempt's time was over. `"always"` (default) sends it again until it is acknowledged, so it may arrive
   * twice (at least once). `"never"` rejects it with `outcome: "unknown"`, so it arrives once or not at all (at most once): with
   * `UNAVAILABLE`, `retryable`, though to send it again may double it, or a code of its own where trying again helps nothing. What
   * certainly was not accepted is sent again with either.
   */
  resend?: Resend | undefined;
  /** How many messages, of each partition, are in flight at once, where `order` allows more than one. Default 256. */
  maxInFlight?: number | undefined;
  /** Beyond this many messages not yet settled, `send` rejects with `QUEUE_FULL`. Default 65,536. */
  maxQueuedMessages?: number | undefined;
  /**
   * The same in bytes of encoded messages, those in flight included. Default 67,108,864 (64 MiB). `ready()` waits for
   * room for the largest message allowed, so less than a few times `maxMessageBytes` makes it wait more than needed.
   */
  maxQueuedBytes?: number | undefined;
  /** Milliseconds from `createProducer` to its end. Default: the client's `createTimeoutMs`. */
  createTimeoutMs?: number | undefined;
  /** Milliseconds from `send` to its end. Default: the client's `sendTimeoutMs`. */
  sendTimeoutMs?: number | undefined;
  /** Ends `createProducer` with `CANCELED`. */
  signal?: AbortSignal | undefined;
}

/** What may go with a message. */
export interface SendOptions {
  /** Strings that travel beside the payload. */
  attributes?: Readonly<Record<string, string>> | undefined;
  /** The routing key: what `"key"` order and KeyShared subscriptions go by. */
  key?: string | undefined;
  /** Gives the message up: rejects with `CANCELED`. Its `outcome` tells whether it may still arrive. */
  signal?: AbortSignal | undefined;
  /** Milliseconds from this call to its end. Default: the producer's `sendTimeoutMs`. */
  timeoutMs?: number | undefined;
}

/** {@link ProducerOptions} with nothing left open. */
export interface ResolvedProducerOptions {
  topic: string;
  name: string;
  /** Of whatever type: `send` is typed by the options it was made from. */
  schema: Schema<never, unknown>;
  partitions: number | undefined;
  grow: boolean;
  route: Route;
  dispatch: Dispatch | undefined;
  /** For brokers that want it, whatever the dispatch. */
  retention: ReliableDispatch;
  access: Access;
  order: Order;
  resend: Resend;
  maxInFlight: number;
  maxQueuedMessages: number;
  maxQueuedBytes: number;
  createTimeoutMs: number;
  sendTimeoutMs: number;
  signal: AbortSignal | undefined;
}

const unchosen = reliable();

// biome-ignore format: a list of words
const names = [
  "topic", "name", "schema", "partitions", "grow", "route", "dispatch", "access", "order", "resend", "maxInFlight", "maxQueuedMessages", "maxQueuedBytes", "createTimeoutMs", "sendTimeoutMs", "signal",
] as const satisfies (keyof ProducerOptions)[];
const sendNames = ["attributes", "key", "signal", "timeoutMs"] as const satisfies (keyof SendOptions)[];

export function resolveProducerOptions<T>(
  options: ProducerOptions<T>,
  defaults: { createTimeoutMs: number; sendTimeoutMs: number },
): ResolvedProducerOptions {
  checkOptions("the options of createProducer()", options, names);
  const { topic, name = "danube-js", dispatch, access = "shared", order = "partition" } = options;
  const { resend = "always", signal } = options;
  const { maxInFlight = 256, maxQueuedMessages = 65_536, maxQueuedBytes = 64 * 1024 * 1024 } = options;
  const { createTimeoutMs = defaults.createTimeoutMs, sendTimeoutMs = defaults.sendTimeoutMs } = options;
  const { schema = anything, partitions, grow = false, route = defaultRoute() } = options;
  checkTopic(topic);
  checkNonEmptyString("name", name);
  checkSchema(schema);
  if (partitions !== undefined) {
    checkInteger("partitions", partitions, 1, maxPartitions);
  }
  checkBoolean("grow", grow);
  checkFunction("route", route);
  if (dispatch !== undefined && (typeof dispatch !== "object" || dispatch === null)) {
    checkDispatch(dispatch);
  }
  checkOneOf("access", access, ["shared", "exclusive"]);
  checkOneOf("order", order, ["partition", "key", "none"]);
  checkOneOf("resend", resend, ["always", "never"]);
  for (const [option, value] of Object.entries({
    maxInFlight,
    maxQueuedMessages,
    maxQueuedBytes,
    createTimeoutMs,
    sendTimeoutMs,
  })) {
    checkInteger(option, value, 1);
  }
  if (signal !== undefined) {
    checkSignal("signal", signal);
  }
  return {
    topic,
    name,
    schema,
    partitions,
    grow,
    route,
    dispatch: typeof dispatch === "object" ? dispatch.type : dispatch,
    retention: typeof dispatch === "object" ? checkedReliable(dispatch) : unchosen,
    access,
    order,
    resend,
    maxInFlight,
    maxQueuedMessages,
    maxQueuedBytes,
    createTimeoutMs,
    sendTimeoutMs,
    signal,
  };
}

export function checkSendOptions(options: SendOptions): void {
  checkOptions("the options of send()", options, sendNames);
  const { attributes, key, signal, timeoutMs } = options;
  if (attributes !== undefined) {
    // What is iterable (a Map, Headers, an array) would lose its entries in silence.
    if (typeof attributes !== "object" || attributes === null || Symbol.iterator in attributes) {
      throw new TypeError(`"attributes" must be a plain object of strings`);
    }
    for (const [attribute, value] of Object.entries(attributes)) {
      checkString("attributes: a name", attribute);
      checkString(`attributes.${attribute}`, value);
    }
  }
  if (key !== undefined) {
    checkString("key", key);
  }
  if (signal !== undefined) {
    checkSignal("signal", signal);
  }
  if (timeoutMs !== undefined) {
    checkInteger("timeoutMs", timeoutMs, 1);
  }
}

/** How `close` goes about it. */
export interface CloseOptions {
  /** Milliseconds until what is not settled is rejected with `CLOSED`. Default: as long as its own time lasts. */
  timeoutMs?: number | undefined;
}

export function checkCloseOptions(options: CloseOptions): void {
  checkOptions("the options of close()", options, ["timeoutMs"]);
  if (options.timeoutMs !== undefined) {
    checkInteger("timeoutMs", options.timeoutMs, 0);
  }
}
