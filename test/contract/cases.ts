import { clusterCases } from "./cluster.ts";
import { codecCases } from "./codecs.ts";
import { compatibilityCases } from "./compatibility.ts";
import { dispatchCases } from "./dispatch.ts";
import { lifecycleCases } from "./lifecycle.ts";
import { nameCases } from "./names.ts";
import { partitionCases } from "./partitions.ts";
import { publishCases } from "./publish.ts";
import { registryCases } from "./registry.ts";
import { schemaPolicyCases } from "./schema-policy.ts";
import { schemaVersionCases } from "./schema-versions.ts";
import { schemaCases } from "./schemas.ts";
import { topicSchemaCases } from "./topic-schemas.ts";
import type { Case } from "./world.ts";

/** What a user relies on, on every runtime and every broker. */
export const cases: readonly Case[] = [
  ...clusterCases,
  ...nameCases,
  ...publishCases,
  ...dispatchCases,
  ...partitionCases,
  ...lifecycleCases,
  ...schemaCases,
  ...schemaVersionCases,
  ...schemaPolicyCases,
  ...topicSchemaCases,
  ...codecCases,
  ...compatibilityCases,
  ...registryCases,
];
