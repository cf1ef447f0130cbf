import { describe, expect, test } from "vitest";
import { runEmbedded } from "./embedded.ts";
import { errorRows } from "./rows.ts";

// What brokers answer, one test for each row of the table in docs/brokers.md, on the embedded broker. The same rows
// are run against real brokers by scripts/error-rows.ts.

test("the rows can be told apart, and each says how it is brought about or why not", () => {
  expect(new Set(errorRows.map(({ id }) => id)).size).toBe(errorRows.length);
  for (const { id, provoke, unreal, onDemand, rpcs } of errorRows) {
    expect({ id, told: [unreal !== undefined, onDemand !== undefined || provoke !== undefined] }).toEqual({
      id,
      told: [provoke === undefined, true],
    });
    expect(rpcs.length).toBeGreaterThan(0);
  }
});

describe.concurrent("on the embedded broker", () => {
  test.each(errorRows.map((row) => ({ row, name: `${row.id}: ${row.when}` })))(
    "$name",
    { timeout: 60_000 },
    async ({ row }) => {
      const outcomes = await runEmbedded(row);
      expect(outcomes.length).toBeGreaterThan(0);
      expect(outcomes.flatMap(({ how, differs }) => (differs === undefined ? [] : [`${how}: ${differs}`]))).toEqual([]);
    },
  );
});
