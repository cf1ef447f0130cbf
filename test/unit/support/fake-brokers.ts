import { Code } from "@connectrpc/connect";
import { TopicLookupResponse_LookupType as LookupType } from "../../../gen/danube/danube_api_pb.ts";
import type { Connections } from "../../../src/cluster/connections.ts";
import type { Target } from "../../../src/cluster/transports.ts";
import { CallFailure } from "../../../src/transport/seam.ts";

/** What a broker says to a TopicLookup. */
export interface FoundTopic {
  responseType: LookupType;
  connectUrl: string;
  brokerUrl: string;
  proxy: boolean;
}

export interface FakeBroker {
  lookup(topic: string): FoundTopic | Promise<FoundTopic>;
  /** What TopicPartitions lists; left out: the broker does not list. */
  names?: (prefix: string) => string[];
}

export interface FakeBrokers {
  readonly connections: Connections;
  /** By URL, or by their names behind a proxy; every other one is unreachable. May be changed at any time. */
  readonly brokers: Record<string, FakeBroker>;
  /** The lookups made, as "URL topic" or "name topic". */
  readonly asked: string[];
}

export function connectTo(connectUrl: string, options: Partial<FoundTopic> = {}): FoundTopic {
  return { responseType: LookupType.Connect, connectUrl, brokerUrl: connectUrl, proxy: false, ...options };
}

export function redirectTo(connectUrl: string, options: Partial<FoundTopic> = {}): FoundTopic {
  return { responseType: LookupType.Redirect, connectUrl, brokerUrl: connectUrl, proxy: false, ...options };
}

export function notFound(): never {
  throw new CallFailure("status", "Unable to find the requested topic", { status: Code.NotFound });
}

/** Connections to brokers that exist only here, for lookups. */
export function fakeBrokers(brokers: Record<string, FakeBroker>): FakeBrokers {
  const asked: string[] = [];
  const unary = async (
    { url, behindProxy = url }: Target,
    { name }: { name: string },
    { topic }: { topic: string },
    { signal }: { signal?: AbortSignal },
  ) => {
    if (name === "TopicLookup") {
      asked.push(`${behindProxy} ${topic}`);
    }
    if (signal?.aborted) {
      throw new CallFailure("aborted", "the call was aborted");
    }
    const broker = brokers[behindProxy];
    if (!broker && behindProxy !== url) {
      throw new CallFailure("status", "upstream connect error", { status: Code.Unavailable });
    }
    if (!broker) {
      throw new CallFailure("unreachable", `cannot connect to ${url}: connect ECONNREFUSED`);
    }
    if (name === "TopicLookup") {
      return broker.lookup(topic);
    }
    if (!broker.names) {
      throw new CallFailure("status", "no binding grants Lookup", { status: Code.PermissionDenied });
    }
    return { partitions: broker.names(topic) };
  };
  return { connections: { unary } as unknown as Connections, brokers, asked };
}
