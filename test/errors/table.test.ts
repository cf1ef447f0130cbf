import { describe, expect, test } from "vitest";
import { judge } from "../../src/cluster/error-table.ts";
import { CallFailure } from "../../src/transport/seam.ts";
import { errorRows } from "./rows.ts";
import { filled, spellings } from "./wordings.ts";

// The rows against the table that the client goes by, in the broker's words and in other spellings of them.

const actions = { none: ["fail", "ask"], few: ["again"], time: ["locate", "repeat"] } as const;

// Some answers are none of the table's: those that are OK, and those that the caller is not told of.
const judgedRows = errorRows.filter(({ status, error }) => status !== 0 && error !== undefined);

describe("the table says what the row says", () => {
  test.each(judgedRows.filter(({ id }) => id !== "lookup-no-owner").map((row) => ({ row, name: row.id })))(
    "$name",
    ({ row }) => {
      for (const rpc of row.rpcs) {
        for (const text of spellings(filled(row.words))) {
          const status = row.status as number;
          const { error, action } = judge(rpc, new CallFailure("status", text, { status }), "/default/orders");
          const outcome = rpc === "SendMessage" ? row.error?.outcome : undefined;
          expect({ rpc, text, code: error.code, outcome: error.outcome }).toEqual({
            rpc,
            text,
            code: row.error?.code,
            outcome,
          });
          expect(actions[row.recovery]).toContain(action);
        }
      }
    },
  );
});
