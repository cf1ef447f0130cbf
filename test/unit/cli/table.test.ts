import { expect, test } from "vitest";
import { plain, table } from "../../../src/cli/table.ts";

test("columns are as wide as what is in them, and lines end with text", () => {
  const text = table(
    ["A", "LONGER", "C"],
    [
      ["one", "x", ""],
      ["2", "yyyyyyyy", "z"],
    ],
  );
  expect(text.split("\n")).toEqual(["A    LONGER    C", "one  x", "2    yyyyyyyy  z"]);
});

test("without rows there are the headings", () => {
  expect(table(["A", "B"], [])).toBe("A  B");
});

test("what others wrote stays on its line", () => {
  expect(plain("a\r\nb\x1b[2Jc\td")).toBe("a b [2Jc d");
  expect(table(["A"], [["a\nb"]]).split("\n")).toHaveLength(2);
});
