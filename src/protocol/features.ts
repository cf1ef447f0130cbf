// What brokers do in different ways, with the versions that do it: each has a range of its own, so that "generation" is
// only a name for those that go together. The client asks for none of it by number: it notices what a broker does, or
// sends what all of them take. The embedded broker plays a version by this table, and the tests choose by it what they ask.

/** A broker's version, as far as it matters: `"0.4"`, `"0.7.1"`. */
export type Version = `0.${number}` | `0.${number}.${number}`;

/** From the first to the last version that does it, both included; without a bound: from the oldest, to the newest. */
export interface Range {
  readonly from?: Version;
  readonly to?: Version;
}

export type Feature =
  | "reliableOptions"
  | "inlineSchema"
  | "safeGetSchema"
  | "registry"
  | "schemaByNumber"
  | "schemaNumbersApart"
  | "dispatchCompared"
  | "ownRetention"
  | "shapeCompared"
  | "errorTrailer"
  | "bareAddress"
  | "apiKeys"
  | "tokenAlone"
  | "standalone"
  | "nack"
  | "topicWorkers"
  | "routingKey"
  | "topicSchemaConfig"
  | "listSubjects";

export const features: Readonly<Record<Feature, Range>> = {
  /** CreateProducer has a message for the dispatch, with how long a reliable topic keeps its messages. */
  reliableOptions: { to: "0.4" },
  /** CreateProducer has the schema itself, which the topic keeps; GetSchema tells it. */
  inlineSchema: { to: "0.5" },
  /** Several GetSchema at once do no harm; in earlier ones a few stop the broker for good. */
  safeGetSchema: { from: "0.5" },
  /** CreateProducer names a subject of the schema registry. */
  registry: { from: "0.6" },
  /** GetSchema of the registry finds a version by its subject's number. */
  schemaByNumber: { from: "0.6.1" },
  /** Subjects that are registered at the same time get numbers of their own. */
  schemaNumbersApart: { from: "0.8" },
  /** A producer that asks for another dispatch than the topic's is refused. */
  dispatchCompared: { from: "0.5" },
  /** CreateProducer has a mere number for the dispatch, and how long a reliable topic keeps its messages is the brokers' own. */
  ownRetention: { from: "0.5" },
  /** A plain topic beside partitions of its name is refused, and the other way round. */
  shapeCompared: { from: "0.6.2" },
  /** Failures have their kind in the trailer `error-message-bin`; one that is not found is INVALID_ARGUMENT. */
  errorTrailer: { to: "0.7.1" },
  /** Lookups give one address; that of the broker itself is `host:port` without a scheme. */
  bareAddress: { to: "0.7.2" },
  /** Authenticate gives a JWT for an API key. */
  apiKeys: { to: "0.10" },
  /** A token is the whole of the authorization header, without `Bearer`. */
  tokenAlone: { to: "0.10" },
  /** A broker can be alone, without a store of metadata beside it: new topics are served at once. */
  standalone: { from: "0.9" },
  /** Consumers can refuse a message. */
  nack: { from: "0.10" },
  /** Topics are kept by workers, as errors of SendMessage say. */
  topicWorkers: { to: "0.7" },
  /** Messages carry their key to KeyShared subscriptions. */
  routingKey: { from: "0.12" },
  /** Topics are tied to a subject, and can be asked and told what their messages are checked for. */
  topicSchemaConfig: { from: "0.6.1" },
  /** The registry lists its subjects. */
  listSubjects: { from: "0.14.1" },
};

/** Whether brokers of `version` do it. */
export function has(version: Version, feature: Feature): boolean {
  const { from, to } = features[feature];
  return (from === undefined || compare(version, from) >= 0) && (to === undefined || compare(version, to) <= 0);
}

/** `"0.4"` as a bound means all of 0.4: only as many parts are compared as both have. */
function compare(a: Version, b: Version): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i] as number) - (right[i] as number);
    if (difference !== 0) {
      return difference;
    }
  }
  return 0;
}
