import { allRpcs, type ErrorRow, type Setup } from "../test/errors/row.ts";
import { statusName } from "../test/errors/wire.ts";

/** What came of a row, on the brokers of one setup or on the embedded one. */
export interface RowResult {
  /** Different calls may be told in different words. */
  words: string[];
  results: string[];
  differs?: string;
  /** Of the embedded broker. */
  how?: "by itself" | "on demand";
}

/** By the rows' ids. */
export type Results = Record<string, RowResult>;

/** The rows as a table in Markdown. Throws for a row without a result, and for one that is not as it says. */
export function markdownTable(rows: readonly ErrorRow[], real: Record<Setup, Results>, embedded: Results): string {
  const lines = rows.map((row) => {
    const seen = realSetups(row).map((setup) => ({ setup, ...found(row, real[setup], setup) }));
    const own = found(row, embedded, "embedded");
    const [first = own] = seen;
    return [
      rpcsOf(row),
      row.when,
      `${statusName(row.status)} ${quoted(seen.length > 0 ? first.words : [row.words])}`.trim(),
      errorOf(row),
      seen.length > 0 ? `seen: ${seen.map(({ setup }) => setup).join(", ")}` : `embedded only: ${row.unreal}`,
      own.how === "on demand" ? `on demand: ${row.onDemand}` : "by itself",
    ];
  });
  const header = ["RPC", "when", "the broker's words", "DanubeError", "Danube 0.15.1", "embedded"];
  const provoked = rows.filter((row) => realSetups(row).length > 0).length;
  const summary = `${rows.length} rows: ${provoked} seen on real brokers, ${rows.length - provoked} on the embedded one only.`;
  return `${summary}\n\n${[header, header.map(() => "---"), ...lines].map(line).join("\n")}\n`;
}

function realSetups({ provoke, setups = ["standalone", "cluster"] }: ErrorRow): readonly Setup[] {
  return provoke ? setups : [];
}

function found({ id }: ErrorRow, results: Results | undefined, where: string): RowResult {
  const result = results?.[id];
  if (!result) {
    throw new Error(`${id} has no result: npm run errors -- run ${where}`);
  }
  if (result.differs !== undefined) {
    throw new Error(`${id} is not as its row says (${where}): ${result.differs}`);
  }
  return result;
}

function line(cells: string[]): string {
  if (cells.some((cell) => cell.trim() === "")) {
    throw new Error(`a cell is empty: ${cells.join(" | ")}`);
  }
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function rpcsOf({ rpcs }: ErrorRow): string {
  const missing = allRpcs.filter((rpc) => !rpcs.includes(rpc));
  return missing.length > 2 ? rpcs.join(", ") : ["any", ...missing.map((rpc) => `but ${rpc}`)].join(" ");
}

const maxWords = 160;

/** The words of the first call; others differ in names only. */
function quoted([words = ""]: string[]): string {
  if (words === "" || words === "…") {
    return "";
  }
  const short = words.length > maxWords ? `${words.slice(0, maxWords)}…` : words;
  return short.includes("`") ? `\`\` ${short} \`\`` : `\`${short}\``;
}

function errorOf({ error, recovery, rpcs }: ErrorRow): string {
  if (!error) {
    return "none";
  }
  const outcome = error.outcome === undefined ? "" : `, ${error.outcome}${rpcs.length > 1 ? " (of a send)" : ""}`;
  const tries = { none: "", few: "; tried 6 times", time: "; tried while there is time" }[recovery];
  return `\`${error.code}\`${outcome}${tries}`;
}
