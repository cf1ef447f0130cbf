// Runs the contract suite from every runtime: against DANUBE_URL (seeds, comma-separated) where that is set, else
// against embedded brokers: a standalone one, and clusters of every generation. `--runtime node` runs one runtime.
// `--generation 0.4` says what the brokers of DANUBE_URL are (default 0.15), or which embedded ones to take.
import { parseArgs } from "node:util";
import { generations } from "../src/testing/generations.ts";
import { contractSuites } from "./contract-suites.ts";
import { conclude } from "./report.ts";
import { build } from "./suites.ts";
import { runtimes } from "./vitest.ts";

const { values } = parseArgs({
  options: { runtime: { type: "string", multiple: true }, generation: { type: "string" } },
});

/** What was asked for, if there is such a thing. */
function among<T extends string>(what: string, asked: string, all: readonly T[]): T {
  const found = all.find((one) => one === asked);
  if (found === undefined) {
    console.error(`there is no ${what} ${asked}; there are ${all.join(", ")}`);
    process.exit(2);
  }
  return found;
}

const chosen = values.runtime?.map((name) => among("runtime", name, runtimes)) ?? runtimes;
const generation = values.generation === undefined ? undefined : among("generation", values.generation, generations);
const { failed } = await build();
process.exit(failed > 0 ? 1 : conclude(await contractSuites({ runtimes: chosen, generation })));
