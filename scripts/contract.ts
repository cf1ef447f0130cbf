// Runs the contract suite from every runtime: against DANUBE_URL (seeds, comma-separated) where that is set, else
// against an embedded standalone broker and an embedded cluster of three. `--runtime node` runs one runtime.
import { parseArgs } from "node:util";
import { conclude } from "./report.ts";
import { build, contractSuites } from "./suites.ts";
import { type Runtime, runtimes } from "./vitest.ts";

const { values } = parseArgs({ options: { runtime: { type: "string", multiple: true } } });
const chosen = values.runtime ?? [...runtimes];
const unknown = chosen.filter((name) => !(runtimes as readonly string[]).includes(name));
if (unknown.length > 0) {
  console.error(`there is no runtime ${unknown.join(", ")}; there are ${runtimes.join(", ")}`);
  process.exit(2);
}
const { failed } = await build();
process.exit(failed > 0 ? 1 : conclude(await contractSuites(chosen as Runtime[])));
