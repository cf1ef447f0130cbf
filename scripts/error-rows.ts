// The rows of test/errors against real brokers, and the table of them in docs/brokers.md.
//
//   npm run errors -- run SETUP    runs the rows of a setup and writes test/errors/results/SETUP.json
//   npm run errors -- table        writes the table into docs/brokers.md; fails when a row has no result
//   npm run errors -- check        fails when the table is not what the results say
//
// SETUP is "embedded", which needs nothing, or says how the brokers at DANUBE_URL (comma-separated) were started:
// the setups of test/errors/row.ts. They are started, and made to be so, by hand. From the environment:
//
//   DANUBE_URL         the brokers
//   DANUBE_ADMIN       the danube-admin command, which finds its broker by DANUBE_ADMIN_ENDPOINT (standalone, cluster,
//                      secure, no-jwt)
//   DANUBE_CA          a file with the brokers' authority, PEM (secure, no-jwt)
//   DANUBE_JWT_SECRET  the secret_key that tokens are made with; "admin" must be a super admin (secure, no-jwt)
//   DANUBE_TOPIC, DANUBE_SUBJECT  what there was before the quorum was lost (no-quorum)
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { runEmbedded } from "../test/errors/embedded.ts";
import { realWorld } from "../test/errors/real.ts";
import { type ErrorRow, type Setup, setups } from "../test/errors/row.ts";
import { errorRows } from "../test/errors/rows.ts";
import { runRow } from "../test/errors/world.ts";
import { markdownTable, type Results, type RowResult } from "./error-table.ts";
import { run as runCommand } from "./run.ts";

const folder = "test/errors/results";
const docs = "docs/brokers.md";
const markers = ["<!-- errors: made by npm run errors -->", "<!-- errors end -->"] as const;

const [command, setup] = process.argv.slice(2);
if (command === "run" && setup !== undefined && (setup === "embedded" || setup in setups)) {
  process.exit(await run(setup as Setup | "embedded"));
} else if ((command === "table" || command === "check") && setup === undefined) {
  process.exit(table(command === "check"));
} else {
  console.error(`usage: error-rows.ts run ${["embedded", ...Object.keys(setups)].join("|")}, or table, or check`);
  process.exit(2);
}

async function run(what: Setup | "embedded"): Promise<number> {
  const results: Results = {};
  const world = what === "embedded" ? undefined : await realWorld(what, process.env);
  for (const row of errorRows) {
    const result = world
      ? await real(row, (rpc, provoke) => runRow(row, rpc, world, provoke), what as Setup)
      : await embedded(row);
    if (result) {
      results[row.id] = result;
      console.log(`${result.differs === undefined ? "as expected" : "DIFFERS"}  ${row.id}  ${result.differs ?? ""}`);
    }
  }
  mkdirSync(folder, { recursive: true });
  const file = `${folder}/${what}.json`;
  writeFileSync(file, JSON.stringify(results));
  await runCommand("biome", ["format", "--write", file]);
  const all = Object.values(results);
  const different = all.filter(({ differs }) => differs !== undefined).length;
  console.log(`${all.length} rows, ${different} differ`);
  return different > 0 || all.length === 0 ? 1 : 0;
}

type RunOne = (rpc: ErrorRow["rpcs"][number], provoke: NonNullable<ErrorRow["provoke"]>) => ReturnType<typeof runRow>;

async function real(row: ErrorRow, one: RunOne, what: Setup): Promise<RowResult | undefined> {
  const { provoke, rpcs, setups: wanted = ["standalone", "cluster"] } = row;
  if (!provoke || !wanted.includes(what)) {
    return undefined;
  }
  const outcomes = [];
  for (const rpc of rpcs) {
    outcomes.push({ ...(await one(rpc, provoke)), rpc });
  }
  return merged(outcomes);
}

async function embedded(row: ErrorRow): Promise<RowResult> {
  const outcomes = await runEmbedded(row);
  return { how: outcomes[0]?.how ?? "by itself", ...merged(outcomes) };
}

function merged(outcomes: { words: string; result: string; differs?: string; rpc?: string }[]): RowResult {
  const different = outcomes.flatMap(({ differs, rpc }) =>
    differs === undefined ? [] : [`${rpc ?? ""} ${differs}`.trim()],
  );
  return {
    words: [...new Set(outcomes.map(({ words }) => words))],
    results: [...new Set(outcomes.map(({ result }) => result))],
    ...(different.length > 0 && { differs: [...new Set(different)].join("; ") }),
  };
}

function table(onlyCheck: boolean): number {
  const read = (name: string): Results => JSON.parse(readFileSync(`${folder}/${name}.json`, "utf8")) as Results;
  const found = Object.fromEntries(Object.keys(setups).map((name) => [name, read(name)]));
  const made = markdownTable(errorRows, found as Record<Setup, Results>, read("embedded"));
  const text = readFileSync(docs, "utf8");
  const [from, to] = markers.map((marker) => text.indexOf(marker)) as [number, number];
  if (from < 0 || to < from) {
    throw new Error(`${docs} has no place for the table: ${markers.join(" … ")}`);
  }
  const wanted = `${text.slice(0, from)}${markers[0]}\n\n${made}\n${text.slice(to)}`;
  if (wanted === text) {
    return 0;
  }
  if (onlyCheck) {
    console.error(`the table of errors in ${docs} is not what the results say: npm run errors -- table`);
    return 1;
  }
  writeFileSync(docs, wanted);
  return 0;
}
