import { run } from "../scripts/run.ts";
import type { TransportName } from "../src/index.ts";
import { cargo } from "./cargo.ts";
import { clientRows } from "./client-rows.ts";
import { inTurn, type Setting, setting, settingLine } from "./rounds.ts";
import { type Figures, payload, type Row } from "./row.ts";
import { type Server, withBroker } from "./servers.ts";
import { ratios, whole } from "./table.ts";

export interface BesideRustOptions extends Setting {
  transports: readonly TransportName[];
  /** Chooses comparisons by the name of our row. */
  rows: RegExp;
  json: boolean;
}

/** Our way of doing something, and theirs. */
interface Pair {
  ours: Row;
  theirs: Row;
}

/** Prints what the Rust client and ours come to, in turn, round by round. Gives whether there was a Rust client. */
export async function besideRust(options: BesideRustOptions): Promise<boolean> {
  const program = await cargo("rust-client", ["rust-client"]);
  if ("missing" in program) {
    console.error(`the Rust client: not run: ${program.missing}`);
    return false;
  }
  await withBroker((server) => compare(pairsOn(server, program.path, options), server, options));
  return true;
}

async function compare(pairs: readonly Pair[], server: Server, options: BesideRustOptions): Promise<void> {
  const { rounds, seconds, json } = options;
  const rows = [...new Set(pairs.flatMap(({ ours, theirs }) => [ours, theirs]))];
  const of = (row: Row, figures: readonly Figures[]) => figures[rows.indexOf(row)] as Figures;
  const told = { ...setting(options), server: server.what };
  const say = (line: string) => json || console.log(line);
  say(settingLine(told));
  let round = 0;
  const all = await inTurn(rows, rounds, seconds, (figures) => {
    round++;
    for (const { ours, theirs } of pairs) {
      const [mine, other] = [of(ours, figures), of(theirs, figures)];
      say(`round ${round}: ${text(ours, mine)}; ${text(theirs, other)}; ${ratio(ratios([mine], [other]))}`);
    }
  });
  const result = pairs.map(({ ours, theirs }) => {
    const both = { ours: all.map((figures) => of(ours, figures)), theirs: all.map((figures) => of(theirs, figures)) };
    return { ours: ours.name, theirs: theirs.name, ...ratios(both.ours, both.theirs), rounds: both };
  });
  for (const { ours, theirs, ...medians } of result) {
    say(`median of ${rounds}: "${ours}" beside "${theirs}": ${ratio(medians)}`);
  }
  if (json) {
    console.log(JSON.stringify({ ...told, pairs: result }));
  }
}

function pairsOn(server: Server, path: string, { transports, rows }: BesideRustOptions): Pair[] {
  const [url = ""] = server.brokers;
  const theirs = (name: string, producers: number): Row => ({
    server: server.name,
    name: `rust client, ${name}`,
    inFlight: producers,
    run: (seconds) => runRustClient(path, url, producers, seconds),
  });
  const [many, single] = [theirs("64 producers", 64), theirs("each awaited", 1)];
  return transports.flatMap((transport) =>
    clientRows(server.name, { brokers: server.brokers, transport })
      .filter(({ name }) => rows.test(name))
      .flatMap((ours) => {
        const other = { "order none, 64 in flight": many, "each awaited": single }[ours.name.split(": ")[1] ?? ""];
        return other ? [{ ours, theirs: other }] : [];
      }),
  );
}

async function runRustClient(path: string, url: string, producers: number, seconds: number): Promise<Figures> {
  const { code, output } = await run(path, [url, String(producers), String(seconds), String(payload.length)]);
  if (code !== 0) {
    throw new Error(`the Rust client ended with ${code}:\n${output}`);
  }
  return JSON.parse(output) as Figures;
}

function text({ name }: Row, { perSecond, cpuMicros }: Figures): string {
  return `${name} ${whole(perSecond)} msg/s (${whole(cpuMicros)} µs)`;
}

function ratio({ perSecond, cpuMicros }: Figures): string {
  return `ratio ${perSecond.toFixed(2)} (CPU ${cpuMicros.toFixed(2)})`;
}
