import { describe, expect, test } from "vitest";
import { createDecoder } from "../../../../src/transport/http2/hpack/decoder.ts";
import type { DynamicTableView } from "../../../../src/transport/http2/hpack/dynamic-table.ts";
import { createEncoder, prepareFields } from "../../../../src/transport/http2/hpack/encoder.ts";
import { seeded } from "../../support/random.ts";
import { indexedNames, randomList } from "./lists.ts";

const seeds = Number(process.env["SEEDS"] ?? 200);

const entries = (table: DynamicTableView) => Array.from({ length: table.length }, (_, i) => table.get(i));

describe("whatever is encoded", () => {
  test("is decoded to the same, and both tables stay equal, while sizes change", {
    timeout: 10_000 + 100 * seeds,
  }, () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const random = seeded(seed);
      const limit = random.pick([0, 50, 256, 4_096, 10_000]);
      const encoder = createEncoder({ indexed: indexedNames, maxTableSize: random.pick([limit, limit, 100, 20_000]) });
      const decoder = createDecoder({ maxTableSize: limit, maxListSize: 100_000 });
      const prepared = Array.from({ length: 4 }, () => prepareFields(randomList(random)));
      if (limit < 4_096 || random.next() < 0.5) {
        encoder.setMaxTableSize(limit);
      }
      for (let block = 0; block < 60; block++) {
        for (let change = random.pick([0, 0, 0, 1, 3]); change > 0; change--) {
          encoder.setMaxTableSize(random.pick([0, 34, limit, random.below(limit + 1)].filter((size) => size <= limit)));
        }
        const fields = randomList(random);
        const first = random.next() < 0.5 ? random.pick(prepared) : undefined;
        const octets = first ? encoder.encodePrepared(first, fields) : encoder.encode(fields);
        expect(decoder.decode(octets), `seed ${seed}`).toEqual([...(first?.fields ?? []), ...fields]);
        expect(entries(decoder.table), `seed ${seed}`).toEqual(entries(encoder.table));
        expect([decoder.table.size, decoder.table.maxSize]).toEqual([encoder.table.size, encoder.table.maxSize]);
        expect(decoder.table.size).toBeLessThanOrEqual(decoder.table.maxSize);
      }
    }
  });
});
