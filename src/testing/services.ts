import { toBinary } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import {
  HealthCheckResponse_ClientStatus as ClientStatus,
  HealthCheckRequest_ClientType as ClientType,
  Discovery,
  HealthCheck,
  TopicLookupResponse_LookupType as LookupType,
  ProducerService,
  StreamMessageSchema,
} from "../../gen/danube/danube_api_pb.ts";
import { has } from "../protocol/features.ts";
import type { Around } from "./around.ts";
import type { Broker } from "./broker.ts";
import { findConsumer } from "./consumer-service.ts";
import { messageReader } from "./message-fields.ts";
import { isTopicName } from "./metadata.ts";
import { producerRequestReader } from "./producer-request.ts";
import type { Shared } from "./shared.ts";

/** What the brokers of a cluster tell clients about each other. */
export interface Advertised {
  connectUrl: string;
  brokerUrl: string;
  /** The host and the port that it listens on. */
  listening: string;
}

export interface ServicesOptions {
  broker: Broker;
  shared: Shared;
  advertised(index: number): Advertised;
  proxy: boolean;
  around: Around;
}

/** The RPCs of one broker. */
export function registerServices(
  router: ConnectRouter,
  { broker, shared, advertised, proxy, around }: ServicesOptions,
): void {
  const { metadata, version, failures } = shared;
  const readProducerRequest = producerRequestReader(version);
  const readMessage = messageReader(version);

  function address(index: number, here: boolean): { connectUrl: string; brokerUrl?: string; proxy?: boolean } {
    const { connectUrl, brokerUrl, listening } = advertised(index);
    if (has(version, "bareAddress")) {
      // Of itself a broker tells where it listens, whatever is advertised.
      return { connectUrl: here ? listening : brokerUrl };
    }
    return { connectUrl, brokerUrl, proxy };
  }

  router.service(Discovery, {
    topicLookup: ({ requestId, topic }, context) =>
      around("TopicLookup", context, () => {
        if (!isTopicName(topic)) {
          throw failures.invalidName(topic);
        }
        const here = broker.loaded.has(topic);
        const index = here ? broker.index : metadata.findBroker(topic);
        if (index === undefined) {
          throw failures.topicNotFound(`Unable to find the requested topic: ${topic}`);
        }
        return {
          requestId,
          responseType: here ? LookupType.Connect : LookupType.Redirect,
          ...address(index, here),
        };
      }),
    topicPartitions: ({ requestId, topic }, context) =>
      around("TopicPartitions", context, () => {
        if (!isTopicName(topic)) {
          throw failures.invalidName(topic);
        }
        return { requestId, partitions: metadata.partitionsOf(topic) };
      }),
  });

  const { createProducer, sendMessage } = ProducerService.method;
  // As the bytes that came, which a message without fields keeps as they are: each version reads them in its own way.
  router.rpc({ ...createProducer, input: EmptySchema }, (request, context) =>
    around("CreateProducer", context, () => {
      const wanted = readProducerRequest(toBinary(EmptySchema, request));
      const producerId = broker.createProducer(wanted);
      return { requestId: wanted.requestId, producerId, producerName: wanted.name };
    }),
  );
  router.rpc(sendMessage, (message, context) =>
    around("SendMessage", context, () => {
      const encodedBytes = toBinary(StreamMessageSchema, message).length;
      broker.publish(readMessage(message), encodedBytes);
      return { requestId: message.requestId };
    }),
  );

  router.service(HealthCheck, {
    healthCheck: ({ client, id }, context) =>
      around("HealthCheck", context, () => {
        if (client !== ClientType.Producer && client !== ClientType.Consumer) {
          throw failures.of("Invalid client type", Code.InvalidArgument);
        }
        const known =
          client === ClientType.Producer
            ? broker.knowsProducer(id)
            : findConsumer(broker, id)?.consumer.deliver !== undefined;
        return { status: known ? ClientStatus.OK : ClientStatus.CLOSE };
      }),
  });
}
