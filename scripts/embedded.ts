import { spawn } from "node:child_process";
import type { BrokerGeneration } from "../src/testing/generations.ts";
import { environment } from "./run.ts";

/** The embedded broker in a process of its own, by the command that users have. */
export async function withEmbedded<T>(
  brokers: number,
  work: (urls: string[]) => Promise<T>,
  generation: BrokerGeneration = "0.15",
  connectUrl?: string,
): Promise<T> {
  const options = ["--port", "0", "--brokers", String(brokers), "--generation", generation, "--json"];
  const proxied = connectUrl === undefined ? [] : ["--connect-url", connectUrl];
  const args = ["dist/src/cli/main.js", "broker", ...options, ...proxied];
  const child = spawn("node", args, { env: environment(), stdio: ["ignore", "pipe", "inherit"] });
  try {
    const urls = await new Promise<string[]>((resolve, reject) => {
      let text = "";
      child.stdout.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes("\n")) {
          resolve((JSON.parse(text) as { urls: string[] }).urls);
        }
      });
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`the embedded broker ended with ${code}`)));
    });
    return await work(urls);
  } finally {
    child.kill("SIGTERM");
  }
}
