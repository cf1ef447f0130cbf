import { spawn } from "node:child_process";
import process from "node:process";
import { withEmbedded } from "../scripts/embedded.ts";
import { environment, run } from "../scripts/run.ts";
import { cargo } from "./cargo.ts";

export type ServerName = "plain" | "broker";

/** What messages are sent to. */
export interface Server {
  readonly name: ServerName;
  /** To be printed. */
  readonly what: string;
  readonly brokers: string[];
}

export interface ServerOptions {
  /** Of the plain server. As many as cores, if not told. */
  serverThreads: number | undefined;
}

/** Starts those of the wanted servers that can be had, for as long as the work lasts. Tells it why others cannot. */
export async function withServers<T>(
  wanted: readonly ServerName[],
  options: ServerOptions,
  work: (servers: Server[], notRun: string[]) => Promise<T>,
): Promise<T> {
  const [first, ...rest] = wanted;
  if (!first) {
    return work([], []);
  }
  const withFirst = (server: Server) =>
    withServers(rest, options, (servers, notRun) => work([server, ...servers], notRun));
  if (first === "broker") {
    return withBroker(withFirst);
  }
  const program = await cargo("plain-server");
  if ("missing" in program) {
    const line = `a plain gRPC server: not run: ${program.missing}`;
    return withServers(rest, options, (servers, notRun) => work(servers, [line, ...notRun]));
  }
  return withPlain(program.path, options, withFirst);
}

/** The brokers that DANUBE_URL tells, or an embedded one in a process of its own. */
export async function withBroker<T>(work: (server: Server) => Promise<T>): Promise<T> {
  const given = process.env["DANUBE_URL"];
  if (given) {
    return work({ name: "broker", what: `brokers at ${given}`, brokers: given.split(",") });
  }
  await build();
  return withEmbedded(1, (brokers) => work({ name: "broker", what: "embedded broker", brokers }));
}

let built: Promise<void> | undefined;

/** Makes dist/, once: what the command runs from, and what users have. */
export function build(): Promise<void> {
  built ??= run("node", ["scripts/build.ts"]).then(({ code, output }) => {
    if (code !== 0) {
      throw new Error(output);
    }
  });
  return built;
}

async function withPlain<T>(
  path: string,
  { serverThreads = 0 }: ServerOptions,
  work: (server: Server) => Promise<T>,
): Promise<T> {
  const args = ["0", String(serverThreads)];
  const child = spawn(path, args, { env: environment(), stdio: ["ignore", "pipe", "inherit"] });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString().trim()));
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`the plain server ended with ${code}`)));
    });
    const threads = serverThreads > 0 ? `, threads: ${serverThreads}` : "";
    return await work({ name: "plain", what: `plain gRPC server (tonic${threads})`, brokers: [url] });
  } finally {
    child.kill("SIGTERM");
  }
}
