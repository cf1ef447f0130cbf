// Runs the contract suite from every runtime: against DANUBE_URL (seeds, comma-separated) where that is set, else
// against an embedded standalone broker and an embedded cluster of three. `--runtime node` runs one runtime.
import { parseArgs } from "node:util";
import { conclude } from "./report.ts";
import { run } from "./run.ts";
import { contractSuites } from "./suites.ts";
import { type Runtime, runtimes } from "./vitest.ts";

const { values } = parseArgs({ options: { runtime: { type: "string", multiple: true } } });
const chosen = values.runtime ?? [...runtimes];
const unknown = chosen.filter((name) => !(runtimes as readonly string[]).includes(name));
if (unknown.length > 0) {
  console.error(`there is no runtime ${unknown.join(", ")}; there are ${runtimes.join(", ")}`);
  process.exit(2);
}
const built = await run("npm", ["run", "-s", "build"]);
if (built.code !== 0) {
  console.error(built.output);
  process.exit(1);
}
process.exit(conclude(await contractSuites(chosen as Runtime[])));
