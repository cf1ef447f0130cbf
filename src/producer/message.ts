import { create } from "@bufbuild/protobuf";
import { type StreamMessage, StreamMessageSchema } from "../../gen/danube/danube_api_pb.ts";
import type { Codec } from "../protocol/dialect.ts";
import { encode } from "../schema/encode.ts";
import { type Address, encodedSize, encodeRequest, type Fields, payloadIn, requestSize } from "./message-encoder.ts";

/** What a producer without a schema takes: bytes as they are, a string as UTF-8. */
export type Payload = Uint8Array | string;

/** Names one message: no two are ever equal. Ours, not the broker's: brokers return no offset. */
export interface MessageId {
  /** The topic, without the partition. */
  readonly topic: string;
  /** The partition, of a partitioned topic. */
  readonly partition?: number | undefined;
  /** The producer's name. */
  readonly producer: string;
  /** Random, one for each `createProducer`. */
  readonly session: string;
  /** Counts the messages of the session, from 1. */
  readonly sequence: bigint;
}

/**
 * A message that was accepted: encoded as it goes over the wire, for one address. The payload is kept in these bytes only: they are
 * the copy of it that `send` makes.
 */
export interface Message {
  readonly fields: Fields;
  /** What made the payload. */
  readonly codec: Codec;
  /** What it is encoded for. */
  readonly address: Address;
  /** The request of SendMessage, with its gRPC prefix. */
  readonly request: Uint8Array;
}

/** `payload` may be changed afterwards. `size`: the {@link encodedSize}, where it is known. */
export function encodeMessage(
  fields: Fields,
  payload: Uint8Array,
  codec: Codec,
  address: Address,
  size: number = encodedSize(fields, address),
): Message {
  return { fields, codec, address, request: encodeRequest(fields, payload, address, size) };
}

/** Whether it can go there as it is. */
export function isFor(message: Message, address: Address, codec: Codec): boolean {
  return message.address === address && message.codec === codec;
}

/**
 * The message for where it goes now: its owner's name and number are part of it, and so is the payload, which brokers of another
 * generation may want in other bytes. The same one where nothing is different.
 */
export function readdressed(message: Message, address: Address, codec: Codec): Message {
  if (isFor(message, address, codec)) {
    return message;
  }
  const payload = payloadOf(message);
  const { fields, codec: before } = message;
  if (before === codec || before.encode === codec.encode || !before.decode) {
    return encodeMessage(fields, payload, before, address);
  }
  const anew = encode(codec, before.decode(payload) as never);
  return encodeMessage({ ...fields, payloadLength: anew.length }, anew, codec, address);
}

/** A view: it must not be changed. */
export function payloadOf({ fields, address, request }: Message): Uint8Array {
  return payloadIn(request, fields, address);
}

/** The bytes of the encoded message, which is what the broker's limit counts. */
export function sizeOf({ request }: Message): number {
  return requestSize(request);
}

/** For a transport without a short way. */
export function toStreamMessage(message: Message): StreamMessage {
  const { fields, address } = message;
  return create(StreamMessageSchema, {
    requestId: BigInt(fields.sequence),
    // Brokers crash the call without it.
    msgId: { producerId: address.producerId, topicName: address.topic, brokerAddr: address.brokerUrl },
    // Its own, for interceptors: around a view lie other messages.
    payload: payloadOf(message).slice(),
    publishTime: BigInt(fields.publishTime),
    producerName: address.producerName,
    attributes: { ...fields.attributes },
    ...(fields.key !== undefined && { routingKey: fields.key }),
    ...(address.schema && { schemaId: address.schema.schemaId, schemaVersion: address.schema.version }),
  });
}
