import { type DescField, type DescMessage, fromBinary, type MessageShape, ScalarType } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";

// Brokers decode with prost, which refuses a field of another wire type than its own and leaves out fields that it does
// not know. protobuf-es takes what comes for what it expects, so that the wire types must be looked at before.

interface Fault {
  /** The fields that lead to it, the innermost first. */
  path: string;
  what: string;
}

/** Decodes as brokers do, or fails in their words. */
export function decode<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): MessageShape<Desc> {
  const fault = firstFault(schema, bytes);
  if (fault) {
    throw new ConnectError(`failed to decode Protobuf message: ${fault.path}${fault.what}`, Code.Internal);
  }
  return fromBinary(schema, bytes);
}

function firstFault(schema: DescMessage, bytes: Uint8Array): Fault | undefined {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, actual] = reader.tag();
    const field = schema.fields.find((candidate) => candidate.number === number);
    const expected = field ? wireTypeOf(field) : actual;
    // The fields of a oneof are one field to prost.
    const path = `${schema.name}.${field?.oneof?.name ?? field?.name}: `;
    if (actual !== expected) {
      return { path, what: `invalid wire type: ${nameOf(actual)} (expected ${nameOf(expected)})` };
    }
    if (field?.fieldKind !== "message") {
      reader.skip(actual, number);
      continue;
    }
    const inner = firstFault(field.message, reader.bytes());
    if (inner) {
      return { path: inner.path + path, what: inner.what };
    }
  }
  return undefined;
}

/** Of the fields that requests have: no lists, no floating point. */
function wireTypeOf(field: DescField): WireType {
  const isText = field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES;
  return isText || field.fieldKind === "message" ? WireType.LengthDelimited : WireType.Varint;
}

const names: Partial<Record<WireType, string>> = {
  [WireType.Varint]: "Varint",
  [WireType.Bit64]: "SixtyFourBit",
  [WireType.LengthDelimited]: "LengthDelimited",
  [WireType.StartGroup]: "StartGroup",
  [WireType.EndGroup]: "EndGroup",
  [WireType.Bit32]: "ThirtyTwoBit",
};

function nameOf(type: WireType): string {
  return names[type] ?? String(type);
}
