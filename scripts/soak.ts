import { inLanes } from "./lanes.ts";
import { type Result, suite } from "./report.ts";
import { type Runtime, runNatively } from "./vitest.ts";

/** Two minutes in all. By hand it is done for longer: `npm run soak -- --seconds 1800`. */
const seconds = 30;

/** Random troubles, every message accounted for: over the socket from each runtime, and over node:http2 from Node. */
export function soakSuites(runtimes: readonly Runtime[]): Promise<Result[]> {
  const runs = [
    ...runtimes.map((runtime) => ({ runtime, transport: "socket" })),
    { runtime: "node", transport: "node" },
  ];
  return inLanes(runs as { runtime: Runtime; transport: string }[], ({ runtime, transport }) =>
    suite(`soak of ${seconds} s on ${runtime}, over ${transport}`, async () => {
      const args = ["--seconds", String(seconds), "--transport", transport];
      const { code, output } = await runNatively(runtime, "test/soak/main.ts", {}, 300_000, args);
      const rounds = output.match(/^\{"seed".*"rounds":/gm)?.length ?? 0;
      const findings = Number(/^(\d+) findings$/m.exec(output)?.[1] ?? 1);
      return { passed: rounds, failed: code === 0 && rounds > 0 ? 0 : Math.max(1, findings), output };
    }),
  );
}
