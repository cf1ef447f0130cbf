import { spawn } from "node:child_process";

export interface RunOptions {
  env?: Record<string, string>;
  timeoutMs?: number;
}

export interface Finished {
  /** The exit code; 124 when the time was over. */
  code: number;
  /** What it printed, both streams. */
  output: string;
}

/** Runs a command of the project (its npm packages' come first) to its end. */
export function run(
  command: string,
  args: string[],
  { env = {}, timeoutMs = 600_000 }: RunOptions = {},
): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env: { ...environment(), ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, timeoutMs);
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", (error) => {
      clearTimeout(timer);
      resolve({ code: 127, output: `${output}${error.message}` });
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code: late ? 124 : (code ?? 1), output: late ? `${output}\n(ended after ${timeoutMs} ms)` : output });
    });
  });
}

/** The environment of the project's commands: its own packages on the path, no settings of an outer runner. */
export function environment(): Record<string, string> {
  const { PATH = "", ...rest } = process.env as Record<string, string>;
  return { ...rest, PATH: `${process.cwd()}/node_modules/.bin:${PATH}`, NO_COLOR: "1" };
}
