// What protobuf writes, of which a message has a few each.

const encoder = new TextEncoder();

/** How many bytes {@link writeVarint} writes. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
    length++;
  }
  return length;
}

/** Writes a safe integer, seven bits a byte, the lowest first. Gives where the next byte goes. */
export function writeVarint(bytes: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  // What bits can be cut off from is faster by far.
  while (rest > 0x7f_ff_ff_ff) {
    bytes[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}

/** Writes a text in UTF-8 behind its length. Gives where the next byte goes. */
export function writeText(bytes: Uint8Array, start: number, text: string): number {
  const length = utf8Length(text);
  const at = writeVarint(bytes, start, length);
  if (length === text.length && length < 64) {
    // ASCII, and short: the encoder would cost more than this loop.
    for (let i = 0; i < length; i++) {
      bytes[at + i] = text.charCodeAt(i);
    }
  } else {
    encoder.encodeInto(text, bytes.subarray(at));
  }
  return at + length;
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
