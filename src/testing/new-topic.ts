import { Code, ConnectError } from "@connectrpc/connect";
import { has } from "../protocol/features.ts";
import { known } from "./inline-schema.ts";
import { type Metadata, namespaceOf, type TopicRecord } from "./metadata.ts";
import type { WantedProducer } from "./producer-request.ts";
import type { Shared } from "./shared.ts";

/** The topic that a producer wants and that is not there; throws where brokers create none. */
export function newTopic({ metadata, version, failures }: Shared, wanted: WantedProducer): TopicRecord {
  const { topic: name, schema, dispatch } = wanted;
  if (has(version, "inlineSchema") && !schema) {
    throw failures.of("Unable to create a topic without specifying the Schema", Code.InvalidArgument);
  }
  if (dispatch === "missing") {
    throw failures.of("Dispatch strategy is missing", Code.InvalidArgument);
  }
  if (dispatch === "unknown") {
    throw failures.of("Unable to create a topic with the specified dispatch strategy", Code.InvalidArgument);
  }
  const namespace = namespaceOf(name);
  if (!metadata.namespaces.has(namespace)) {
    throw new ConnectError(
      `Unable to find the namespace ${namespace}, the topic can be created only for an exisiting namespace`,
      Code.Unavailable,
    );
  }
  if (has(version, "shapeCompared")) {
    refuseClash(name, metadata);
  }
  return {
    name,
    reliable: dispatch.reliable,
    schema: schema && known(schema),
    retention: dispatch.retention,
    owner: undefined,
    log: undefined,
    accepted: [],
    schemaConfig: undefined,
  };
}

function refuseClash(name: string, metadata: Metadata): void {
  const part = name.lastIndexOf("-part-");
  if (part >= 0) {
    const base = name.slice(0, part);
    if (metadata.topics.has(base)) {
      throw new ConnectError(
        `Cannot create partitioned topic '${name}': a non-partitioned topic '${base}' already exists. Delete the non-partitioned topic first.`,
        Code.AlreadyExists,
      );
    }
    return;
  }
  // Any topic that begins with the name counts as a partition of it.
  const partitions = metadata.namesFrom(name);
  if (partitions.length > 0) {
    throw new ConnectError(
      `Cannot create topic '${name}': partitioned topics with this base name already exist (found ${partitions.length} partitions). Delete the partitioned topics first.`,
      Code.AlreadyExists,
    );
  }
}
