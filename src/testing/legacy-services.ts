import type { ConnectRouter } from "@connectrpc/connect";
import { Code } from "@connectrpc/connect";
import { AuthService, Discovery, ErrorType } from "../../gen/danube_0_4/danube_api_pb.ts";
import type { Around } from "./around.ts";
import { isTopicName } from "./metadata.ts";
import type { Shared } from "./shared.ts";

/** The calls that brokers once had. */
export function registerLegacyServices(
  router: ConnectRouter,
  { shared, around }: { shared: Shared; around: Around },
): void {
  const { metadata, failures, credentials } = shared;

  router.rpc(AuthService.method.authenticate, ({ apiKey }, context) =>
    around("Authenticate", context, () => ({ token: credentials.exchange(apiKey) })),
  );

  router.rpc(Discovery.method.getSchema, ({ requestId, topic }, context) =>
    around("GetSchema", context, () => {
      if (!isTopicName(topic)) {
        throw failures.invalidName(topic);
      }
      // Partitions are taken to be of one schema, and other topics that begin alike to be partitions.
      const [first] = metadata.partitionsOf(topic);
      if (first === undefined) {
        const message = `Unable to find the requested topic: ${topic}`;
        throw failures.of(message, Code.NotFound, ErrorType.TOPIC_NOT_FOUND);
      }
      const schema = metadata.topics.get(first)?.schema;
      if (!schema) {
        return { requestId };
      }
      const { name, type, definition } = schema;
      return { requestId, schema: { name, typeSchema: type, schemaData: new Uint8Array(definition) } };
    }),
  );
}
