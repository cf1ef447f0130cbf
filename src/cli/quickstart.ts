import { readFile } from "node:fs/promises";
import process from "node:process";
import { connect } from "../index.ts";
import { openReader, type ReadMessage } from "../testing/reader.ts";
import { startBroker } from "../testing/start.ts";
import { count, createProgress, summary } from "./progress.ts";
import { parse, UsageError } from "./usage.ts";

export const quickstartHelp = `danube quickstart

Starts an embedded cluster of three brokers, publishes a text of about a thousand lines to it, reads it back, and
checks that every line arrived, once and in order.`;

const topic = "/default/opticks";

export async function quickstart(args: string[]): Promise<number> {
  if (parse({ args, allowPositionals: true, options: {} }).positionals.length > 0) {
    throw new UsageError("quickstart takes no arguments");
  }
  const text = await shippedText();
  const lines = text.trimEnd().split("\n");

  await using cluster = await startBroker({ brokers: 3 });
  console.log(`cluster      three embedded brokers at ${cluster.urls.join(", ")}`);

  await using danube = connect({ brokers: cluster.urls });
  await danube.ready();
  const producer = await danube.createProducer({ topic, name: "quickstart", dispatch: "reliable" });
  const reader = await openReader({ brokers: cluster.urls }, topic);
  console.log(`producer     "${producer.name}" on ${topic}, ${producer.dispatch}`);

  const startedAt = Date.now();
  const progress = createProgress(process.stderr);
  let bytes = 0;
  let sent = 0;
  const acknowledgements = lines.map(async (line, i) => {
    const id = await producer.send(line, { attributes: { line: String(i + 1) } });
    bytes += Buffer.byteLength(line);
    progress.update(++sent, bytes, sent / lines.length);
    return id;
  });
  const ids = await Promise.all(acknowledgements);
  progress.clear();
  console.log(`published    ${summary(ids.length, bytes, Date.now() - startedAt)} (one in flight: the order is kept)`);
  const last = ids.at(-1);
  console.log(`last id      ${last?.producer}/${last?.session}/${last?.sequence}`);

  const read = await reader.take(lines.length, 30_000);
  reader.close();
  const trouble = compare(lines, read);
  console.log(`read back    ${count(read.length, "line")}: ${trouble ?? "every line arrived, once and in order"}`);

  const { owners, connections, counters } = danube.status();
  const [owner] = owners;
  console.log(`owner        ${owner?.url}, found with ${count(counters.lookups, "lookup")}`);
  console.log(`connections  ${count(connections.length, "transport")} in use, ${counters.transports} made`);
  return trouble ? 1 : 0;
}

/** What is wrong with what came back, if anything. */
function compare(lines: string[], read: ReadMessage[]): string | undefined {
  for (const [i, line] of lines.entries()) {
    const message = read[i];
    if (message?.text !== line || message.attributes["line"] !== String(i + 1)) {
      return `line ${i + 1} should be ${JSON.stringify(line)}, and is ${JSON.stringify(message?.text)} (line ${message?.attributes["line"]})`;
    }
  }
  return undefined;
}

/** From Newton's Opticks (1730), in data/ at the top of the package: above src/, and above dist/src/ when built. */
async function shippedText(): Promise<string> {
  const candidates = ["../../data/opticks.txt", "../../../data/opticks.txt"].map(
    (path) => new URL(path, import.meta.url),
  );
  for (const url of candidates) {
    try {
      return await readFile(url, "utf8");
    } catch {
      // The other layout, then.
    }
  }
  throw new Error(`the package's data/opticks.txt is missing; looked for ${candidates.join(" and ")}`);
}
