import { checkInteger, checkOneOf, checkOptions } from "../lib/check.ts";
import { has, type Version } from "../protocol/features.ts";
import { versionOf } from "./generations.ts";
import type { BrokerOptions } from "./types.ts";

// biome-ignore format: a list of words
const optionNames = [
  "generation", "brokers", "mode", "port", "host", "advertisedHost", "enforceExclusive", "proxy", "connectUrl",
  "namespaces", "autoCreateTopics", "maxProducersPerTopic", "maxMessageSize", "tls", "tokens", "apiKeys", "failoverMs", "loadMs",
] as const satisfies (keyof BrokerOptions)[];

/** What the cluster as a whole is. */
export interface ClusterOptions {
  readonly version: Version;
  readonly count: number;
  readonly standalone: boolean;
  readonly port: number;
  readonly host: string;
  readonly advertisedHost: string;
  readonly failoverMs: number;
  readonly loadMs: number;
}

export function resolveBrokerOptions(options: BrokerOptions): ClusterOptions {
  checkOptions("the options of startBroker()", options, optionNames);
  const { brokers: count = 1, port = 0, host = "127.0.0.1", failoverMs = 1_000, loadMs = 50 } = options;
  const version = versionOf(options.generation);
  checkInteger("brokers", count, 1, 100);
  const canBeAlone = has(version, "standalone");
  const { mode = canBeAlone && count === 1 ? "standalone" : "cluster" } = options;
  checkOneOf("mode", mode, ["standalone", "cluster"]);
  if (mode === "standalone" && !canBeAlone) {
    throw new TypeError(`"mode" must be "cluster": brokers of ${version} are never alone`);
  }
  if (options.apiKeys && !has(version, "apiKeys")) {
    throw new TypeError(`"apiKeys" are for brokers until 0.10: those of ${version} take "tokens" only`);
  }
  for (const name of ["proxy", "connectUrl"] as const) {
    if (options[name] && has(version, "bareAddress")) {
      throw new TypeError(`"${name}" is for brokers from 0.7.3 on: those of ${version} tell clients of no proxy`);
    }
  }
  if (options.proxy && options.connectUrl) {
    throw new TypeError('"proxy" puts one in front, and "connectUrl" says where another one is: give one of them');
  }
  const { advertisedHost = host } = options;
  return { version, count, standalone: mode === "standalone", port, host, advertisedHost, failoverMs, loadMs };
}
