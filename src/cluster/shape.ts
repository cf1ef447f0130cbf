import type { Cluster } from "./cluster.ts";
import { judge } from "./error-table.ts";
import type { TopicShape } from "./partitions.ts";
import { recover } from "./recovery.ts";

/** How a topic exists, waiting for brokers that are away. Rejects with `DanubeError`. */
export function findShape(
  { shape, backoff, events }: Cluster,
  topic: string,
  signal: AbortSignal,
): Promise<TopicShape> {
  return recover(() => shape(topic, signal), {
    backoff,
    events,
    topic,
    signal,
    judge: (reason) => judge("TopicPartitions", reason, topic),
  });
}
