import { Discovery } from "../../gen/danube/danube_api_pb.ts";
import { CallFailure } from "../transport/seam.ts";
import type { Connections } from "./connections.ts";
import type { Seeds } from "./seeds.ts";
import { directly } from "./transports.ts";

/** How a topic exists: not at all, plain, or in so many partitions. */
export type TopicShape = { kind: "none" } | { kind: "plain" } | { kind: "partitioned"; partitions: number };

/** More than any cluster serves; beyond it a number is a mistake. */
export const maxPartitions = 10_000;

/** The name of partition `index` of a topic, as brokers know it. */
export function partitionName(topic: string, index: number): string {
  return `${topic}-part-${index}`;
}

export interface ShapeOptions {
  seeds: Seeds;
  connections: Connections;
  attemptTimeoutMs: number;
}

/** Asks the seeds, in turn, how a topic exists (TopicPartitions). Rejects with `CallFailure`. */
export function createShapeLookup({ seeds, connections, attemptTimeoutMs }: ShapeOptions) {
  return async (topic: string, signal: AbortSignal): Promise<TopicShape> => {
    const limits = { timeoutMs: attemptTimeoutMs, signal };
    const ask = (url: string) => connections.unary(directly(url), Discovery.method.topicPartitions, { topic }, limits);
    const { partitions } = await seeds.ask(ask);
    return shapeOf(topic, partitions);
  };
}

/**
 * Brokers list every name that begins with the topic's: only its own partitions count. Throws `CallFailure` where they are more than
 * there can be: whoever may create topics could have created `-part-4000000000`.
 */
export function shapeOf(topic: string, names: readonly string[]): TopicShape {
  const prefix = `${topic}-part-`;
  const indexes = names
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
  if (indexes.length > 0) {
    // Counted by the highest: of a creation that was cut off some may be missing, and are created when they are used.
    const partitions = indexes.reduce((highest, index) => Math.max(highest, index)) + 1;
    if (partitions > maxPartitions) {
      throw new CallFailure(
        "garbled",
        `there is ${prefix}${partitions - 1}, and no topic has more than ${maxPartitions} partitions`,
      );
    }
    return { kind: "partitioned", partitions };
  }
  return names.includes(topic) ? { kind: "plain" } : { kind: "none" };
}
