import { DispatchStrategy, ProducerAccessMode, ProducerRequestSchema } from "../../gen/danube/danube_api_pb.ts";
import * as v04 from "../../gen/danube_0_4/danube_api_pb.ts";
import * as v05 from "../../gen/danube_0_5/danube_api_pb.ts";
import { has, type Version } from "../protocol/features.ts";
import { type InlineSchema, known } from "./inline-schema.ts";
import { decode } from "./prost.ts";
import type { TopicRetention } from "./types.ts";

/** What a CreateProducer asks for, whichever form it came in. */
export interface WantedProducer {
  readonly requestId: bigint;
  readonly name: string;
  readonly topic: string;
  readonly exclusive: boolean;
  /** `"unknown"` is a strategy that there is none of. */
  readonly dispatch: WantedDispatch | "missing" | "unknown";
  /** The schema itself, for a new topic to keep. */
  readonly schema: InlineSchema | undefined;
  /** The subject of a schema in the registry. */
  readonly subject: string | undefined;
}

export interface WantedDispatch {
  readonly reliable: boolean;
  readonly retention?: TopicRetention | undefined;
}

/** How brokers of a version read a CreateProducer; throws, in their words, for what they cannot decode. */
export function producerRequestReader(version: Version): (bytes: Uint8Array) => WantedProducer {
  if (has(version, "reliableOptions")) {
    return withReliableOptions;
  }
  return has(version, "inlineSchema") ? withInlineSchema : withSubject;
}

function withReliableOptions(bytes: Uint8Array): WantedProducer {
  const request = decode(v04.ProducerRequestSchema, bytes);
  const { schema, dispatchStrategy } = request;
  return {
    ...common(request),
    dispatch: dispatchStrategy ? toDispatch(dispatchStrategy) : "missing",
    schema: schema && { name: schema.name, type: schema.typeSchema, definition: schema.schemaData },
    subject: undefined,
  };
}

function withInlineSchema(bytes: Uint8Array): WantedProducer {
  const request = decode(v05.ProducerRequestSchema, bytes);
  const { schema, dispatchStrategy = DispatchStrategy.NonReliable } = request;
  const definition = schema?.schemaData ?? new Uint8Array();
  return {
    ...common(request),
    dispatch: byNumber(dispatchStrategy),
    // These brokers look at it at once, to log it; those before them only when they make a topic.
    schema: schema && known({ name: schema.name, type: schema.typeSchema, definition }),
    subject: undefined,
  };
}

function withSubject(bytes: Uint8Array): WantedProducer {
  const request = decode(ProducerRequestSchema, bytes);
  return {
    ...common(request),
    dispatch: byNumber(request.dispatchStrategy ?? DispatchStrategy.NonReliable),
    schema: undefined,
    subject: request.schemaRef?.subject,
  };
}

/** What all forms have in the same fields. */
interface Common {
  requestId: bigint;
  producerName: string;
  topicName: string;
  producerAccessMode: number;
}

function common({ requestId, producerName, topicName, producerAccessMode }: Common) {
  const exclusive = producerAccessMode === ProducerAccessMode.Exclusive;
  return { requestId, name: producerName, topic: topicName, exclusive };
}

function byNumber(strategy: number): WantedDispatch | "missing" {
  const isKnown = (Object.values(DispatchStrategy) as readonly number[]).includes(strategy);
  return isKnown ? { reliable: strategy === DispatchStrategy.Reliable } : "missing";
}

function toDispatch({ strategy, reliableOptions }: v04.TopicDispatchStrategy): WantedDispatch | "unknown" {
  if (byNumber(strategy) === "missing") {
    return "unknown";
  }
  // Reliable without options is, in silence, not reliable.
  if (strategy !== v04.DispatchStrategy.Reliable || !reliableOptions) {
    return { reliable: false };
  }
  const { segmentSize, retentionPolicy, retentionPeriod } = reliableOptions;
  const expires = retentionPolicy === v04.RetentionPolicy.RetainUntilExpire;
  return {
    reliable: true,
    retention: {
      segmentSizeMb: Number(segmentSize),
      retention: expires ? "until-expired" : "until-acknowledged",
      retentionSeconds: Number(retentionPeriod),
    },
  };
}
