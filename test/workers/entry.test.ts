import { expect, test } from "vitest";
import { bundle } from "./workerd.ts";

test("for Workers, the package's name leads to the entry for them, and to nothing of Node's", async () => {
  const { files, imports } = await bundle("publisher.ts");
  const entries = files.filter((file) => /(^|\/)dist\/src\/(index|edge)\.js$/.test(file));
  expect(entries.map((file) => file.split("/").at(-1))).toEqual(["edge.js"]);
  expect(files.filter((file) => /connect-node|node\.js$/.test(file))).toEqual([]);
  expect(imports).toEqual(["cloudflare:sockets"]);
});
