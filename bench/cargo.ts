import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { run } from "../scripts/run.ts";

/** Where it is; or why it is not there. */
export type Program = { path: string } | { missing: string };

/** Where neither git nor the linter looks. */
const folder = resolve("node_modules/.cache/danube-bench");

/** Builds a program of bench/rust, which takes minutes the first time and a moment after that. */
export async function cargo(program: string, features: readonly string[] = []): Promise<Program> {
  const { code: absent } = await run("cargo", ["--version"]);
  if (absent !== 0) {
    return { missing: "no cargo" };
  }
  const path = join(folder, "release", program);
  if (!existsSync(path)) {
    console.error(`building ${program} of bench/rust; this once it takes some minutes`);
  }
  const what = ["--release", "--locked", "--bin", program, ...features.flatMap((feature) => ["--features", feature])];
  const where = ["--manifest-path", "bench/rust/Cargo.toml", "--target-dir", folder];
  const { code, output } = await run("cargo", ["build", ...what, ...where], { timeoutMs: 3_600_000 });
  const end = output.trimEnd().split("\n").slice(-12).join("\n");
  return code === 0 ? { path } : { missing: `it could not be built:\n${end}` };
}
