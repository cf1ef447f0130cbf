import { withEmbedded } from "./embedded.ts";
import { type Result, suite } from "./report.ts";
import { type Runtime, runVitest } from "./vitest.ts";

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
