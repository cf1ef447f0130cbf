import type { Version } from "../protocol/features.ts";
import type { Credentials } from "./credentials.ts";
import type { Failures } from "./failures.ts";
import type { Metadata, TopicRecord } from "./metadata.ts";
import type { BrokerOptions } from "./types.ts";

/** Shared by the brokers of a cluster. */
export interface Shared {
  readonly metadata: Metadata;
  readonly options: BrokerOptions;
  readonly standalone: boolean;
  /** The version to be like. */
  readonly version: Version;
  readonly failures: Failures;
  readonly credentials: Credentials;
  /** Gives a new topic to a broker, as the cluster's leader does. */
  assign(record: TopicRecord): void;
}
