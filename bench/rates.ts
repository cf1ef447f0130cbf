import { availableParallelism } from "node:os";
import process from "node:process";
import { withEmbedded } from "../scripts/embedded.ts";
import { run } from "../scripts/run.ts";
import type { TransportName } from "../src/index.ts";
import { clientRows } from "./client-rows.ts";
import { h2loadRows } from "./h2load.ts";
import type { Figures, Row } from "./row.ts";
import { lines, print } from "./table.ts";

export interface RatesOptions {
  rounds: number;
  /** Of each row in each round. */
  seconds: number;
  json: boolean;
  /** The rows of each take turns with those of the others. */
  transports: readonly TransportName[];
}

/** Messages a second, one 1 KiB message at a time and more; see main.ts. */
export async function rates(options: RatesOptions): Promise<void> {
  const given = process.env["DANUBE_URL"];
  if (given) {
    await onBrokers(given.split(","), `brokers at ${given}`, options);
    return;
  }
  // The command runs from dist/.
  const { code, output } = await run("node", ["scripts/build.ts"]);
  if (code !== 0) {
    throw new Error(output);
  }
  await withEmbedded(1, (urls) => onBrokers(urls, "embedded broker", options));
}

async function onBrokers(brokers: string[], broker: string, options: RatesOptions): Promise<void> {
  const { rounds, seconds, json, transports } = options;
  const ours = transports.flatMap((transport) => clientRows({ brokers, transport }, `${transport}: `));
  const rows = [...ours, ...(await h2loadRows({ brokers }))];
  const setting = { runtime: runtime(), broker, cores: availableParallelism(), rounds, seconds };
  if (!json) {
    console.log(
      Object.entries(setting)
        .map(([name, value]) => `${name}: ${value}`)
        .join(", "),
    );
  }
  // Once for nothing: what is compiled on the way.
  await oneRound(rows, Math.min(0.5, seconds));
  const figures: Figures[][] = [];
  for (let round = 0; round < rounds; round++) {
    figures.push(await oneRound(rows, seconds));
  }
  const result = lines(rows, figures);
  if (json) {
    console.log(JSON.stringify({ ...setting, rows: result }));
  } else {
    print(result);
  }
}

async function oneRound(rows: readonly Row[], seconds: number): Promise<Figures[]> {
  const figures: Figures[] = [];
  for (const row of rows) {
    figures.push(await row.run(seconds));
  }
  return figures;
}

function runtime(): string {
  const { deno, bun, node } = process.versions as Record<string, string | undefined>;
  return deno ? `deno ${deno}` : bun ? `bun ${bun}` : `node ${node}`;
}
