import {
  DispatchStrategy,
  ProducerAccessMode,
  ProducerService,
  RetentionPolicy,
} from "../../gen/danube_0_4/danube_api_pb.ts";
import type { Dialect, Retention } from "./dialect.ts";
import { type InlineDialectOptions, inlineDialect } from "./inline-schema.ts";

/** Brokers of 0.4: the topic has its schema and, if reliable, its retention. */
export function reliableOptionsDialect(options: InlineDialectOptions): Dialect {
  const { connections } = options;
  return inlineDialect(options, {
    generation: "0.4",
    // Their GetSchema blocks a thread until it gets a lock; a few at once stop the broker for good.
    getSchemaIsSafe: false,
    comparesDispatch: false,
    async create(target, { name, topic, access, dispatch, retention }, schema, limits) {
      const request = {
        producerName: name,
        topicName: topic,
        schema,
        producerAccessMode: access === "exclusive" ? ProducerAccessMode.Exclusive : ProducerAccessMode.Shared,
        dispatchStrategy:
          dispatch === "reliable"
            ? // Always with its options: a reliable topic without them silently becomes a non-reliable one.
              { strategy: DispatchStrategy.Reliable, reliableOptions: reliableOptions(retention) }
            : { strategy: DispatchStrategy.NonReliable },
      };
      const { producerId } = await connections.unary(target, ProducerService.method.createProducer, request, limits);
      return producerId;
    },
  });
}

function reliableOptions({ segmentSizeMb, retention, retentionSeconds }: Retention) {
  const untilExpired = retention === "until-expired";
  return {
    segmentSize: BigInt(segmentSizeMb),
    retentionPolicy: untilExpired ? RetentionPolicy.RetainUntilExpire : RetentionPolicy.RetainUntilAck,
    retentionPeriod: BigInt(retentionSeconds),
  };
}
