import { Code } from "@connectrpc/connect";
import { type BrokerOptions, type EmbeddedBroker, startBroker } from "@danube-messaging/client/testing";
import { embeddedArrivals } from "./arrivals.ts";
import { calling } from "./calls.ts";
import type { Outcome } from "./judge.ts";
import type { Attempt, ErrorRow, Rpc, Setup } from "./row.ts";
import { runRow, type World } from "./world.ts";

/** What the embedded broker is by itself; the other setups are of a real broker's files and processes. */
const options: Partial<Record<Setup, BrokerOptions>> = {
  standalone: {},
  cluster: { brokers: 3, loadMs: 20 },
  secure: { tokens: ["everything"] },
  "no-auto-create": { mode: "cluster", autoCreateTopics: false },
  policies: { mode: "cluster", loadMs: 20, maxProducersPerTopic: 1, maxMessageSize: 1_000 },
};

export interface EmbeddedOutcome extends Outcome {
  how: "by itself" | "on demand";
}

const defaultSetups: readonly Setup[] = ["standalone", "cluster"];

/** Drives the embedded broker to answer as a row says, every way there is, and gives what came of it. */
export async function runEmbedded(row: ErrorRow): Promise<EmbeddedOutcome[]> {
  const outcomes: EmbeddedOutcome[] = [];
  const { provoke, setups = defaultSetups } = row;
  for (const rpc of row.rpcs) {
    if (provoke && row.onDemand === undefined) {
      for (const setup of setups.filter((one) => options[one])) {
        outcomes.push({ how: "by itself", ...(await withBroker(setup, (world) => runRow(row, rpc, world, provoke))) });
      }
    } else {
      outcomes.push(...(await demanded(row, rpc)));
    }
  }
  return outcomes;
}

/** The answer for as long as it is asked for, and where the client goes on after some, once and twice. */
async function demanded(row: ErrorRow, rpc: Rpc): Promise<EmbeddedOutcome[]> {
  const times = row.error === undefined ? [1] : row.recovery === "none" ? [forGood] : [forGood, 1, 2];
  const outcomes: EmbeddedOutcome[] = [];
  for (const count of times) {
    const outcome = await withBroker("standalone", (world, broker) => {
      const attempt = async (...args: Parameters<typeof calling>): Promise<Attempt> => ({
        ...(await calling(...args)),
        passes: count !== forGood,
      });
      const message = row.words.replaceAll("…", "something");
      const code = row.status === 0 ? Code.Unknown : row.status;
      return runRow(row, rpc, world, attempt, () => void broker.fault({ rpc, code, message, times: count }));
    });
    outcomes.push({ how: "on demand", ...outcome });
  }
  return outcomes;
}

const forGood = 1_000_000;

async function withBroker<T>(setup: Setup, work: (world: World, broker: EmbeddedBroker) => Promise<T>): Promise<T> {
  await using broker = await startBroker(options[setup] ?? {});
  const tokens = { all: "everything", nothing: "nothing" };
  const world: World = {
    urls: broker.urls,
    broker: "embedded",
    setup,
    options: setup === "secure" ? { token: tokens.all } : {},
    tokens,
    kept: { topic: "", subject: "" },
    admin: {
      unload: (topic) => broker.unloadTopic(topic),
      remove: (topic) => Promise.reject(new Error(`the embedded broker deletes no topics, ${topic} neither`)),
    },
    read: async (topic) => embeddedArrivals(broker, topic),
  };
  return await work(world, broker);
}
