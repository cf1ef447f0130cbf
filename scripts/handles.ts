import { controlledBrokers } from "../test/runtimes/controlled-brokers.ts";
import { type Result, suite } from "./report.ts";
import { run } from "./run.ts";
import { nativeCommands, type Runtime } from "./vitest.ts";

const file = "test/runtimes/handles.ts";
const commands: typeof nativeCommands = {
  ...nativeCommands,
  deno: ["deno", "test", "-A", "--no-check", "--reporter=tap"],
};

/** That nothing is open when a client is closed, from each runtime, over both transports. */
export async function handleSuites(runtimes: readonly Runtime[]): Promise<Result[]> {
  const brokers = await controlledBrokers();
  const results: Result[] = [];
  try {
    for (const runtime of runtimes) {
      for (const transport of ["node", "socket"]) {
        const env = { ...brokers.env, DANUBE_TRANSPORT: transport };
        const name = `no open handle after close, on ${runtime}, over ${transport}`;
        results.push(await suite(name, () => runCases(runtime, env)));
      }
    }
  } finally {
    await brokers.close();
  }
  return results;
}

async function runCases(
  runtime: Runtime,
  env: Record<string, string>,
): Promise<{ passed: number; failed: number; output: string }> {
  const [command, ...args] = commands[runtime];
  const { code, output } = await run(command, [...args, file], { env, timeoutMs: 60_000 });
  const count = (line: RegExp) => output.match(line)?.length ?? 0;
  const passed = count(/^ok /gm);
  const failed = count(/^not ok /gm);
  // Those that were to run, of which some may not have.
  const planned = Number(/^1\.\.(\d+)$/m.exec(output)?.[1] ?? 0);
  const missing = Math.max(0, planned - passed - failed);
  const bad = code !== 0 || planned === 0;
  return {
    passed,
    failed: failed + missing + (bad && failed + missing === 0 ? 1 : 0),
    output: `ended with ${code}\n${output}`,
  };
}
