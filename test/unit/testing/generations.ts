import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, ConnectError, createClient, decodeBinaryHeader, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import * as current from "../../../gen/danube/danube_api_pb.ts";
import * as v04 from "../../../gen/danube_0_4/danube_api_pb.ts";
import * as v05 from "../../../gen/danube_0_5/danube_api_pb.ts";
import { SchemaRegistry } from "../../../gen/danube_schema/schema_registry_pb.ts";
import { startBroker } from "../../../src/testing/start.ts";
import type { BrokerOptions, EmbeddedBroker } from "../../../src/testing/types.ts";

/** An embedded broker of some generation, and the calls of all generations. */
export interface OldWorld extends AsyncDisposable {
  readonly broker: EmbeddedBroker;
  readonly calls: Calls;
  /** The same calls, with a token or at another broker. */
  callsWith(options: { token?: string; at?: number }): Calls;
  /** Creates a producer however often it takes until the topic is served. */
  settle(create: () => Promise<Created>): Promise<bigint>;
}

export type Created = { producerId: bigint; producerName: string };

export interface Calls {
  /** CreateProducer in the three forms. */
  create04(request: MessageInitShape<typeof v04.ProducerRequestSchema>): Promise<Created>;
  create05(request: MessageInitShape<typeof v05.ProducerRequestSchema>): Promise<Created>;
  create06(request: MessageInitShape<typeof current.ProducerRequestSchema>): Promise<Created>;
  readonly producers: Client<typeof current.ProducerService>;
  readonly consumers: Client<typeof current.ConsumerService>;
  readonly discovery: Client<typeof current.Discovery>;
  readonly oldDiscovery: Client<typeof v04.Discovery>;
  readonly auth: Client<typeof v04.AuthService>;
  readonly health: Client<typeof current.HealthCheck>;
  readonly registry: Client<typeof SchemaRegistry>;
}

export async function startOld(options: BrokerOptions): Promise<OldWorld> {
  const broker = await startBroker({ loadMs: 1, ...options });
  const callsWith = ({ token, at = 0 }: { token?: string; at?: number }): Calls =>
    callsOf(
      createGrpcTransport({
        baseUrl: broker.urls[at] as string,
        interceptors: [
          (next) => (request) => {
            if (token !== undefined) {
              request.header.set("authorization", `Bearer ${token}`);
            }
            return next(request);
          },
        ],
      }),
    );
  return {
    broker,
    calls: callsWith({}),
    callsWith,
    async settle(createProducer) {
      for (let i = 0; ; i++) {
        try {
          return (await createProducer()).producerId;
        } catch (reason) {
          if (i === 50 || !/redo the lookup/i.test(ConnectError.from(reason).rawMessage)) {
            throw reason;
          }
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
    },
    [Symbol.asyncDispose]: () => broker.close(),
  };
}

function callsOf(transport: Transport): Calls {
  return {
    create04: (request) => createClient(v04.ProducerService, transport).createProducer(request),
    create05: (request) => createClient(v05.ProducerService, transport).createProducer(request),
    create06: (request) => createClient(current.ProducerService, transport).createProducer(request),
    producers: createClient(current.ProducerService, transport),
    consumers: createClient(current.ConsumerService, transport),
    discovery: createClient(current.Discovery, transport),
    oldDiscovery: createClient(v04.Discovery, transport),
    auth: createClient(v04.AuthService, transport),
    health: createClient(current.HealthCheck, transport),
    registry: createClient(SchemaRegistry, transport),
  };
}

/** What a call fails with: code, text, and what the trailer of old brokers says. */
export async function failure(call: Promise<unknown>): Promise<[code: number, text: string, kind?: number]> {
  try {
    await call;
  } catch (reason) {
    const { code, rawMessage, metadata } = ConnectError.from(reason);
    const trailer = metadata.get("error-message-bin");
    if (trailer === null) {
      return [code, rawMessage];
    }
    const { errorType, errorMessage } = decodeBinaryHeader(trailer, v04.ErrorMessageSchema);
    if (errorMessage !== rawMessage) {
      throw new Error(`the trailer says ${errorMessage}, the status ${rawMessage}`);
    }
    return [code, rawMessage, errorType];
  }
  throw new Error("the call did not fail");
}
