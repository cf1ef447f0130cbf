import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { DispatchStrategy, ProducerService } from "../../../gen/danube/danube_api_pb.ts";
import { SchemaRegistry } from "../../../gen/danube_schema/schema_registry_pb.ts";
import { startBroker } from "../../../src/testing/start.ts";
import type { BrokerOptions, EmbeddedBroker } from "../../../src/testing/types.ts";

/** An embedded broker and what is asked of it. */
export interface World extends AsyncDisposable {
  readonly broker: EmbeddedBroker;
  readonly registry: Client<typeof SchemaRegistry>;
  /** The registry at one broker of several. */
  registryAt(i: number): Client<typeof SchemaRegistry>;
  register(subject: string, type: string, definition?: unknown): Promise<{ schemaId: bigint; version: number }>;
  compatible(subject: string, type: string, definition: unknown, mode?: string): Promise<string[]>;
  /** CreateProducer; gives what sends with it. */
  produce(topic: string, options?: ProduceOptions): Promise<Send>;
}

export interface ProduceOptions {
  subject?: string;
  name?: string;
  reliable?: boolean;
  at?: number;
}

export type Send = (payload: string | Uint8Array, schemaId?: bigint, schemaVersion?: number) => Promise<unknown>;

export async function startWorld(options: BrokerOptions = {}): Promise<World> {
  const broker = await startBroker(options);
  const transports = broker.urls.map((baseUrl) => createGrpcTransport({ baseUrl }));
  const at = <T extends typeof SchemaRegistry | typeof ProducerService>(service: T, i: number) =>
    createClient(service, transports[i] as (typeof transports)[number]);
  const registry = at(SchemaRegistry, 0);
  return {
    broker,
    registry,
    registryAt: (i) => at(SchemaRegistry, i),
    register: (subject, schemaType, definition = "") =>
      registry.registerSchema({ subject, schemaType, schemaDefinition: encoded(definition) }),
    async compatible(subject, schemaType, definition, compatibilityMode) {
      const request = { subject, schemaType, newSchemaDefinition: encoded(definition) };
      const mode = compatibilityMode === undefined ? {} : { compatibilityMode };
      const { isCompatible, errors } = await registry.checkCompatibility({ ...request, ...mode });
      if (isCompatible !== (errors.length === 0)) {
        throw new Error(`compatible: ${isCompatible}, with the errors ${errors}`);
      }
      return errors;
    },
    async produce(topicName, { subject, name = "p", reliable = false, at: i = 0 } = {}) {
      const producers = at(ProducerService, i);
      const { producerId } = await producers.createProducer({
        producerName: name,
        topicName,
        dispatchStrategy: reliable ? DispatchStrategy.Reliable : DispatchStrategy.NonReliable,
        ...(subject !== undefined && { schemaRef: { subject } }),
      });
      return (payload, schemaId, schemaVersion) =>
        producers.sendMessage({
          msgId: { producerId, topicName, brokerAddr: "" },
          payload: encoded(payload),
          producerName: name,
          ...(schemaId !== undefined && { schemaId }),
          ...(schemaVersion !== undefined && { schemaVersion }),
        });
    },
    [Symbol.asyncDispose]: () => broker.close(),
  };
}

/** Texts and bytes as they are, all else as JSON. */
function encoded(value: unknown): Uint8Array<ArrayBuffer> {
  if (value instanceof Uint8Array) {
    return new Uint8Array(value);
  }
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}

/** The code and the text of what a call fails with. */
export async function failure(call: Promise<unknown>): Promise<[code: number, text: string]> {
  try {
    await call;
  } catch (reason) {
    const { code, rawMessage } = ConnectError.from(reason);
    return [code, rawMessage];
  }
  throw new Error("the call did not fail");
}

/** A JSON schema of an object. */
export function object(properties: Record<string, unknown>, required: string[] = []): unknown {
  return { type: "object", properties, required };
}

/** An Avro record. */
export function record(fields: unknown[], more: Record<string, unknown> = {}): Record<string, unknown> {
  return { type: "record", name: "User", fields, ...more };
}

export const text = { type: "string" } as const;
export const integer = { type: "integer" } as const;
