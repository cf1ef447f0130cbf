import type { StreamMessage } from "../../gen/danube/danube_api_pb.ts";
import { has, type Version } from "../protocol/features.ts";

/** What brokers of a version know of a message: fields that came later do not get through. */
export function messageReader(version: Version): (message: StreamMessage) => StreamMessage {
  const registry = has(version, "registry");
  const routingKey = has(version, "routingKey");
  return (message) => {
    if (!routingKey) {
      delete message.routingKey;
    }
    if (!registry) {
      delete message.schemaId;
      delete message.schemaVersion;
    }
    return message;
  };
}
