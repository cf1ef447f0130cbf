import { DispatchStrategy, ProducerAccessMode, ProducerService } from "../../gen/danube_0_5/danube_api_pb.ts";
import type { Dialect } from "./dialect.ts";
import { type InlineDialectOptions, inlineDialect } from "./inline-schema.ts";
import { warnOfRetention } from "./retention.ts";

/** Brokers of 0.5: the topic has its schema, and retention is the brokers' own. */
export function plainDispatchDialect(options: InlineDialectOptions): Dialect {
  const { connections, events } = options;
  return inlineDialect(options, {
    generation: "0.5",
    getSchemaIsSafe: true,
    comparesDispatch: true,
    async create(target, { name, topic, access, dispatch, retention }, schema, limits) {
      const request = {
        producerName: name,
        topicName: topic,
        schema,
        producerAccessMode: access === "exclusive" ? ProducerAccessMode.Exclusive : ProducerAccessMode.Shared,
        dispatchStrategy: dispatch === "reliable" ? DispatchStrategy.Reliable : DispatchStrategy.NonReliable,
      };
      const { producerId } = await connections.unary(target, ProducerService.method.createProducer, request, limits);
      warnOfRetention(retention, events);
      return producerId;
    },
  });
}
