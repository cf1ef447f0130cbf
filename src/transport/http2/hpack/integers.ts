import { compressionError } from "./hpack-error.ts";

/** Where a block is being read. */
export interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
}

// RFC 7541 §5.1 leaves the limit to us. So many octets behind the prefix carry 28 bits, more than any length, index or
// table size of ours, and the arithmetic stays within the 31 bits that engines do fastest.
const maxContinuation = 4;

/** The largest number that `readInteger` may give: what the prefix holds, and the octets behind it. */
export const maxInteger: number = 2 ** 28 - 1;

/** RFC 7541 §5.1: the integer whose first octet is at the cursor, in its lowest `prefixBits` bits. */
export function readInteger(cursor: Cursor, prefixBits: number): number {
  const { bytes, end } = cursor;
  if (cursor.at >= end) {
    throw compressionError("the block ends where an integer should begin");
  }
  const prefix = (1 << prefixBits) - 1;
  let value = (bytes[cursor.at++] as number) & prefix;
  if (value < prefix) {
    return value;
  }
  for (let shift = 0; shift < 7 * maxContinuation; shift += 7) {
    if (cursor.at >= end) {
      throw compressionError("the block ends within an integer");
    }
    const octet = bytes[cursor.at++] as number;
    value += (octet & 0x7f) << shift;
    if (octet < 0x80) {
      return value;
    }
  }
  throw compressionError(`an integer of more than ${maxContinuation + 1} octets`);
}

/** What `writeInteger` takes at most, for any number up to `maxInteger`. */
export const maxIntegerLength: number = maxContinuation + 1;

/**
 * RFC 7541 §5.1: writes `value` from `at` on, and returns where it ends. `pattern` is what the first octet has above its
 * lowest `prefixBits` bits.
 */
export function writeInteger(
  bytes: Uint8Array,
  at: number,
  pattern: number,
  prefixBits: number,
  value: number,
): number {
  const prefix = (1 << prefixBits) - 1;
  if (value < prefix) {
    bytes[at] = pattern | value;
    return at + 1;
  }
  bytes[at++] = pattern | prefix;
  let rest = value - prefix;
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}
