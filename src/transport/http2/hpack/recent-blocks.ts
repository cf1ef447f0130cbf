import type { FieldList } from "./field.ts";

/**
 * The last blocks, octet for octet, and what they said. Those that have nothing to do with the dynamic table say the same each time,
 * and a server repeats itself: its answers to good calls are two blocks, again and again.
 */
export interface RecentBlocks {
  find(bytes: Uint8Array, start: number, end: number): FieldList | undefined;
  add(bytes: Uint8Array, start: number, end: number, fields: FieldList): void;
  clear(): void;
}

interface Block {
  readonly bytes: Uint8Array;
  readonly fields: FieldList;
}

const mostBlocks = 4;
// Longer ones have something in them that does not come again.
const mostBytes = 512;

export function createRecentBlocks(): RecentBlocks {
  // A block comes in at the end, and forward by one each time it is found: those that come once only drive out each other.
  const blocks: Block[] = [];

  return {
    find(bytes, start, end) {
      for (let i = 0; i < blocks.length; i++) {
        const block = blocks[i] as Block;
        if (equal(block.bytes, bytes, start, end)) {
          if (i > 0) {
            blocks[i] = blocks[i - 1] as Block;
            blocks[i - 1] = block;
          }
          return block.fields;
        }
      }
      return undefined;
    },
    add(bytes, start, end, fields) {
      if (end - start <= mostBytes) {
        // A copy: the octets around are a piece of what came from the socket, and go with it.
        const block = { bytes: new Uint8Array(bytes.subarray(start, end)), fields };
        blocks[Math.min(blocks.length, mostBlocks - 1)] = block;
      }
    },
    clear() {
      blocks.length = 0;
    },
  };
}

function equal(block: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (block.length !== end - start) {
    return false;
  }
  for (let i = 0; i < block.length; i++) {
    if (block[i] !== bytes[start + i]) {
      return false;
    }
  }
  return true;
}
