import { create } from "@bufbuild/protobuf";
import { type StreamMessage, StreamMessageSchema } from "../../gen/danube/danube_api_pb.ts";
import type { Codec } from "../protocol/dialect.ts";
import { encode } from "../schema/encode.ts";

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

/** The part of a message that is fixed when `send` is called. */
export interface Content {
  readonly payload: Uint8Array;
  /** What made the payload. */
  readonly codec: Codec;
  readonly attributes: Readonly<Record<string, string>>;
  readonly key: string | undefined;
  /** Counts the messages of one `createProducer`, from 1. */
  readonly sequence: bigint;
  /** Milliseconds since 1970. */
  readonly publishTime: number;
}

/** The part that depends on where it goes, and changes when the topic moves. */
export interface Address {
  readonly topic: string;
  readonly producerName: string;
  readonly producerId: bigint;
  readonly brokerUrl: string;
  /** What the payload is, in the registry of these brokers. */
  readonly schema: { readonly schemaId: bigint; readonly version: number } | undefined;
}

/**
 * The content as `codec` writes it: another one than it was written by where the brokers turned out to be of another generation
 * since `send` was called.
 */
export function recoded(content: Content, codec: Codec): Content {
  const { codec: before, payload } = content;
  if (before === codec || before.encode === codec.encode || !before.decode) {
    return content;
  }
  return { ...content, codec, payload: encode(codec, before.decode(payload) as never) };
}

export function toStreamMessage(content: Content, address: Address): StreamMessage {
  return create(StreamMessageSchema, {
    requestId: content.sequence,
    // Brokers crash the call without it.
    msgId: { producerId: address.producerId, topicName: address.topic, brokerAddr: address.brokerUrl },
    payload: content.payload,
    publishTime: BigInt(content.publishTime),
    producerName: address.producerName,
    attributes: { ...content.attributes },
    ...(content.key !== undefined && { routingKey: content.key }),
    ...(address.schema && { schemaId: address.schema.schemaId, schemaVersion: address.schema.version }),
  });
}

/**
 * The bytes of the encoded message, which is what the broker's limit counts, without encoding it. Each field of the
 * message has a number under 16 and so a tag of one byte.
 */
export function encodedSize(content: Content, address: Address): number {
  let size = varintField(content.sequence) + 1 + lengthPrefixed(messageIdSize(address));
  size += varintField(content.publishTime) + textField(address.producerName);
  if (content.payload.length > 0) {
    size += 1 + lengthPrefixed(content.payload.length);
  }
  for (const [name, value] of Object.entries(content.attributes)) {
    // A map's entry is a message of its own, that always has both its fields.
    size += 1 + lengthPrefixed(2 + lengthPrefixed(utf8Length(name)) + lengthPrefixed(utf8Length(value)));
  }
  if (content.key !== undefined) {
    size += 1 + lengthPrefixed(utf8Length(content.key));
  }
  if (address.schema) {
    // Optional fields are there also when they are 0.
    size += 2 + varintLength(address.schema.schemaId) + varintLength(address.schema.version);
  }
  return size;
}

/** The bytes of the id in the encoded message, without the two or three before them. */
export function messageIdSize({ producerId, topic, brokerUrl }: Address): number {
  return varintField(producerId) + textField(topic) + textField(brokerUrl);
}

function varintField(value: bigint | number): number {
  return value === 0n || value === 0 ? 0 : 1 + varintLength(value);
}

function textField(text: string): number {
  return text === "" ? 0 : 1 + lengthPrefixed(utf8Length(text));
}

function lengthPrefixed(length: number): number {
  return varintLength(length) + length;
}

/** Seven bits a byte. */
export function varintLength(value: bigint | number): number {
  if (value > Number.MAX_SAFE_INTEGER) {
    return 7 + varintLength(BigInt(value) >> 49n);
  }
  let length = 1;
  // Numbers: arithmetic with bigints would be most of what a message costs here.
  for (let rest = Number(value); rest >= 128; rest = Math.floor(rest / 128)) {
    length++;
  }
  return length;
}

/** The length of `text` in UTF-8. The text is well-formed, so a high surrogate and its low one make four bytes. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) {
      length += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
    }
  }
  return length;
}
