import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

export interface Ended {
  /** The exit code, or the signal that ended it. */
  code: number | NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
}

/** Starts the command as a user's shell does. Whoever starts it ends its input. */
export function start(args: readonly string[], environment: Record<string, string> = {}): Running {
  const { DANUBE_URL: _, DANUBE_TOKEN: __, NODE_OPTIONS: ___, ...inherited } = process.env;
  const child = spawn(process.execPath, [main, ...args], { env: { ...inherited, ...environment } });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  // A command that ends before it has read everything is no trouble of the test's.
  child.stdin.on("error", () => {});
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code: code ?? signal, ...output }));
  });
  return { child, ended };
}

/** Runs the command to its end. */
export function run(
  args: readonly string[],
  input: string | Uint8Array = "",
  environment: Record<string, string> = {},
): Promise<Ended> {
  const { child, ended } = start(args, environment);
  child.stdin.end(input);
  return ended;
}
