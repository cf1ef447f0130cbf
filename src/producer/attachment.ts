import {
  HealthCheck,
  HealthCheckRequest_ClientType,
  HealthCheckResponse_ClientStatus,
} from "../../gen/danube/danube_api_pb.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { judge, type Verdict } from "../cluster/error-table.ts";
import type { Owner } from "../cluster/ownership.ts";
import { recover } from "../cluster/recovery.ts";
import { findShape } from "../cluster/shape.ts";
import { DanubeError } from "../errors.ts";
import { singleFlight } from "../lib/single-flight.ts";
import type { Codec } from "../protocol/dialect.ts";
import type { ProducerLanguage } from "../protocol/producer-language.ts";
import type { Dispatch, ReliableDispatch } from "./dispatch.ts";
import type { Address } from "./message-encoder.ts";

/** Who else may publish to the topic; see `ProducerOptions.access`. */
export type Access = "shared" | "exclusive";

/** A producer as it exists on the topic's owner. */
export interface Attached {
  readonly owner: Owner;
  readonly producerId: bigint;
  /** What goes into a message that is sent to it. */
  readonly address: Address;
  /** What makes the bytes that its topic's consumers read. */
  readonly codec: Codec;
  /** Whether the topic has the dispatch that was asked for, as far as its brokers tell. */
  readonly dispatchIsSure: boolean;
}

export interface AttachmentOptions {
  topic: string;
  name: string;
  /** `undefined`: the topic's own, whatever it is. */
  dispatch: Dispatch | undefined;
  /** What a topic that does not exist gets where `dispatch` is left open. Default `"non-reliable"`. */
  likely?: Dispatch | undefined;
  access: Access;
  /** For brokers that want it. */
  retention: ReliableDispatch;
  /** Not a partition: there may be partitions of its name. */
  plain: boolean;
}

/**
 * The producer of one topic (or partition) on its owner: created when first needed, created again after it was lost,
 * once for however many messages wait for it.
 */
export interface Attachment {
  /** The producer on the owner, if there is one as far as is known. */
  current(): Attached | undefined;
  /** The same, made if it has to be. Recovers until it is there, its failure is final, or `signal` ends the wait. */
  get(signal: AbortSignal): Promise<Attached>;
  /** `attached` turned out to be gone, or its owner to be another. */
  lost(attached: Attached, because: DanubeError): void;
  /** Whether the broker still knows the producer: the judge of failures whose text is unknown. */
  alive(attached: Attached, signal: AbortSignal): Promise<boolean>;
  /** The topic, or the partition. */
  readonly topic: string;
  /** The producer there is, or was last. There must have been one. */
  latest(): Attached;
  /** The latest failure on the way to the producer, while there is none. */
  trouble(): DanubeError | undefined;
  /** Milliseconds since 1970 at which it was lost, while there is trouble. */
  troubledSince(): number;
  dispatch(): Dispatch;
  /** The producer is closed: the topic's owner is no longer needed. */
  leave(): void;
}

