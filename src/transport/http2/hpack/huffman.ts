import { compressionError } from "./hpack-error.ts";
import { endOfString, type HuffmanCode, huffmanCode } from "./huffman-code.ts";
import { latin1 } from "./latin1.ts";

// Made when the first string needs it: the first call of a program does not wait for what it has no use for.
let code: HuffmanCode | undefined;
let machine: { readonly tree: Int16Array; readonly transitions: Uint32Array } | undefined;

/** How many octets `text` takes in Huffman code. Its characters are octets. */
export function huffmanLength(text: string): number {
  code ??= huffmanCode();
  const { lengths } = code;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    bits += lengths[text.charCodeAt(i)] as number;
  }
  return (bits + 7) >>> 3;
}

/** RFC 7541 §5.2: writes `text` from `at` on, and returns where it ends. */
export function huffmanEncode(bytes: Uint8Array, at: number, text: string): number {
  code ??= huffmanCode();
  const { codes, lengths } = code;
  let octet = 0;
  // Bits of `octet` that are not taken yet.
  let room = 8;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i);
    const bits = codes[symbol] as number;
    let left = lengths[symbol] as number;
    while (left >= room) {
      left -= room;
      bytes[at++] = octet | ((bits >>> left) & 0xff);
      octet = 0;
      room = 8;
    }
    room -= left;
    octet |= (bits << room) & 0xff;
  }
  if (room < 8) {
    // The beginning of end of string: ones.
    bytes[at++] = octet | ((1 << room) - 1);
  }
  return at;
}

// A transition: the state that follows, above it the symbol that is complete, and whether there is one.
const stateBits = 0xff;
const emits = 1 << 16;
const fails = 1 << 17;

// Strings are put together in pieces of this length.
const piece = new Uint8Array(256);

/**
 * RFC 7541 §5.2: the text in `bytes` from `start` to `end`, four bits a step. Throws an {@link HpackError}, or returns
 * `undefined` for a text longer than `maxLength`.
 */
export function huffmanDecode(bytes: Uint8Array, start: number, end: number, maxLength: number): string | undefined {
  machine ??= createMachine();
  const { tree, transitions } = machine;
  let text = "";
  let length = 0;
  let state = 0;
  for (let at = start; at < end; at++) {
    const octet = bytes[at] as number;
    for (let shift = 4; shift >= 0; shift -= 4) {
      const step = (state << 4) | ((octet >>> shift) & 0xf);
      let transition = transitions[step] as number;
      // None is 0: nothing leads to the first state but the end of a code. So this one was not needed before.
      if (transition === 0) {
        transition = follow(tree, step);
        transitions[step] = transition;
      }
      if (transition >= emits) {
        if (transition >= fails) {
          throw compressionError("end of string within a string");
        }
        piece[length++] = transition >>> 8;
        if (length === piece.length) {
          text += latin1(piece, 0, length);
          length = 0;
        }
      }
      state = transition & stateBits;
    }
    if (text.length + length > maxLength) {
      return undefined;
    }
  }
  // The states of 0 to 7 bits of end of string (see below), the only padding there is.
  if (state > 7) {
    throw compressionError("padding that is longer than 7 bits or not of ones");
  }
  return text + latin1(piece, 0, length);
}

/**
 * A state is a beginning of codes: a node of their tree. There are 256 of them, one less than symbols. End of string
 * comes into the tree first, so that its beginnings, which are what padding may be, are the states 0, 1, 2, …
 */
function createMachine(): { tree: Int16Array; transitions: Uint32Array } {
  code ??= huffmanCode();
  // What a node leads to by 0 and by 1: a node, ~symbol for the end of a code, or nothing yet, as nothing leads to the root.
  const tree = new Int16Array(2 * endOfString);
  let nodes = 1;
  for (let symbol = endOfString; symbol >= 0; symbol--) {
    const bits = code.codes[symbol] as number;
    let node = 0;
    for (let left = (code.lengths[symbol] as number) - 1; left > 0; left--) {
      const branch = 2 * node + ((bits >>> left) & 1);
      tree[branch] ||= nodes++;
      node = tree[branch] as number;
    }
    tree[2 * node + (bits & 1)] = ~symbol;
  }
  return { tree, transitions: new Uint32Array(16 * nodes) };
}

/** Where a state leads with four bits, the lower half of `step`. No code is shorter than five, so at most one ends on the way. */
function follow(tree: Int16Array, step: number): number {
  let node = step >>> 4;
  let found = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const next = tree[2 * node + ((step >>> bit) & 1)] as number;
    if (next === ~endOfString) {
      return fails;
    }
    if (next < 0) {
      found = emits | (~next << 8);
    }
    node = Math.max(next, 0);
  }
  return found | node;
}
