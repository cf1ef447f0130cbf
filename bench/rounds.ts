import { availableParallelism } from "node:os";
import process from "node:process";
import type { Figures, Row } from "./row.ts";

/** How long is measured. */
export interface Setting {
  rounds: number;
  /** Of each row in each round. */
  seconds: number;
}

/** Runs the rows one after the other, again and again. Gives what they came to, by rounds. */
export async function inTurn(
  rows: readonly Row[],
  rounds: number,
  seconds: number,
  onRound: (figures: Figures[]) => void = () => {},
): Promise<Figures[][]> {
  if (rows.length === 0) {
    console.error("there are no such rows");
  }
  // Once for nothing: what is compiled on the way.
  await oneRound(rows, Math.min(0.5, seconds));
  const figures: Figures[][] = [];
  for (let round = 0; round < rounds; round++) {
    const one = await oneRound(rows, seconds);
    figures.push(one);
    onRound(one);
  }
  return figures;
}

async function oneRound(rows: readonly Row[], seconds: number): Promise<Figures[]> {
  const figures: Figures[] = [];
  for (const row of rows) {
    figures.push(await row.run(seconds));
  }
  return figures;
}

/** What a result is worth little without. */
export function setting({ rounds, seconds }: Setting): Setting & { runtime: string; cores: number } {
  return { runtime: runtime(), cores: availableParallelism(), rounds, seconds };
}

export function settingLine(told: Record<string, string | number>): string {
  return Object.entries(told)
    .map(([name, value]) => `${name}: ${value}`)
    .join(", ");
}

function runtime(): string {
  const { deno, bun, node } = process.versions as Record<string, string | undefined>;
  return deno ? `deno ${deno}` : bun ? `bun ${bun}` : `node ${node}`;
}
