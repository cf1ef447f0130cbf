import { create } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  DispatchStrategy,
  ProducerAccessMode,
  ProducerService,
  type SchemaReference,
  SchemaReferenceSchema,
} from "../../gen/danube/danube_api_pb.ts";
import { SchemaRegistry } from "../../gen/danube_schema/schema_registry_pb.ts";
import type { Connections } from "../cluster/connections.ts";
import { judge } from "../cluster/error-table.ts";
import type { EventLog } from "../events.ts";
import type { Registry } from "../schema/registry.ts";
import type { ResolvedSchema, SchemaResolver } from "../schema/resolve.ts";
import type { Codec, Dialect, SpokenSchema } from "./dialect.ts";
import { warnOfRetention } from "./retention.ts";

export interface RegistryDialectOptions {
  connections: Connections;
  events: EventLog;
  registry: Registry;
  resolver: SchemaResolver;
}

/** Brokers from 0.6 on: schemas are subjects of the registry, and retention is the brokers' own. */
export function registryDialect({ connections, events, registry, resolver }: RegistryDialectOptions): Dialect {
  const { createProducer } = ProducerService.method;
  // One for all the producers that say nothing of their schema: there may be many.
  const unmarked = new WeakMap<Codec, SpokenSchema>();

  function spoken(codec: Codec, mark: ResolvedSchema | undefined): SpokenSchema {
    return {
      codec,
      mark,
      comparesDispatch: true,
      async createProducer(target, { topic, name, access, dispatch, retention, isNew }, limits) {
        const request = {
          producerName: name,
          topicName: topic,
          producerAccessMode: access === "exclusive" ? ProducerAccessMode.Exclusive : ProducerAccessMode.Shared,
          dispatchStrategy: dispatch === "reliable" ? DispatchStrategy.Reliable : DispatchStrategy.NonReliable,
          ...(mark && { schemaRef: unmistakable(mark.reference) }),
        };
        const attach = () =>
          connections.unary(target, createProducer, request, limits).catch((reason) => {
            if (mark && judge("CreateProducer", reason, topic).error.code === "SCHEMA_NOT_FOUND") {
              resolver.changed(mark.reference.subject);
            }
            throw reason;
          });
        const answer = await attach();
        // A topic that a standalone broker creates has no subject yet; the second to come ties it to its own.
        const { producerId } = isNew && mark ? await attach() : answer;
        warnOfRetention(retention, events);
        return producerId;
      },
    };
  }

  return {
    generation: "0.6",
    async schema(schema, signal) {
      const mark = await resolver.resolve(schema, signal);
      const found = (mark ? undefined : unmarked.get(schema)) ?? spoken(schema, mark);
      if (!mark) {
        unmarked.set(schema, found);
      }
      return found;
    },
    async topicSchema(target, topic, limits) {
      const request = { topicName: topic };
      const method = SchemaRegistry.method.getTopicSchemaConfig;
      const { schemaSubject } = await connections.unary(target, method, request, limits);
      if (schemaSubject === "") {
        return undefined;
      }
      const { subject, type, definition } = await registry.latest(schemaSubject, limits.signal);
      return { subject, type, definition };
    },
  };
}

/**
 * The same reference to brokers from 0.6 on, of a oneof's fields the last counts, and nothing at all to those of 0.5: they read
 * bytes where the pinned version is, and would otherwise take the subject for the name of a schema of bytes.
 */
function unmistakable(reference: SchemaReference): SchemaReference {
  const { subject, versionRef } = reference;
  if (versionRef.case === "pinnedVersion") {
    return reference;
  }
  const { useLatest, minVersion } = SchemaReferenceSchema.field;
  const [field, value] = versionRef.case === "minVersion" ? [minVersion, versionRef.value] : [useLatest, 1];
  const both = create(SchemaReferenceSchema, { subject, versionRef: { case: "pinnedVersion", value: 1 } });
  // Unknown fields are written behind the known ones.
  both.$unknown = [{ no: field.number, wireType: WireType.Varint, data: new BinaryWriter().uint32(value).finish() }];
  return both;
}
