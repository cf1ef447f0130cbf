import { withEmbedded } from "./embedded.ts";
import { type Result, suite } from "./report.ts";
import { run } from "./run.ts";
import { type Runtime, runNatively, runVitest } from "./vitest.ts";

/** The contract suite from each runtime, on the brokers of DANUBE_URL or on embedded ones. */
export async function contractSuites(runtimes: readonly Runtime[]): Promise<Result[]> {
  const given = process.env["DANUBE_URL"];
  // By its name, as a user would; dist/ is there by now.
  const { cases } = await import("../test/contract/cases.ts");
  const expected = cases.map(({ name }) => name);
  const results: Result[] = [];

  const onBrokers = async (what: string, env: Record<string, string>) => {
    for (const runtime of runtimes) {
      results.push(await suite(`contract on ${runtime}, ${what}`, () => runVitest(runtime, "contract", env, expected)));
    }
  };

  if (given) {
    await onBrokers(`brokers at ${given}`, { DANUBE_URL: given, DANUBE_BROKER: "real" });
    return results;
  }
  for (const [count, what] of [
    [1, "embedded standalone broker"],
    [3, "embedded cluster of 3"],
  ] as const) {
    await withEmbedded(count, (urls) => onBrokers(what, { DANUBE_URL: urls.join(","), DANUBE_BROKER: "embedded" }));
  }
  return results;
}

/** What the embedded broker can be made to do to a client, from each runtime. */
export async function faultSuites(runtimes: readonly Runtime[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const runtime of runtimes) {
    results.push(await suite(`faults on ${runtime}`, () => runVitest(runtime, "faults")));
  }
  return results;
}

/** The package by its name, run natively: the right files, a broker's death, and a process that ends by itself. */
export async function nativeSuites(runtimes: readonly Runtime[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const runtime of runtimes) {
    const entry = runtime === "node" ? "/dist/src/index.js" : "/src/index.ts";
    results.push(
      await suite(`the package by its name on ${runtime}`, async () => {
        const { code, output } = await runNatively(runtime, "test/runtimes/smoke.ts");
        const told =
          code === 0 ? (JSON.parse(output.trim().split("\n").at(-1) ?? "{}") as Record<string, unknown>) : {};
        const right = String(told["resolved"]).endsWith(entry) && String(told["texts"]) === "one,two";
        return right
          ? { passed: 1, failed: 0, output }
          : { passed: 0, failed: 1, output: `ended with ${code}\n${output}` };
      }),
      await suite(`an idle client does not hold ${runtime}`, () =>
        withEmbedded(1, async (urls) => {
          const env = { DANUBE_URL: urls.join(",") };
          const { code, output } = await runNatively(runtime, "test/runtimes/idle.ts", env, 20_000);
          const right = code === 0 && output.includes("sent");
          return right
            ? { passed: 1, failed: 0, output }
            : { passed: 0, failed: 1, output: `ended with ${code}\n${output}` };
        })),
      await suite(`danube quickstart on ${runtime}`, async () => {
        const { code, output } = await runNatively(runtime, "src/cli/main.ts", {}, 60_000, ["quickstart"]);
        const right = code === 0 && output.includes("1,024 lines: every line arrived, once and in order");
        return right
          ? { passed: 1, failed: 0, output }
          : { passed: 0, failed: 1, output: `ended with ${code}\n${output}` };
      }),
    );
  }
  return results;
}

/** Builds dist/, which everything on Node runs. */
export async function build(): Promise<Result> {
  return suite("build", async () => {
    const { code, output } = await run("node", ["scripts/build.ts"]);
    return code === 0 ? { passed: 1, failed: 0, output } : { passed: 0, failed: 1, output };
  });
}
