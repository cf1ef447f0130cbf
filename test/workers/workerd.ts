import { readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const certificates = new URL("../certs/", import.meta.url);
export const pem = (name: string): string => readFileSync(new URL(name, certificates), "utf8");

/** A Worker in workerd. */
export interface Worker {
  /** Has a request served, with the JSON of `order`, and gives the JSON of the answer. */
  ask<A>(order: unknown): Promise<A>;
  /** What nobody caught in it, and what workerd has to complain about. */
  problems(): Promise<string[]>;
  close(): Promise<void>;
}

export interface Bundle {
  code: string;
  /** The files in it. */
  files: string[];
  /** What it imports from the runtime. */
  imports: string[];
}

/** Bundles a file of this folder as Workers' tools do: no node:, and packages by their condition `workerd`. */
export async function bundle(file: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    format: "esm",
    platform: "neutral",
    target: "es2024",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*"],
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  const [output] = Object.values(metafile.outputs);
  return {
    code: outputFiles[0]?.text ?? "",
    files: Object.keys(output?.inputs ?? {}),
    imports: output?.imports.map(({ path }) => path) ?? [],
  };
}

/** Starts workerd with a Worker of this folder. It trusts the tests' authority. */
export async function startWorker(file: string): Promise<Worker> {
  const { code } = await bundle(file);
  // Read when it is loaded.
  process.env["NODE_EXTRA_CA_CERTS"] = fileURLToPath(new URL("ca.pem", certificates));
  const { Miniflare } = await import("miniflare");
  let complaints = "";
  const miniflare = new Miniflare({
    modules: true,
    script: code,
    compatibilityDate: "2026-07-01",
    handleRuntimeStdio(stdout: Readable, stderr: Readable) {
      for (const stream of [stdout, stderr]) {
        stream.on("data", (chunk: Buffer) => {
          complaints += chunk.toString();
        });
      }
    },
  });
  await miniflare.ready;
  const fetch = async (init: { method: string; body?: string }) => {
    const response = await miniflare.dispatchFetch("http://worker.test/", init);
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`the Worker answered with ${response.status}: ${text}`);
    }
    return JSON.parse(text);
  };
  return {
    ask: (order) => fetch({ method: "POST", body: JSON.stringify(order) }),
    async problems() {
      // That nobody could be reached is said there too, and no complaint about the Worker.
      const lines = complaints
        .split("\n")
        .filter((line) => /uncaught|unhandled|promise|hang|hung|different request/i.test(line));
      return [...((await fetch({ method: "GET" })) as string[]), ...lines];
    },
    close: () => miniflare.dispose(),
  };
}
