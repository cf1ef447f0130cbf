// Makes dist/, what npm publishes: ES modules, declarations and source maps, by tsc alone.
import { chmodSync, rmSync } from "node:fs";
import { run } from "./run.ts";

rmSync("dist", { recursive: true, force: true });
const { code, output } = await run("tsc", ["-p", "tsconfig.build.json"]);
if (code !== 0) {
  console.error(output);
  process.exit(1);
}
chmodSync("dist/src/cli/main.js", 0o755);
