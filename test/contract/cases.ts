import { clusterCases } from "./cluster.ts";
import { lifecycleCases } from "./lifecycle.ts";
import { partitionCases } from "./partitions.ts";
import { publishCases } from "./publish.ts";
import type { Case } from "./world.ts";

/** What a user relies on, on every runtime and every broker. */
export const cases: readonly Case[] = [...clusterCases, ...publishCases, ...partitionCases, ...lifecycleCases];
