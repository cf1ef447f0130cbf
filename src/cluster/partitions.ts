import { Discovery } from "../../gen/danube/danube_api_pb.ts";
import type { Connections } from "./connections.ts";
import type { Seeds } from "./seeds.ts";
import { directly } from "./transports.ts";

/** How a topic exists: not at all, plain, or in so many partitions. */
export type TopicShape = { kind: "none" } | { kind: "plain" } | { kind: "partitioned"; partitions: number };

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

/** Brokers list every name that begins with the topic's: only its own partitions count. */
export function shapeOf(topic: string, names: readonly string[]): TopicShape {
  const prefix = `${topic}-part-`;
  const indexes = names
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
  if (indexes.length > 0) {
    // Counted by the highest: of a creation that was cut off some may be missing, and are created when they are used.
    return { kind: "partitioned", partitions: Math.max(...indexes) + 1 };
  }
  return names.includes(topic) ? { kind: "plain" } : { kind: "none" };
}
