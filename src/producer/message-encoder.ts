import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { prefixBytes } from "../transport/seam.ts";
import { utf8Length, varintLength, writeText, writeVarint } from "./wire.ts";

// SendMessage is the one call that is made for every message, and a general encoder would take most of what it costs. This one
// knows the message; test/unit/producer holds it against protobuf-es.

/** The part of a message that is fixed when `send` is called, beside the payload. */
export interface Fields {
  readonly payloadLength: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly key: string | undefined;
  /** Counts the messages of one `createProducer`, from 1. */
  readonly sequence: number;
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
  /** Private to the encoder: the same in all messages that go there. */
  encoded?: EncodedAddress | undefined;
}

/** The fields of an address as they stand in a message, each with its tag. */
interface EncodedAddress {
  /** `msg_id` (2). */
  readonly id: Uint8Array;
  /** `producer_name` (5). */
  readonly name: Uint8Array;
  /** `schema_id` (8) and `schema_version` (9). */
  readonly schema: Uint8Array;
}

/** The bytes of the encoded message, which is what the broker's limit counts, without encoding it. */
export function encodedSize(fields: Fields, address: Address): number {
  const { id, name, schema } = encodedAddress(address);
  const { payloadLength, attributes, key, sequence, publishTime } = fields;
  let size = id.length + name.length + schema.length + varintField(sequence) + varintField(publishTime);
  if (payloadLength > 0) {
    size += 1 + lengthPrefixed(payloadLength);
  }
  if (attributes !== noAttributes) {
    for (const attribute of Object.keys(attributes)) {
      size += 1 + lengthPrefixed(attributeSize(attribute, attributes[attribute] as string));
    }
  }
  if (key !== undefined) {
    size += 1 + lengthPrefixed(utf8Length(key));
  }
  return size;
}

/** Most messages have none. */
export const noAttributes: Readonly<Record<string, string>> = Object.freeze({});

/** The request of SendMessage, with its gRPC prefix, in the order of the fields' numbers. `size`: their {@link encodedSize}. */
export function encodeRequest(fields: Fields, payload: Uint8Array, address: Address, size: number): Uint8Array {
  const { attributes, key, sequence, publishTime } = fields;
  const { id, name, schema } = encodedAddress(address);
  const bytes = room(prefixBytes + size);
  bytes[0] = 0;
  bytes[1] = size >>> 24;
  bytes[2] = size >>> 16;
  bytes[3] = size >>> 8;
  bytes[4] = size;
  let at = prefixBytes;
  if (sequence !== 0) {
    bytes[at++] = 0x08;
    at = writeVarint(bytes, at, sequence);
  }
  bytes.set(id, at);
  at += id.length;
  if (payload.length > 0) {
    bytes[at++] = 0x1a;
    at = writeVarint(bytes, at, payload.length);
    bytes.set(payload, at);
    at += payload.length;
  }
  if (publishTime !== 0) {
    bytes[at++] = 0x20;
    at = writeVarint(bytes, at, publishTime);
  }
  bytes.set(name, at);
  at += name.length;
  if (attributes !== noAttributes) {
    for (const attribute of Object.keys(attributes)) {
      const value = attributes[attribute] as string;
      bytes[at++] = 0x3a;
      at = writeVarint(bytes, at, attributeSize(attribute, value));
      bytes[at++] = 0x0a;
      at = writeText(bytes, at, attribute);
      bytes[at++] = 0x12;
      at = writeText(bytes, at, value);
    }
  }
  if (schema.length > 0) {
    bytes.set(schema, at);
    at += schema.length;
  }
  if (key !== undefined) {
    bytes[at++] = 0x52;
    writeText(bytes, at, key);
  }
  return bytes;
}

/** Where the payload lies in a request that these made. */
export function payloadIn(request: Uint8Array, { payloadLength, sequence }: Fields, address: Address): Uint8Array {
  const start =
    prefixBytes + varintField(sequence) + encodedAddress(address).id.length + 1 + varintLength(payloadLength);
  return payloadLength === 0 ? nothing : request.subarray(start, start + payloadLength);
}

/** What {@link encodedSize} says of the message in it. */
export function requestSize(request: Uint8Array): number {
  return request.length - prefixBytes;
}

const nothing = new Uint8Array(0);

/**
 * Small requests lie side by side: a buffer each would cost more than what is written into it. Few in one, since the last of them that
 * is kept keeps it.
 */
const slabBytes = 4_096;
let slab = nothing;
let used = 0;

function room(bytes: number): Uint8Array {
  if (bytes > slabBytes >> 1) {
    return new Uint8Array(bytes);
  }
  if (used + bytes > slab.length) {
    slab = new Uint8Array(slabBytes);
    used = 0;
  }
  used += bytes;
  return slab.subarray(used - bytes, used);
}

/** Lets go of what is kept of an address, until a message goes there again. */
export function releaseAddress(address: Address): void {
  address.encoded = undefined;
}

function encodedAddress(address: Address): EncodedAddress {
  address.encoded ??= encodeAddress(address);
  return address.encoded;
}

function encodeAddress({ topic, producerName, producerId, brokerUrl, schema }: Address): EncodedAddress {
  // As everywhere in proto3: what is 0 or empty is left out, but for optional fields.
  const inner = new BinaryWriter();
  if (producerId !== 0n) {
    inner.tag(1, WireType.Varint).uint64(producerId);
  }
  writeString(inner, 2, topic);
  writeString(inner, 3, brokerUrl);
  const name = new BinaryWriter();
  writeString(name, 5, producerName);
  const marks = new BinaryWriter();
  if (schema) {
    marks.tag(8, WireType.Varint).uint64(schema.schemaId).tag(9, WireType.Varint).uint32(schema.version);
  }
  const id = new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(inner.finish());
  return { id: id.finish(), name: name.finish(), schema: marks.finish() };
}

function writeString(writer: BinaryWriter, field: number, value: string): void {
  if (value !== "") {
    writer.tag(field, WireType.LengthDelimited).string(value);
  }
}

function varintField(value: number): number {
  return value === 0 ? 0 : 1 + varintLength(value);
}

/** A map's entry is a message of its own, that always has both its fields. */
function attributeSize(name: string, value: string): number {
  return 2 + lengthPrefixed(utf8Length(name)) + lengthPrefixed(utf8Length(value));
}

function lengthPrefixed(length: number): number {
  return varintLength(length) + length;
}
