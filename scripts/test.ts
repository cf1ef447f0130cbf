// npm test: everything, and how many of it passed. On a machine with Node 20 and npm, after npm install, it needs
// nothing else; inside npm scripts `node` is the one of the dev dependencies. What needs a program that is not there is
// told as not run.
import { checkSuite } from "./checks.ts";
import { conformanceSuites } from "./conformance.ts";
import { contractSuites } from "./contract-suites.ts";
import { exampleSuites } from "./examples.ts";
import { handleSuites } from "./handles.ts";
import { interopSuites } from "./interop.ts";
import { conclude, type Result, suite } from "./report.ts";
import { soakSuites } from "./soak.ts";
import { build, faultSuites, nativeSuites, workerSuites } from "./suites.ts";
import { runtimes, runVitest } from "./vitest.ts";

const results: Result[] = [await build()];
if (results[0]?.failed === 0) {
  results.push(await suite("unit tests", () => runVitest("node", "unit")));
  results.push(...(await checkSuite()));
  results.push(...(await nativeSuites(runtimes)));
  results.push(...(await handleSuites(runtimes)));
  results.push(...(await workerSuites()));
  results.push(...(await exampleSuites(runtimes)));
  results.push(...(await contractSuites({ runtimes })));
  results.push(...(await interopSuites(runtimes)));
  results.push(...(await conformanceSuites(runtimes)));
  results.push(...(await faultSuites(runtimes)));
  results.push(...(await soakSuites(runtimes)));
}
process.exit(conclude(results));
