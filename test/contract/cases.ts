import { clusterCases } from "./cluster.ts";
import { codecCases } from "./codecs.ts";
import { compatibilityCases } from "./compatibility.ts";
import { dispatchCases } from "./dispatch.ts";
import { inlineSchemaCases } from "./inline-schema.ts";
import { keyCases } from "./keys.ts";
import { lifecycleCases } from "./lifecycle.ts";
import { nameCases } from "./names.ts";
import { partitionCases } from "./partitions.ts";
import { protocolCases } from "./protocol.ts";
import { publishCases } from "./publish.ts";
import { registryCallCases, registryCases } from "./registry.ts";
import { schemaBasicCases } from "./schema-basics.ts";
import { schemaOfTopicCases } from "./schema-of-topic.ts";
import { schemaPolicyCases } from "./schema-policy.ts";
import { schemaVersionCases } from "./schema-versions.ts";
import { schemaCases } from "./schemas.ts";
import { topicSchemaCases } from "./topic-schemas.ts";
import type { Case } from "./world.ts";

/** What a user relies on, on every runtime and every broker that has what the case needs. */
export const cases: readonly Case[] = [
  ...clusterCases,
  ...nameCases,
  ...publishCases,
  ...keyCases,
  ...dispatchCases,
  ...partitionCases,
  ...lifecycleCases,
  ...protocolCases,
  ...schemaBasicCases,
  ...codecCases,
  ...schemaOfTopicCases,
  ...inlineSchemaCases,
  ...schemaCases,
  ...schemaVersionCases,
  ...schemaPolicyCases,
  ...topicSchemaCases,
  ...compatibilityCases,
  ...registryCallCases,
  ...registryCases,
];
