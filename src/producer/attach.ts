import type { Cluster } from "../cluster/cluster.ts";
import { partitionName, type TopicShape } from "../cluster/partitions.ts";
import { findShape } from "../cluster/shape.ts";
import { closedError, DanubeError, isDanubeError } from "../errors.ts";
import { unlessAborted } from "../lib/single-flight.ts";
import { timeLimit } from "../lib/time-limit.ts";
import type { ProducerLanguage } from "../protocol/producer-language.ts";
import { prepare } from "../schema/encode.ts";
import type { Schema } from "../schema/schema.ts";
import { type Attachment, createAttachment } from "./attachment.ts";
import type { Dispatch } from "./dispatch.ts";
import type { ResolvedProducerOptions } from "./options.ts";

/** The producers of a topic on their owners: one of a plain topic, one of each partition. */
export interface Attachments {
  /** 0 for a plain topic. */
  partitions: number;
  all: Attachment[];
}

/** What producers are created with. */
export interface AttachContext {
  cluster: Cluster;
  /** How brokers are spoken to about producers with a schema. */
  languageOf(schema: Schema<never, unknown>): ProducerLanguage;
}

/** Creates the producers, and what their schema needs, within the time of `createProducer`. */
export async function attachAll(
  { cluster, languageOf }: AttachContext,
  options: ResolvedProducerOptions,
  closing: AbortSignal,
): Promise<Attachments> {
  const { topic, createTimeoutMs } = options;
  const limit = timeLimit(createTimeoutMs, closing, options.signal);
  const { signal } = limit;
  const made: Attachment[] = [];
  let kept: ReadonlySet<Attachment> = new Set();
  try {
    await unlessAborted(prepare(options.schema), signal);
    const attachments = await attach(cluster, languageOf(options.schema), options, made, signal);
    kept = new Set(attachments.all);
    return attachments;
  } catch (reason) {
    if (options.signal?.aborted) {
      throw new DanubeError("CANCELED", `createProducer for ${topic} was aborted`, { cause: options.signal.reason });
    }
    if (closing.aborted) {
      throw closedError("the client");
    }
    if (limit.isOver()) {
      const cause = isDanubeError(reason) ? reason : undefined;
      const why = cause?.message ?? "nothing has answered yet";
      throw new DanubeError("TIMEOUT", `no producer for ${topic} within ${createTimeoutMs} ms: ${why}`, { cause });
    }
    throw reason;
  } finally {
    // When one partition fails, the others are given up with it.
    limit.end();
    // What came to nothing.
    for (const attachment of made) {
      if (!kept.has(attachment)) {
        attachment.leave();
      }
    }
  }
}

async function attach(
  cluster: Cluster,
  language: ProducerLanguage,
  options: ResolvedProducerOptions,
  made: Attachment[],
  signal: AbortSignal,
): Promise<Attachments> {
  const { topic, name, partitions, dispatch, access, retention } = options;
  const one = (shown: Partial<{ topic: string; name: string; likely: Dispatch }>) => {
    const plain = shown.topic === undefined;
    const attachment = createAttachment(cluster, language, {
      ...{ topic, name, dispatch, access, retention, plain },
      ...shown,
    });
    made.push(attachment);
    return attachment;
  };
  if (partitions === undefined) {
    const plain = one({});
    try {
      await plain.get(signal);
      return { partitions: 0, all: [plain] };
    } catch (reason) {
      const adopted = await adoptPartitions(cluster, topic, reason, signal);
      if (adopted > 0) {
        return attachPartitions(adopted, adopted);
      }
      await plain.get(signal);
      return { partitions: 0, all: [plain] };
    }
  }
  const shape = await findShape(cluster, topic, signal);
  checkShape(shape, options, partitions);
  return attachPartitions(partitions, shape.kind === "partitioned" ? shape.partitions : 0);

  async function attachPartitions(count: number, existing: number) {
    const at = (i: number, likely?: Dispatch) =>
      one({ topic: partitionName(topic, i), name: `${name}-${i}`, ...(likely && { likely }) });
    // Those that do not exist become like one that does.
    const known = dispatch === undefined && existing > 0 ? at(existing - 1) : undefined;
    const like = await known?.get(signal);
    if (like && !like.dispatchIsSure && count > existing) {
      const message = `${topic} cannot grow unless "dispatch" is given: its brokers (0.4) do not tell whether it is reliable`;
      throw new DanubeError("UNSUPPORTED", message);
    }
    const all = Array.from({ length: count }, (_, i) =>
      known && i === existing - 1 ? known : at(i, known?.dispatch()),
    );
    await Promise.all(all.map((attachment) => attachment.get(signal)));
    return { partitions: count, all };
  }
}

/**
 * Only what the broker refuses as a plain topic can be a partitioned one. Throws `reason` where it is none. 0 for a plain
 * one: where two create it at once, brokers take the other's for a partition of it.
 */
async function adoptPartitions(cluster: Cluster, topic: string, reason: unknown, signal: AbortSignal): Promise<number> {
  if (!isDanubeError(reason) || reason.code !== "TOPIC_CONFLICT") {
    throw reason;
  }
  const shape = await findShape(cluster, topic, signal);
  if (shape.kind === "none") {
    throw reason;
  }
  return shape.kind === "plain" ? 0 : shape.partitions;
}

function checkShape(shape: TopicShape, { topic, grow }: ResolvedProducerOptions, partitions: number): void {
  if (shape.kind === "plain") {
    throw new DanubeError("TOPIC_CONFLICT", `${topic} exists without partitions, and ${partitions} are asked for`);
  }
  if (shape.kind === "none" || shape.partitions === partitions || (grow && shape.partitions < partitions)) {
    return;
  }
  const remedy = shape.partitions < partitions ? '; "grow: true" adds them, and moves keys' : "";
  const message = `${topic} has ${shape.partitions} partitions, and ${partitions} are asked for${remedy}`;
  throw new DanubeError("TOPIC_CONFLICT", message);
}
