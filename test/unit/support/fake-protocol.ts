import type { Cluster } from "../../../src/cluster/cluster.ts";
import { createDialects } from "../../../src/protocol/dialects.ts";
import type { Generation } from "../../../src/protocol/generation.ts";
import { createProtocol, type Protocol } from "../../../src/protocol/protocol.ts";
import { createRegistry } from "../../../src/schema/registry.ts";
import { createSchemaResolver } from "../../../src/schema/resolve.ts";

/** The real protocol, over the calls of a fake cluster. */
export function protocolOf(cluster: Cluster, told?: Generation): Protocol {
  const { connections, events, sweeper, attemptTimeoutMs } = cluster;
  const registry = createRegistry(cluster);
  const resolver = createSchemaResolver(registry, events, sweeper);
  const dialects = createDialects({ connections, events, registry, resolver });
  return createProtocol({ dialects, told, connections, events, attemptTimeoutMs });
}
