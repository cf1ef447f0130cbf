import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { Discovery, Schema_TypeSchema as InlineType, type SchemaSchema } from "../../gen/danube_0_4/danube_api_pb.ts";
import type { Connections } from "../cluster/connections.ts";
import type { Target } from "../cluster/transports.ts";
import { DanubeError } from "../errors.ts";
import type { EventLog } from "../events.ts";
import { unlessAborted } from "../lib/single-flight.ts";
import { sleep } from "../lib/sleep.ts";
import { sameDefinition } from "../schema/definitions.ts";
import type { Schema, SchemaType } from "../schema/schema.ts";
import { CallFailure } from "../transport/seam.ts";
import type { Dialect, Limits, TopicSchema, WantedProducer } from "./dialect.ts";
import { isAnswer, onlyLater } from "./foreign.ts";
import type { Generation } from "./generation.ts";

// Brokers until 0.5 have no registry: a topic has the schema (a name, a type, and for JSON a definition) that it was
// created with, and tells it to consumers. They compare nothing with it, so that is done here, where they can be asked.

export interface InlineDialectOptions {
  connections: Connections;
  events: EventLog;
}

export type WireSchema = MessageInitShape<typeof SchemaSchema>;

/** What brokers of one generation do in their own way. */
export interface InlineGeneration {
  readonly generation: Generation;
  /** Whether several may ask for schemas at once. Else they are asked for when the user does, and one at a time. */
  readonly getSchemaIsSafe: boolean;
  /** Whether a producer that asks for another dispatch than the topic's is refused. */
  readonly comparesDispatch: boolean;
  /** CreateProducer. Gives the producer's id. */
  create(target: Target, wanted: WantedProducer, schema: WireSchema, limits: Limits): Promise<bigint>;
}

/** What a topic gets of a producer without a schema. */
const unnamed = "bytes_schema";

export function inlineDialect(
  { connections, events }: InlineDialectOptions,
  { generation, getSchemaIsSafe, comparesDispatch, create }: InlineGeneration,
): Dialect {
  const encoder = new TextEncoder();
  const oneAtATime = createLine();

  async function topicSchema(target: Target, topic: string, limits: Limits): Promise<TopicSchema | undefined> {
    try {
      const { schema } = await connections.unary(target, Discovery.method.getSchema, { topic }, limits);
      return schema && fromWire(schema.name, schema.typeSchema, schema.schemaData);
    } catch (reason) {
      if (reason instanceof CallFailure && reason.status === Code.NotFound) {
        return undefined;
      }
      throw reason;
    }
  }

  /** What a newer broker would say to a producer with a schema other than the topic's. */
  function compare(topic: string, wanted: Schema<never, unknown>, is: TopicSchema): void {
    const { subject = unnamed, definition, exact = false } = wanted;
    const type = typeNames[wireType(wanted)];
    if (is.subject === subject && is.type === type) {
      const differs = definition !== undefined && !sameDefinition(definition, is.definition);
      if (differs && exact) {
        throw new DanubeError("SCHEMA_MISMATCH", `${topic} has another definition of ${subject}`);
      }
      if (differs) {
        warn(`${topic} has another definition of ${subject} than the one given here, and keeps it`);
      }
      return;
    }
    if (is.subject === unnamed && is.type === "bytes") {
      // Brokers from 0.6 on tie such a topic to the first schema that comes.
      warn(`${topic} was created without a schema, and its consumers are told of bytes instead of ${subject}`);
      return;
    }
    const message = `${topic} has the schema ${is.subject} (${is.type}), and ${subject} (${type}) was given`;
    throw new DanubeError("SCHEMA_MISMATCH", message);
  }

  function warn(message: string): void {
    events.emit({ type: "warning", code: "SCHEMA_DIFFERS", message });
  }

  return {
    generation,
    topicSchema: (target, topic, limits) => {
      const ask = () => topicSchema(target, topic, limits);
      return getSchemaIsSafe ? ask() : oneAtATime(ask, limits.signal);
    },
    async schema(schema) {
      const { subject = unnamed, beforeRegistry, definition } = schema;
      refuseVersions(schema);
      const typeSchema = wireType(schema);
      const schemaData = encoder.encode(definition ?? (typeSchema === InlineType.JSON ? "{}" : ""));
      const unknown = typeSchema === InlineType.Bytes && (schema.type ?? "bytes") !== "bytes";
      return {
        codec: beforeRegistry
          ? {
              subject,
              encode: (value) => beforeRegistry.encode(value),
              ...(beforeRegistry.decode && { decode: (bytes) => beforeRegistry.decode?.(bytes) }),
            }
          : schema,
        mark: undefined,
        comparesDispatch,
        async createProducer(target, wanted, limits) {
          if (getSchemaIsSafe && schema.subject !== undefined && !wanted.isNew) {
            const is = await topicSchema(target, wanted.topic, limits);
            if (is) {
              compare(wanted.topic, schema, is);
            }
          }
          const id = await create(target, wanted, { name: subject, typeSchema, schemaData }, limits);
          if (unknown) {
            warn(
              `brokers before 0.6 have no word for what ${subject} is (${schema.type}): to their consumers it is bytes`,
            );
          }
          return id;
        },
      };
    },
  };
}

function refuseVersions({ subject, version }: Schema<never, unknown>): void {
  const first = typeof version === "object" ? version.min : version;
  if (typeof first === "number" && first > 1) {
    const message = `version ${first} of ${subject}: brokers before 0.6 have one schema for each topic, without versions`;
    throw new DanubeError("UNSUPPORTED", message, { cause: onlyLater });
  }
}

function wireType({ type, beforeRegistry }: Schema<never, unknown>): InlineType {
  if (beforeRegistry) {
    return InlineType[beforeRegistry.type];
  }
  return type === "string" ? InlineType.String : type === "json_schema" ? InlineType.JSON : InlineType.Bytes;
}

const typeNames: Record<InlineType, SchemaType> = {
  [InlineType.Bytes]: "bytes",
  [InlineType.String]: "string",
  [InlineType.Int64]: "number",
  [InlineType.JSON]: "json_schema",
};

function fromWire(subject: string, type: number, data: Uint8Array): TopicSchema {
  return { subject, type: typeNames[type as InlineType] ?? "bytes", definition: new TextDecoder().decode(data) };
}

/** What the broker may still be busy with, when it has not answered in its time. */
const afterSilenceMs = 5_000;

/** Each begins when the one before it has ended. */
function createLine() {
  let last: Promise<unknown> = Promise.resolve();
  let busyUntil = 0;

  async function begin<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    // Waited for by the next one to come, so that nothing is when there is none.
    const busyMs = busyUntil - Date.now();
    if (busyMs > 0) {
      await sleep(busyMs, signal);
    }
    signal.throwIfAborted();
    try {
      return await work();
    } catch (reason) {
      busyUntil = isAnswer(reason) ? 0 : Date.now() + afterSilenceMs;
      throw reason;
    }
  }

  return async <T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    const mine = last.then(() => begin(work, signal));
    last = mine.catch(() => {});
    return unlessAborted(mine, signal);
  };
}
