import { compressionError, HpackError } from "./hpack-error.ts";
import { huffmanDecode, huffmanEncode, huffmanLength } from "./huffman.ts";
import { type Cursor, maxIntegerLength, readInteger, writeInteger } from "./integers.ts";
import { latin1 } from "./latin1.ts";

// The first octet of a string: whether it is in Huffman code, and its length in the other bits.
const huffmanFlag = 0x80;
const lengthBits = 7;

/**
 * RFC 7541 §5.2: the string at the cursor. One of more than `maxLength` octets is not made: it is an {@link HpackError}
 * of a list too large.
 */
export function readString(cursor: Cursor, maxLength: number): string {
  const { bytes, at, end } = cursor;
  const length = readInteger(cursor, lengthBits);
  const start = cursor.at;
  if (length > end - start) {
    throw compressionError("the block ends within a string");
  }
  cursor.at = start + length;
  if ((bytes[at] as number) & huffmanFlag) {
    return huffmanDecode(bytes, start, cursor.at, maxLength) ?? tooLong();
  }
  return length <= maxLength ? latin1(bytes, start, cursor.at) : tooLong();
}

function tooLong(): never {
  throw new HpackError("LIST_TOO_LARGE", "a string that is longer than a list may be");
}

/** RFC 7541 §5.2: writes `text`, in Huffman code where that is shorter, and returns where it ends. */
export function writeString(bytes: Uint8Array, at: number, text: string): number {
  const coded = huffmanLength(text);
  if (coded < text.length) {
    return huffmanEncode(bytes, writeInteger(bytes, at, huffmanFlag, lengthBits, coded), text);
  }
  let end = writeInteger(bytes, at, 0, lengthBits, text.length);
  for (let i = 0; i < text.length; i++) {
    bytes[end++] = text.charCodeAt(i);
  }
  return end;
}

/** What `writeString` takes at most. */
export function maxStringLength(text: string): number {
  return maxIntegerLength + text.length;
}
