// The client and its connection with programs that others have written, where they are installed. `node scripts/interop.ts`
// runs this alone.
import { inLanes } from "./lanes.ts";
import { conclude, needing, type Program, type Result, suite } from "./report.ts";
import { build } from "./suites.ts";
import { type Runtime, runtimes, runVitest } from "./vitest.ts";

/** The vitest projects, each with the program that it needs. */
const peers: readonly (readonly [project: string, program: Program])[] = [
  ["envoy", "Envoy"],
  ["grpc-web", "Envoy"],
  ["nghttpd", "nghttpd"],
  ["grpc-go", "Go"],
];

export async function interopSuites(chosen: readonly Runtime[]): Promise<Result[]> {
  const results = await inLanes(peers, ([project, program]) =>
    needing(`interop with ${project}`, program, async () => {
      const each: Result[] = [];
      for (const runtime of chosen) {
        each.push(await suite(`interop with ${project} on ${runtime}`, () => runVitest(runtime, project)));
      }
      return each;
    }),
  );
  return results.flat();
}

if (import.meta.main) {
  const { failed } = await build();
  process.exit(failed > 0 ? 1 : conclude(await interopSuites(runtimes)));
}
