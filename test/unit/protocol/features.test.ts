import { expect, test } from "vitest";
import { type Feature, has, type Version } from "../../../src/protocol/features.ts";

const versions = ["0.4.0", "0.5.2", "0.6.0", "0.6.2", "0.7.1", "0.7.2", "0.8.0", "0.10.3", "0.11.0", "0.15.1"] as const;

test.each<[Feature, Version[]]>([
  ["reliableOptions", ["0.4.0"]],
  ["inlineSchema", ["0.4.0", "0.5.2"]],
  ["errorTrailer", ["0.4.0", "0.5.2", "0.6.0", "0.6.2", "0.7.1"]],
  ["bareAddress", ["0.4.0", "0.5.2", "0.6.0", "0.6.2", "0.7.1", "0.7.2"]],
  ["shapeCompared", ["0.6.2", "0.7.1", "0.7.2", "0.8.0", "0.10.3", "0.11.0", "0.15.1"]],
  // 0.10 is after 0.9: numbers, not decimals.
  ["apiKeys", ["0.4.0", "0.5.2", "0.6.0", "0.6.2", "0.7.1", "0.7.2", "0.8.0", "0.10.3"]],
  ["standalone", ["0.10.3", "0.11.0", "0.15.1"]],
  ["listSubjects", ["0.15.1"]],
])("%s", (feature, those) => {
  expect(versions.filter((version) => has(version, feature))).toEqual(those);
});
