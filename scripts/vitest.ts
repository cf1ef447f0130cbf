import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { type Finished, run } from "./run.ts";

export type Runtime = "node" | "deno" | "bun";
export const runtimes: readonly Runtime[] = ["node", "deno", "bun"];

const vitest = "node_modules/vitest/vitest.mjs";
// Each with the pool that its runtime gets along with: Bun not with forks, Deno not with threads.
const commands: Record<Runtime, [command: string, ...args: string[]]> = {
  node: ["node", vitest],
  deno: ["deno", "run", "-A", vitest],
  bun: ["bun", "--bun", vitest],
};
const pools: Record<Runtime, string> = { node: "forks", deno: "forks", bun: "threads" };

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numTotalTests: number;
  success: boolean;
  testResults: {
    name: string;
    message: string;
    assertionResults: { title: string; status: string; failureMessages: string[] }[];
  }[];
}

export interface VitestRun {
  passed: number;
  failed: number;
  output: string;
}

let runs = 0;

/**
 * Runs a vitest project under a runtime. Tests that were expected and did not report count as failed, and so does a
 * run that ended badly though its tests did not.
 */
export async function runVitest(
  runtime: Runtime,
  project: string,
  env: Record<string, string> = {},
  expected: readonly string[] = [],
): Promise<VitestRun> {
  const file = `.test-results/${process.pid}-${++runs}.json`;
  mkdirSync(".test-results", { recursive: true });
  const [command, ...args] = commands[runtime];
  const options = [
    "run",
    "--project",
    project,
    "--pool",
    pools[runtime],
    "--reporter=json",
    "--reporter=default",
    `--outputFile.json=${file}`,
  ];
  const { code, output } = await run(command, [...args, ...options], { env });
  const report = readReport(file);
  if (!report) {
    return { passed: 0, failed: Math.max(1, expected.length), output };
  }
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const reported = new Set(
    results.filter(({ status }) => status === "passed" || status === "failed").map(({ title }) => title),
  );
  const missing = expected.filter((title) => !reported.has(title));
  const passed = results.filter(({ status }) => status === "passed").length;
  const failures = results.filter(({ status }) => status !== "passed");
  const broken = failures.length === 0 && missing.length === 0 && (code !== 0 || !report.success) ? 1 : 0;
  const silent = missing.map((title) => `did not report: ${title}`).join("\n");
  return { passed, failed: failures.length + missing.length + broken, output: `${output}\n${silent}` };
}

function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    return undefined;
  } finally {
    rmSync(file, { force: true });
  }
}

/** How each runtime runs a file by itself. */
export const nativeCommands: Record<Runtime, readonly [command: string, ...args: string[]]> = {
  node: ["node"],
  deno: ["deno", "run", "-A"],
  bun: ["bun", "run"],
};

/** Runs a file by the runtime itself. */
export function runNatively(
  runtime: Runtime,
  file: string,
  env: Record<string, string> = {},
  timeoutMs = 60_000,
  args: string[] = [],
): Promise<Finished> {
  const [command, ...options] = nativeCommands[runtime];
  return run(command, [...options, file, ...args], { env, timeoutMs });
}
