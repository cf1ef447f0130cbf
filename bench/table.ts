import type { Figures, Row } from "./row.ts";

/** A row of the result: medians of all rounds. */
export interface Line extends Figures {
  name: string;
  /** Its rate beside another row's. Of each round, and of those the median: what disturbs a round disturbs both. */
  ratio: number | undefined;
  /** That other row. */
  of: string | undefined;
  rounds: Figures[];
}

/** Beside h2load with as many in flight, where there is such a row; else beside sends that are awaited one by one. */
export function lines(rows: readonly Row[], rounds: readonly (readonly Figures[])[]): Line[] {
  return rows.map((row, i) => {
    const yardstick = yardstickOf(row, rows);
    const mine = rounds.map((round) => round[i] as Figures);
    const theirs = yardstick && rounds.map((round) => round[rows.indexOf(yardstick)] as Figures);
    return {
      name: row.name,
      perSecond: median(mine.map((one) => one.perSecond)),
      cpuMicros: median(mine.map((one) => one.cpuMicros)),
      ratio: theirs && median(mine.map((one, n) => one.perSecond / (theirs[n] as Figures).perSecond)),
      of: yardstick?.name,
      rounds: mine,
    };
  });
}

function yardstickOf(row: Row, rows: readonly Row[]): Row | undefined {
  const sameInFlight = rows.find(({ name, inFlight }) => name.startsWith("h2load") && inFlight === row.inFlight);
  const prefix = row.name.slice(0, row.name.indexOf(" ") + 1);
  const yardstick = sameInFlight ?? rows.find(({ name }) => name === `${prefix}each awaited`);
  return yardstick === row ? undefined : yardstick;
}

export function print(result: readonly Line[]): void {
  console.log(`${"".padEnd(36)}${"msg/s".padStart(10)}${"CPU µs/msg".padStart(13)}   ratio`);
  for (const { name, perSecond, cpuMicros, ratio, of } of result) {
    const figures = `${whole(perSecond).padStart(10)}${whole(cpuMicros).padStart(13)}`;
    console.log(`${name.padEnd(36)}${figures}   ${ratio === undefined ? "" : `${ratio.toFixed(2)} of "${of}"`}`);
  }
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = sorted.length % 2 === 1 ? [middle, middle] : [middle - 1, middle];
  return ((sorted[low] as number) + (sorted[high] as number)) / 2;
}
