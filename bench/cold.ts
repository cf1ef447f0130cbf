import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";
import { environment } from "../scripts/run.ts";
import { nativeCommands, type Runtime, runtimes } from "../scripts/vitest.ts";
import type { TransportName } from "../src/index.ts";
import { freshTopic } from "./row.ts";
import { build, withBroker } from "./servers.ts";
import { median } from "./table.ts";

export interface ColdOptions {
  rounds: number;
  transports: readonly TransportName[];
  /** Chooses by `RUNTIME, TRANSPORT`. */
  rows: RegExp;
  json: boolean;
}

/** Until the first acknowledgement, in milliseconds. */
interface Cold {
  /** As whoever started the process sees it: with the start of the runtime. */
  seen: number;
  /** By the clock of the process, which begins when the runtime lets it. */
  own: number;
}

interface ColdRow {
  readonly runtime: Runtime;
  readonly transport: TransportName;
}

/** The library as the users of a runtime get it: npm's has compiled files for Node, and JSR's and Bun's has not. */
const entries: Record<Runtime, string> = { node: "dist/src/index.js", deno: "src/index.ts", bun: "src/index.ts" };

/** Prints how long a fresh process of each runtime takes to its first acknowledged message. */
export async function cold({ rounds, transports, rows: wanted, json }: ColdOptions): Promise<void> {
  const rows = runtimes
    .flatMap((runtime) => transports.map((transport) => ({ runtime, transport })))
    .filter(({ runtime, transport }) => wanted.test(`${runtime}, ${transport}`));
  await build();
  await withBroker(async ({ what, brokers: [url = ""] }) => {
    const results = rows.map((row) => ({ ...row, rounds: [] as Cold[] }));
    // The first is for nothing: it finds no cache of what is compiled, and the files are not in memory.
    for (let round = -1; round < rounds; round++) {
      for (const row of results) {
        const one = await coldStart(row, url);
        if (round >= 0) {
          row.rounds.push(one);
        }
      }
    }
    if (json) {
      console.log(JSON.stringify({ server: what, rounds, rows: results }));
      return;
    }
    console.log(`server: ${what}, rounds: ${rounds}`);
    console.log(
      `${"first message acknowledged, ms".padEnd(36)}${"seen".padStart(8)}${"own".padStart(8)}   beside node`,
    );
    for (const { runtime, transport, rounds: mine } of results) {
      const theirs = results.find((other) => other.runtime === runtime && other.transport === "node")?.rounds;
      const beside = transport !== "node" && theirs ? besides(mine, theirs) : "";
      const [seen, own] = [median(mine.map((one) => one.seen)), median(mine.map((one) => one.own))];
      const figures = `${seen.toFixed(0).padStart(8)}${own.toFixed(0).padStart(8)}`;
      console.log(`${`${runtime}, ${transport}`.padEnd(36)}${figures}   ${beside}`.trimEnd());
    }
  });
}

/** Of each round, and of those the median. */
function besides(mine: readonly Cold[], theirs: readonly Cold[]): string {
  const ratio = (of: (one: Cold) => number) => median(mine.map((one, round) => of(one) / of(theirs[round] as Cold)));
  return `${ratio((one) => one.seen).toFixed(2)} (own ${ratio((one) => one.own).toFixed(2)})`;
}

async function coldStart({ runtime, transport }: ColdRow, url: string): Promise<Cold> {
  const [command, ...options] = nativeCommands[runtime];
  const entry = pathToFileURL(entries[runtime]).href;
  const args = [...options, "bench/cold-start.mjs", entry, url, transport, freshTopic()];
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(command, args, { env: environment(), stdio: ["ignore", "pipe", "inherit"] });
    let told: Cold | undefined;
    child.stdout.once("data", (chunk: Buffer) => {
      told = { seen: performance.now() - startedAt, own: Number(chunk.toString()) };
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (told && code === 0) {
        resolve(told);
      } else {
        reject(new Error(`the process of ${runtime} ended with ${code}`));
      }
    });
  });
}
