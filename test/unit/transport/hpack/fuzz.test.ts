import { describe, expect, test } from "vitest";
import { createDecoder, type Decoder } from "../../../../src/transport/http2/hpack/decoder.ts";
import { createEncoder } from "../../../../src/transport/http2/hpack/encoder.ts";
import { fieldSize } from "../../../../src/transport/http2/hpack/field.ts";
import { HpackError } from "../../../../src/transport/http2/hpack/hpack-error.ts";
import { type Random, seeded } from "../../support/random.ts";
import { indexedNames, randomList } from "./lists.ts";

const blocks = Number(process.env["HPACK_FUZZ"] ?? 200_000);

/** What an encoder made, with some of it changed, or nothing that any encoder would make. */
function mutated(random: Random, block: Uint8Array): Uint8Array {
  if (random.below(10) === 0) {
    return Uint8Array.from({ length: random.below(40) }, () => random.below(256));
  }
  const octets = [...block.subarray(0, 200)];
  for (let change = random.below(4); change > 0; change--) {
    const at = random.below(octets.length + 1);
    const octet = random.pick([random.below(256), 0xff, 0x7f, 0x80, 0x20, 0x3f, 0xbe, 0x00]);
    random.pick([
      () => octets.splice(at, 1, octet),
      () => octets.splice(at, 0, octet),
      () => octets.splice(at, random.below(10)),
      () => octets.splice(at, 1, (octets[at] ?? 0) ^ (1 << random.below(8))),
      () => octets.splice(at),
      () => octets.splice(at, 0, ...octets.slice(random.below(octets.length + 1))),
    ])();
  }
  return Uint8Array.from(octets);
}

function listSize(fields: readonly string[]): number {
  let size = 0;
  for (let i = 0; i < fields.length; i += 2) {
    size += fieldSize(fields[i] as string, fields[i + 1] as string);
  }
  return size;
}

function check(decoder: Decoder, maxTableSize: number): void {
  const { table } = decoder;
  let size = 0;
  for (let i = 0; i < table.length; i++) {
    size += listSize([table.get(i)?.name ?? "", table.get(i)?.value ?? ""]);
  }
  if (table.size !== size || size > table.maxSize || table.maxSize > maxTableSize) {
    throw new Error(`a table of ${size} octets, said to be ${table.size}, of ${table.maxSize}, of ${maxTableSize}`);
  }
}

describe("blocks that no encoder made", () => {
  test(`${blocks.toLocaleString("en")} end in fields or in an HpackError`, { timeout: 60_000 + blocks }, () => {
    const random = seeded(Number(process.env["SEED"] ?? 1));
    const outcomes = { fields: 0, COMPRESSION_ERROR: 0, LIST_TOO_LARGE: 0 };
    for (let done = 0; done < blocks; ) {
      const maxTableSize = random.pick([0, 0, 100, 4_096]);
      const maxListSize = random.pick([100, 1_000, 16_384]);
      const decoder = createDecoder({ maxTableSize, maxListSize });
      const encoder = createEncoder({ indexed: indexedNames, maxTableSize });
      let good = encoder.encode(randomList(random, 4));
      // Some blocks, or until the decoder takes none any more.
      for (let last = done + 50, failed = false; done < last && !failed; done++) {
        if (random.below(4) === 0) {
          good = encoder.encode(randomList(random, 4));
        }
        const block = mutated(random, good);
        try {
          const fields = decoder.decode(block);
          outcomes.fields++;
          if (fields.length % 2 !== 0 || listSize(fields) > maxListSize) {
            throw new Error(`${fields.length} names and values of ${listSize(fields)} octets`);
          }
        } catch (error) {
          if (!(error instanceof HpackError)) {
            throw new Error(`${Buffer.from(block).toString("hex")}: ${error}`, { cause: error });
          }
          outcomes[error.code]++;
          failed = maxTableSize > 0;
        }
        check(decoder, maxTableSize);
      }
    }
    // It tried something.
    expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(blocks / 100);
  });

  test("every beginning of a block ends in fields or in an HpackError", () => {
    const random = seeded(2);
    for (let round = 0; round < 200; round++) {
      const block = createEncoder().encode(randomList(random, 4));
      for (let length = 0; length < block.length; length++) {
        try {
          createDecoder({ maxTableSize: 4_096, maxListSize: 10_000 }).decode(block, 0, length);
        } catch (error) {
          expect(error).toBeInstanceOf(HpackError);
        }
      }
    }
  });
});
