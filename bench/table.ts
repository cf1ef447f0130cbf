import type { Figures, Row } from "./row.ts";
import type { ServerName } from "./servers.ts";

/** A row of the result: medians of all rounds. */
export interface Line extends Figures {
  server: ServerName;
  name: string;
  beside: Beside[];
  rounds: Figures[];
}

/** Beside another row of the same server. Of each round, and of those the median: what disturbs a round disturbs both. */
export interface Beside {
  /** That other row. */
  of: string;
  /** Its rate, and its CPU time for a message: this row's divided by the other's. */
  perSecond: number;
  cpuMicros: number;
}

export function lines(rows: readonly Row[], rounds: readonly (readonly Figures[])[]): Line[] {
  const figuresOf = (row: Row) => rounds.map((round) => round[rows.indexOf(row)] as Figures);
  return rows.map((row) => {
    const mine = figuresOf(row);
    return {
      server: row.server,
      name: row.name,
      perSecond: median(mine.map((one) => one.perSecond)),
      cpuMicros: median(mine.map((one) => one.cpuMicros)),
      beside: yardsticks(row, rows).map((other) => ({ of: other.name, ...ratios(mine, figuresOf(other)) })),
      rounds: mine,
    };
  });
}

/** Of each round, and of those the median. */
export function ratios(mine: readonly Figures[], theirs: readonly Figures[]): Figures {
  const ratio = (of: (figures: Figures) => number) =>
    median(mine.map((one, round) => of(one) / of(theirs[round] as Figures)));
  return { perSecond: ratio((one) => one.perSecond), cpuMicros: ratio((one) => one.cpuMicros) };
}

/** h2load with as many in flight; where there is none, sends that are awaited one by one. And the same over `node`. */
function yardsticks({ server, name, inFlight }: Row, rows: readonly Row[]): Row[] {
  const others = rows.filter((other) => other.server === server && other.name !== name);
  const [transport, what] = name.split(": ");
  if (!what) {
    return [];
  }
  const named = (wanted: string) => others.find((other) => other.name === wanted);
  const sameInFlight = others.find((other) => other.name.startsWith("h2load") && other.inFlight === inFlight);
  const yardstick = sameInFlight ?? named(`${transport}: each awaited`);
  return [yardstick, named(`node: ${what}`)].filter((row) => row !== undefined);
}

export function print(title: string, result: readonly Line[]): void {
  console.log(`\n${title.padEnd(36)}${"msg/s".padStart(10)}${"CPU µs/msg".padStart(13)}   beside: msg/s (CPU)`);
  for (const { name, perSecond, cpuMicros, beside } of result) {
    const figures = `${whole(perSecond).padStart(10)}${whole(cpuMicros).padStart(13)}`;
    const besides = beside.map((one) => `${one.perSecond.toFixed(2)} (${one.cpuMicros.toFixed(2)}) of "${one.of}"`);
    console.log(`${name.padEnd(36)}${figures}   ${besides.join(", ")}`.trimEnd());
  }
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = sorted.length % 2 === 1 ? [middle, middle] : [middle - 1, middle];
  return ((sorted[low] as number) + (sorted[high] as number)) / 2;
}
