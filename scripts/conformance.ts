// The public gRPC conformance runner over our transport, from every runtime. Alone, as npm run conformance: `--runtime node`
// runs one, `--transport node` looks at another transport. Needs Go, which gets the runner; nothing of the runner's is part
// of this project.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { transportNames } from "../src/transport/select.ts";
import { conclude, needing, type Result, suite } from "./report.ts";
import { run } from "./run.ts";
import { nativeCommands, type Runtime, runtimes } from "./vitest.ts";

const module = "connectrpc.com/conformance";
const version = "v1.0.7";

/** All that the runner has for what {@link features} says. Fewer would be a run that looks at less than it should. */
const cases = 236;

/** What there is of gRPC in the calls of Danube. */
const features = {
  versions: ["HTTP_VERSION_2"],
  protocols: ["PROTOCOL_GRPC"],
  codecs: ["CODEC_PROTO"],
  compressions: ["COMPRESSION_IDENTITY"],
  streamTypes: ["STREAM_TYPE_UNARY", "STREAM_TYPE_SERVER_STREAM"],
  supportsH2c: true,
  supportsTls: true,
};

/** Ignored by git; test/conformance/client.ts finds its messages in it. */
const folder = ".conformance";
const config = join(folder, "config.yaml");

/** What a command printed. Throws when it failed. */
async function done(command: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const { code, output } = await run(command, args, { env });
  if (code !== 0) {
    throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${output}`);
  }
  return output;
}

/** Where the runner is, which is installed when it is not there. */
async function runner(): Promise<string> {
  const bin = join(
    process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
    "danube-client",
    `conformance-${version}`,
  );
  const path = join(bin, "connectconformance");
  if (!existsSync(path)) {
    await done("go", ["install", `${module}/cmd/connectconformance@${version}`], { GOBIN: bin });
  }
  return path;
}

/** Generates the runner's messages, checks the client that is written with them, and says what is to be run. */
async function prepare(): Promise<void> {
  const told = await done("go", ["mod", "download", "-json", `${module}@${version}`]);
  const { Dir: source } = JSON.parse(told.slice(told.indexOf("{"))) as { Dir: string };
  mkdirSync(folder, { recursive: true });
  await done("buf", ["generate", join(source, "proto"), "--template", "buf.gen.yaml", "--output", folder]);
  await done("tsc", ["-p", "test/conformance"]);
  // Which is YAML, too.
  writeFileSync(config, JSON.stringify({ features }));
}

async function conformance(runnerPath: string, runtime: Runtime, transport: string) {
  const client = [...nativeCommands[runtime], "test/conformance/client.ts", transport];
  const { code, output } = await run(runnerPath, ["--mode", "client", "--conf", config, "--", ...client], {
    timeoutMs: 180_000,
  });
  const [, selected] = /^Total cases: (\d+)$/m.exec(output) ?? [];
  const [, passed = "0"] = /^(\d+) passed, /m.exec(output) ?? [];
  const right = code === 0 && Number(selected) === cases;
  return {
    passed: Number(passed),
    failed: Math.max(cases - Number(passed), right ? 0 : 1),
    output: `${output}\n(${selected ?? "no"} cases were selected, of ${cases}; ended with ${code})`,
  };
}

export async function conformanceSuites(chosen: readonly Runtime[], transport = "socket"): Promise<Result[]> {
  const name = `gRPC conformance of "${transport}"`;
  return needing(name, "Go", async () => {
    const results: Result[] = [];
    // Told with the first, where it fails.
    const ready = runner().then((path) => prepare().then(() => path));
    for (const runtime of chosen) {
      results.push(await suite(`${name} on ${runtime}`, async () => conformance(await ready, runtime, transport)));
    }
    return results;
  });
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { runtime: { type: "string", multiple: true }, transport: { type: "string", default: "socket" } },
  });
  const { runtime: asked = runtimes, transport } = values;
  const chosen = runtimes.filter((runtime) => asked.includes(runtime));
  if (chosen.length !== asked.length || !transportNames.includes(transport)) {
    console.error(`runtimes are ${runtimes.join(", ")}; transports are ${transportNames.join(", ")}`);
    process.exit(2);
  }
  process.exit(conclude(await conformanceSuites(chosen, transport)));
}
