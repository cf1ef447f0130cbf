import { type BrokerGeneration, versionOf } from "../src/testing/generations.ts";
import { freePort, startEnvoy, startGrpcWebEnvoy, startNghttpx } from "../test/interop/programs.ts";
import { withEmbedded } from "./embedded.ts";
import { inLanes } from "./lanes.ts";
import { needing, type Program, type Result, suite } from "./report.ts";
import { type Runtime, runtimes, runVitest } from "./vitest.ts";

/** Embedded brokers, and the runtimes that the suite runs on them from. */
interface Embedded {
  generation: BrokerGeneration;
  brokers: number;
  runtimes: readonly Runtime[];
  /** How calls are carried. Default: by the client's own choice. */
  transport?: "node" | "fetch";
  /** A proxy that clients are told to go through. */
  behind?: keyof typeof proxies;
}

const proxies = {
  Envoy: startEnvoy,
  "Envoy with gRPC-Web": (port: number, urls: string[]) => startGrpcWebEnvoy(port, urls, { everyCall: true }),
  // Which knows one broker only.
  nghttpx: (port: number, urls: string[]) => startNghttpx(port, urls[0] as string),
};

/** The program that a proxy is. */
const programs: Record<keyof typeof proxies, Program> = {
  Envoy: "Envoy",
  "Envoy with gRPC-Web": "Envoy",
  nghttpx: "nghttpx",
};

const today: readonly Embedded[] = [
  { generation: "0.15", brokers: 1, runtimes },
  { generation: "0.15", brokers: 3, runtimes },
  { generation: "0.15", brokers: 3, runtimes, transport: "node" },
  { generation: "0.15", brokers: 3, runtimes, behind: "Envoy" },
  { generation: "0.15", brokers: 3, runtimes: ["node"], transport: "node", behind: "Envoy" },
  { generation: "0.15", brokers: 3, runtimes, transport: "fetch", behind: "Envoy with gRPC-Web" },
  { generation: "0.15", brokers: 1, runtimes, behind: "nghttpx" },
];

// Runtimes differ in how they carry calls, which no generation changes much: those between the oldest and today's are
// tried from one. Old brokers are always clusters.
const old: readonly Embedded[] = [
  { generation: "0.4", brokers: 3, runtimes },
  { generation: "0.5", brokers: 3, runtimes: ["node"] },
  { generation: "0.6", brokers: 3, runtimes: ["node"] },
  { generation: "0.7", brokers: 3, runtimes: ["node"] },
];

export interface ContractOptions {
  runtimes: readonly Runtime[];
  /** Only these brokers, or what the brokers of DANUBE_URL are; those are taken for today's otherwise. */
  generation?: BrokerGeneration | undefined;
}

/** The contract suite from each runtime, on the brokers of DANUBE_URL or on embedded ones of every generation. */
export async function contractSuites({ runtimes: chosen, generation }: ContractOptions): Promise<Result[]> {
  const given = process.env["DANUBE_URL"];
  if (given) {
    return onBrokers(chosen, generation ?? "0.15", `brokers at ${given}`, { DANUBE_URL: given, DANUBE_BROKER: "real" });
  }
  // Who asks for one generation gets it from all runtimes that were asked for.
  const plans = [...today, ...old].filter((plan) => (generation ?? plan.generation) === plan.generation);
  const results = await inLanes(plans, async (plan) => {
    const from = chosen.filter((runtime) => generation !== undefined || plan.runtimes.includes(runtime));
    return from.length > 0 ? onEmbedded(from, plan) : [];
  });
  return results.flat();
}

async function onEmbedded(from: readonly Runtime[], plan: Embedded): Promise<Result[]> {
  const { generation, brokers, transport, behind } = plan;
  const which = brokers === 1 ? "embedded standalone broker" : `embedded cluster of ${brokers}`;
  const what = [which, behind && `behind ${behind}`, transport && `over ${transport}`].filter(Boolean).join(", ");
  const onThese = (brokerUrls: string[], urls = brokerUrls) =>
    onBrokers(from, generation, what, {
      DANUBE_URL: urls.join(","),
      DANUBE_BROKER_URLS: brokerUrls.join(","),
      DANUBE_BROKER: "embedded",
      ...(transport && { DANUBE_TRANSPORT: transport }),
    });
  if (!behind) {
    return withEmbedded(brokers, onThese, generation);
  }
  return needing(`contract, ${what}`, programs[behind], async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const throughProxy = async (urls: string[]) => {
      const proxy = await proxies[behind](port, urls);
      return onThese(urls, [url]).finally(proxy.end);
    };
    return withEmbedded(brokers, throughProxy, generation, url);
  });
}

async function onBrokers(
  from: readonly Runtime[],
  generation: BrokerGeneration,
  what: string,
  env: Record<string, string>,
): Promise<Result[]> {
  // By its name, as a user would; dist/ is there by now.
  const { cases } = await import("../test/contract/cases.ts");
  const { casesFor } = await import("../test/contract/world.ts");
  const version = versionOf(generation);
  const expected = casesFor(cases, version).map(({ name }) => name);
  const results: Result[] = [];
  for (const runtime of from) {
    const name = `contract on ${runtime}, ${what} as ${version}, ${expected.length} of ${cases.length} cases`;
    const environment = { ...env, DANUBE_GENERATION: generation };
    results.push(await suite(name, () => runVitest(runtime, "contract", environment, expected)));
  }
  return results;
}
