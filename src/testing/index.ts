/**
 * For tests: {@link startBroker} starts the embedded broker, {@link openReader} reads back what was published.
 *
 * @module
 */

export type { BrokerGeneration } from "./generations.ts";
export type { Reader, ReadMessage } from "./reader.ts";
export { openReader } from "./reader.ts";
export { startBroker } from "./start.ts";
export type {
  AcceptedMessage,
  BrokerOptions,
  EmbeddedBroker,
  Fault,
  Rpc,
  TopicRetention,
  TopicState,
} from "./types.ts";
