import { withEmbedded } from "./embedded.ts";
import { inLanes } from "./lanes.ts";
import { type Result, suite } from "./report.ts";
import { run } from "./run.ts";
import { type Runtime, runNatively, runVitest } from "./vitest.ts";

/** What the embedded broker can be made to do to a client, and what it can be made to answer, from each runtime. */
export function faultSuites(runtimes: readonly Runtime[]): Promise<Result[]> {
  const runs = runtimes.flatMap((runtime) => [
    ...["node", "socket"].map((transport) => () => {
      const env = { DANUBE_TRANSPORT: transport };
      return suite(`faults on ${runtime}, over ${transport}`, () => runVitest(runtime, "faults", env));
    }),
    () => suite(`errors on ${runtime}`, () => runVitest(runtime, "errors")),
  ]);
  runs.push(() => suite("errors on node, over node", () => runVitest("node", "errors", { DANUBE_TRANSPORT: "node" })));
  return inLanes(runs, (one) => one());
}

interface NativeProgram {
  name: string;
  file: string;
  args?: string[];
  timeoutMs: number;
  /** Whether what it printed is right. */
  right(output: string, runtime: Runtime): boolean;
}

/** Run by the runtime itself, not by vitest: each must end by itself, with 0, in its time. */
const nativePrograms: NativeProgram[] = [
  {
    name: "the package by its name",
    file: "test/runtimes/smoke.ts",
    timeoutMs: 30_000,
    right(output, runtime) {
      const told = JSON.parse(output.trim().split("\n").at(-1) ?? "{}") as { resolved?: string; texts?: string[] };
      const entry = runtime === "node" ? "/dist/src/index.js" : "/src/index.ts";
      return told.resolved?.endsWith(entry) === true && String(told.texts) === "one,two";
    },
  },
  {
    name: "an idle client does not hold the process",
    file: "test/runtimes/idle.ts",
    timeoutMs: 20_000,
    right: (output) => output.includes("sent"),
  },
  {
    name: "a client that gave up does not hold the process",
    file: "test/runtimes/gives-up.ts",
    timeoutMs: 8_000,
    right: (output) => output.includes("TIMEOUT"),
  },
  {
    name: "danube quickstart",
    file: "src/cli/main.ts",
    args: ["quickstart"],
    timeoutMs: 60_000,
    right: (output) => output.includes("1,024 lines: every line arrived, once and in order"),
  },
];

/** The {@link nativePrograms} on each runtime. */
export async function nativeSuites(runtimes: readonly Runtime[]): Promise<Result[]> {
  return withEmbedded(1, async (urls) => {
    const env = { DANUBE_URL: urls.join(",") };
    const results: Result[] = [];
    for (const runtime of runtimes) {
      for (const { name, file, args, timeoutMs, right } of nativePrograms) {
        results.push(
          await suite(`${name}, on ${runtime}`, async () => {
            const { code, output } = await runNatively(runtime, file, env, timeoutMs, args);
            return code === 0 && right(output, runtime)
              ? { passed: 1, failed: 0, output }
              : { passed: 0, failed: 1, output: `ended with ${code}\n${output}` };
          }),
        );
      }
    }
    return results;
  });
}

/** Workers that publish, in workerd, which is Cloudflare's own. Node runs the tests and the brokers. */
export async function workerSuites(): Promise<Result[]> {
  return [await suite("Workers in workerd", () => runVitest("node", "workers"))];
}

/** Builds dist/, which everything on Node runs. */
export async function build(): Promise<Result> {
  return suite("build", async () => {
    const { code, output } = await run("node", ["scripts/build.ts"]);
    return code === 0 ? { passed: 1, failed: 0, output } : { passed: 0, failed: 1, output };
  });
}
