import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** What a suite found. */
export interface Result {
  suite: string;
  passed: number;
  failed: number;
  /** What to read when something failed. */
  output: string;
  tookMs: number;
}

/** Runs a suite that gives its own counts, and says at once how it ended. */
export async function suite(
  name: string,
  work: () => Promise<{ passed: number; failed: number; output: string }>,
): Promise<Result> {
  const startedAt = Date.now();
  const result = await work().catch((error: unknown) => ({
    passed: 0,
    failed: 1,
    output: String((error as Error)?.stack ?? error),
  }));
  const { passed, failed, output } = result;
  const tookMs = Date.now() - startedAt;
  console.log(
    `${failed === 0 ? "ok  " : "FAIL"} ${name}: ${passed} passed, ${failed} failed (${(tookMs / 1_000).toFixed(1)} s)`,
  );
  if (failed > 0) {
    console.log(output.replace(/^/gm, "     "));
  }
  return { suite: name, passed, failed, output, tookMs };
}

/** Programs that npm does not bring, and the command that is there where they are. */
const programs = { Envoy: "envoy", nghttpx: "nghttpx", nghttpd: "nghttpd", Go: "go" } as const;
export type Program = keyof typeof programs;

/**
 * The suites of `work`, where `program` is installed. Where it is not, nothing fails, but where everything is to run: with
 * DANUBE_TEST=all, as in CI.
 */
export async function needing(name: string, program: Program, work: () => Promise<Result[]>): Promise<Result[]> {
  const { PATH = "" } = process.env;
  if (PATH.split(delimiter).some((folder) => existsSync(join(folder, programs[program])))) {
    return work();
  }
  const why = `not run: ${name} (no ${program})`;
  if (process.env["DANUBE_TEST"] === "all") {
    return [await suite(name, async () => ({ passed: 0, failed: 1, output: why }))];
  }
  console.log(why);
  return [];
}

/** The last line, which counts everything. Gives the exit code. */
export function conclude(results: Result[]): number {
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}