export function createAttachment(cluster: Cluster, language: ProducerLanguage, options: AttachmentOptions): Attachment {
  const { ownership, creations, connections, events, backoff, attemptTimeoutMs } = cluster;
  const { topic, name, access, retention, plain } = options;
  let dispatch = options.dispatch ?? options.likely ?? "non-reliable";
  const adopting = options.dispatch === undefined;
  let attached: Attached | undefined;
  let last: Attached | undefined;
  const flight = singleFlight<"attach", Attached>();
  let trouble: DanubeError | undefined;
  let troubledSince = 0;

  async function create(owner: Owner, signal: AbortSignal): Promise<Attached> {
    const wanted = { topic, name, access, dispatch, retention, isNew: !owner.assigned };
    const limits = { timeoutMs: attemptTimeoutMs, signal };
    const { producerId, mark, codec, dispatchIsSure } = await language.createProducer(owner.target, wanted, limits);
    const confirmed = ownership.confirm(owner);
    const address = { topic, producerName: name, producerId, brokerUrl: confirmed.brokerUrl, schema: mark };
    return { owner: confirmed, producerId, address, codec, dispatchIsSure };
  }

  async function createOnOwner(attempt: { owner?: Owner | undefined }, signal: AbortSignal): Promise<Attached> {
    attempt.owner = undefined;
    const owner = await ownership.owner(topic, signal);
    attempt.owner = owner;
    try {
      if (plain && !last && !owner.certain) {
        await refusePartitions(signal);
      }
      return owner.assigned
        ? await create(owner, signal)
        : await creations.attempt(topic, () => create(owner, signal), signal);
    } catch (reason) {
      if (adopting && judge("CreateProducer", reason, topic).error.code === "DISPATCH_MISMATCH") {
        // The topic exists with the other strategy, and no strategy was asked for.
        dispatch = dispatch === "reliable" ? "non-reliable" : "reliable";
        return create(owner, signal);
      }
      throw reason;
    }
  }

  /** Brokers before 0.6.2 let a plain topic be made beside the partitions of its name. */
  async function refusePartitions(signal: AbortSignal): Promise<void> {
    const shape = await findShape(cluster, topic, signal);
    if (shape.kind === "partitioned") {
      throw new DanubeError("TOPIC_CONFLICT", `${topic} exists, with ${shape.partitions} partitions`);
    }
  }

  async function attach(signal: AbortSignal): Promise<Attached> {
    const attempt: { owner?: Owner | undefined } = {};
    const result = await recover(() => createOnOwner(attempt, signal), {
      backoff,
      events,
      topic,
      signal,
      judge: (reason) =>
        explain(judge(attempt.owner ? "CreateProducer" : "TopicLookup", reason, topic), attempt.owner, dispatch),
      forget: (error) => attempt.owner && ownership.forget(attempt.owner, error),
      onRetry: noteTrouble,
    });
    if (trouble && last) {
      events.emit({ type: "recovered", topic, url: result.owner.target.url, tookMs: Date.now() - troubledSince });
    }
    trouble = undefined;
    attached = result;
    last = result;
    return result;
  }

  function noteTrouble(error: DanubeError): void {
    if (!trouble) {
      troubledSince = Date.now();
    }
    trouble = error;
  }

  return {
    current: () => attached,
    async get(signal) {
      try {
        return attached ?? (await flight("attach", attach, signal));
      } catch (reason) {
        throw signal.aborted && trouble ? trouble : reason;
      }
    },
    lost(which, because) {
      if (attached === which) {
        attached = undefined;
        noteTrouble(because);
        ownership.forget(which.owner, because);
      }
    },
    async alive({ owner, producerId }, signal) {
      const request = { client: HealthCheckRequest_ClientType.Producer, id: producerId };
      const limits = { timeoutMs: attemptTimeoutMs, signal };
      const answer = await connections.unary(owner.target, HealthCheck.method.healthCheck, request, limits);
      return answer.status === HealthCheckResponse_ClientStatus.OK;
    },
    topic,
    latest: () => last as Attached,
    trouble: () => trouble,
    troubledSince: () => troubledSince,
    dispatch: () => dispatch,
    leave: ownership.need(topic),
  };
}

/** What the broker's words mean for who asked, where they do not say it. */
function explain(verdict: Verdict, owner: Owner | undefined, asked: Dispatch): Verdict {
  if (verdict.error.code === "DISPATCH_MISMATCH" && owner) {
    const is = asked === "reliable" ? "non-reliable" : "reliable";
    const message = `${owner.topic} is ${is}, and ${asked} was asked for; leave "dispatch" out to take the topic as it is`;
    return { action: verdict.action, error: new DanubeError("DISPATCH_MISMATCH", message, { cause: verdict.error }) };
  }
  // A topic that exists and is served by nobody looks like one that is being moved; the difference is only time.
  const ownerless =
    owner && !owner.assigned && verdict.action === "locate" && /served by another broker/i.test(verdict.error.message);
  if (!ownerless) {
    return verdict;
  }
  const message = `${owner.topic} exists, but no broker serves it. Danube up to 0.15.1 leaves a non-reliable topic that was unloaded, and every topic of a restarted standalone broker, without an owner`;
  return { action: verdict.action, error: new DanubeError("UNAVAILABLE", message, { cause: verdict.error }) };
}
