import type { TransportName } from "../src/index.ts";
import { clientRows } from "./client-rows.ts";
import { h2loadRows } from "./h2load.ts";
import { inTurn, type Setting, setting, settingLine } from "./rounds.ts";
import type { Row } from "./row.ts";
import { type Server, type ServerName, withServers } from "./servers.ts";
import { lines, print } from "./table.ts";

export interface RatesOptions extends Setting {
  servers: readonly ServerName[];
  serverThreads: number | undefined;
  /** The rows of each take turns with those of the others. */
  transports: readonly TransportName[];
  /** Chooses rows by `SERVER: ROW`. */
  rows: RegExp;
  json: boolean;
}

/** Messages a second, one 1 KiB message at a time and more; see main.ts. */
export async function rates(options: RatesOptions): Promise<void> {
  const { servers: wanted, transports, json, rounds, seconds } = options;
  await withServers(wanted, options, async (servers, notRun) => {
    const all = (await Promise.all(servers.map((server) => rowsOn(server, transports)))).flat();
    if (!all.some(({ name }) => name.startsWith("h2load"))) {
      notRun.push("h2load: not run: it is not installed");
    }
    const rows = all.filter(({ server, name }) => options.rows.test(`${server}: ${name}`));
    const told = { ...setting(options), servers: servers.map(({ what }) => what).join(" and ") || "none" };
    if (!json) {
      console.log(settingLine(told));
    }
    const result = lines(rows, await inTurn(rows, rounds, seconds));
    if (json) {
      console.log(JSON.stringify({ ...told, rows: result, notRun }));
      return;
    }
    for (const { name, what } of servers) {
      print(
        what,
        result.filter(({ server }) => server === name),
      );
    }
    for (const line of notRun) {
      console.log(line);
    }
  });
}

async function rowsOn({ name, brokers }: Server, transports: readonly TransportName[]): Promise<Row[]> {
  const ours = transports.flatMap((transport) => clientRows(name, { brokers, transport }));
  return [...ours, ...(await h2loadRows(name, { brokers }))];
}
