import type { Broker } from "./broker.ts";
import { schemaState } from "./inline-schema.ts";
import type { TopicRecord } from "./metadata.ts";
import type { TopicState } from "./types.ts";

/** What `topics()` tells of a topic. */
export function topicState(record: TopicRecord, brokers: readonly Broker[]): TopicState {
  const { name: topic, reliable, schema, retention, owner } = record;
  const holders = brokers.filter(({ loaded }) => loaded.has(topic));
  return {
    topic,
    dispatch: reliable ? "reliable" : "non-reliable",
    ...(schema && { schema: schemaState(schema) }),
    ...(retention && { retention }),
    owner,
    servedBy: holders.map(({ index }) => index),
    producers: holders.flatMap(({ index, loaded }) =>
      [...(loaded.get(topic)?.producers.values() ?? [])].map(({ name, exclusive }) => ({
        name,
        access: exclusive ? ("exclusive" as const) : ("shared" as const),
        broker: index,
      })),
    ),
  };
}
