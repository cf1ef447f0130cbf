import { type Address, type Content, encodedSize, messageIdSize, utf8Length, varintLength } from "./message.ts";

// SendMessage is the one call that is made for every message, and a general encoder would take most of what it costs. This one
// knows the message; test/unit/producer holds it against protobuf-es.

/** The bytes of a gRPC message before it: not compressed, and its length. */
const prefixBytes = 5;

const encoder = new TextEncoder();

/** The request of SendMessage, with its gRPC prefix, in the order of the fields' numbers. */
export function encodeRequest(content: Content, address: Address): Uint8Array {
  const { payload, attributes, key, sequence } = content;
  const { topic, producerName, producerId, brokerUrl, schema } = address;
  const size = encodedSize(content, address);
  const bytes = new Uint8Array(prefixBytes + size);
  let at = 0;

  /** Seven bits a byte, the lowest first. */
  function varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      bytes[at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    bytes[at++] = rest;
  }

  function bigVarint(value: bigint): void {
    if (value <= Number.MAX_SAFE_INTEGER) {
      varint(Number(value));
      return;
    }
    // Numbers do most of it: arithmetic with bigints is slow.
    const low = Number(value & 0xff_ff_ff_ffn);
    const high = Number(value >> 32n);
    let rest = low;
    for (let i = 0; i < 4; i++) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    // The fifth byte has the last four bits of the lower half, and the first three of the upper one.
    const upper = Math.floor(high / 8);
    bytes[at++] = (rest & 0x0f) | ((high & 0x07) << 4) | (upper === 0 ? 0 : 0x80);
    if (upper > 0) {
      varint(upper);
    }
  }

  function text(value: string, length: number): void {
    varint(length);
    if (length === value.length && length < 64) {
      // ASCII, and short: the encoder would cost more than this loop.
      for (let i = 0; i < length; i++) {
        bytes[at++] = value.charCodeAt(i);
      }
    } else {
      encoder.encodeInto(value, bytes.subarray(at));
      at += length;
    }
  }

  function textField(tag: number, value: string): void {
    const length = utf8Length(value);
    if (length > 0) {
      bytes[at++] = tag;
      text(value, length);
    }
  }

  at++;
  bytes[at++] = size >>> 24;
  bytes[at++] = size >>> 16;
  bytes[at++] = size >>> 8;
  bytes[at++] = size;
  if (sequence !== 0n) {
    bytes[at++] = 0x08;
    bigVarint(sequence);
  }
  bytes[at++] = 0x12;
  varint(messageIdSize(address));
  if (producerId !== 0n) {
    bytes[at++] = 0x08;
    bigVarint(producerId);
  }
  textField(0x12, topic);
  textField(0x1a, brokerUrl);
  if (payload.length > 0) {
    bytes[at++] = 0x1a;
    varint(payload.length);
    bytes.set(payload, at);
    at += payload.length;
  }
  if (content.publishTime !== 0) {
    bytes[at++] = 0x20;
    varint(content.publishTime);
  }
  textField(0x2a, producerName);
  for (const name of Object.keys(attributes)) {
    const value = attributes[name] as string;
    const nameLength = utf8Length(name);
    const valueLength = utf8Length(value);
    bytes[at++] = 0x3a;
    varint(2 + varintLength(nameLength) + nameLength + varintLength(valueLength) + valueLength);
    bytes[at++] = 0x0a;
    text(name, nameLength);
    bytes[at++] = 0x12;
    text(value, valueLength);
  }
  if (schema) {
    bytes[at++] = 0x40;
    bigVarint(schema.schemaId);
    bytes[at++] = 0x48;
    varint(schema.version);
  }
  if (key !== undefined) {
    bytes[at++] = 0x52;
    text(key, utf8Length(key));
  }
  return bytes;
}
