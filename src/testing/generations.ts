import { checkOneOf } from "../lib/check.ts";
import type { Version } from "../protocol/features.ts";

/** The brokers that the embedded one can be: each name is for those whose requests are alike. */
export type BrokerGeneration = "0.4" | "0.5" | "0.6" | "0.7" | "0.15";

/** The one version that is meant, because it is the one that the tests run against in earnest. */
const versions: Readonly<Record<BrokerGeneration, Version>> = {
  "0.4": "0.4.0",
  "0.5": "0.5.2",
  "0.6": "0.6.0",
  "0.7": "0.7.2",
  "0.15": "0.15.1",
};

export const generations = Object.keys(versions) as readonly BrokerGeneration[];

export function versionOf(generation: BrokerGeneration = "0.15"): Version {
  checkOneOf("generation", generation, generations);
  return versions[generation];
}
