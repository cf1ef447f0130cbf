import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { run } from "./run.ts";

const consumer = `
import { connect, json, type MessageId, text } from "@danube-messaging/client";
import { protobuf } from "@danube-messaging/client/protobuf";
import { startBroker } from "@danube-messaging/client/testing";

const broker = await startBroker();
const danube = connect(broker.urls[0] as string);
const { send } = await danube.createProducer({ topic: "/default/packed", name: "packed", schema: text("packed") });
const id: MessageId = await send("hello", { attributes: { from: "a tarball" } });
// @ts-expect-error: a number is no payload
await send(5).catch(() => {});
// Two packages are not here: who does without them is not to need them, and who uses one is to be told.
const validated = json("validated", { schema: { type: "object" } });
const told = await danube.createProducer({ topic: "/default/validated", schema: validated }).catch(String);
await import("@danube-messaging/client/avro").then(
  () => console.log("avro loads without avsc"),
  () => {},
);
await danube.close();
await broker.close();
console.log(String(id.sequence), broker.messages("/default/packed")[0]?.attributes["from"], typeof protobuf, String(told));
`;

/**
 * What npm users get: packs the package, unpacks it into a project of its own beside nothing but its dependencies,
 * and there type-checks and runs a program, and runs the command. Throws what is wrong.
 */
export async function tryPackage(): Promise<void> {
  const project = mkdtempSync(join(tmpdir(), "danube-package-"));
  try {
    await must("npm", ["pack", "--pack-destination", project, "--silent"]);
    await must("sh", ["-c", `cd ${project} && tar xzf danube-messaging-client-*.tgz`]);
    const modules = join(project, "node_modules");
    mkdirSync(join(modules, "@danube-messaging"), { recursive: true });
    cpSync(join(project, "package"), join(modules, "@danube-messaging/client"), { recursive: true });
    for (const dependency of ["@bufbuild", "@connectrpc", "@types", "undici-types"]) {
      symlinkSync(resolve("node_modules", dependency), join(modules, dependency));
    }
    writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(project, "program.ts"), consumer);
    const compilerOptions = {
      module: "nodenext",
      target: "es2023",
      lib: ["es2024", "dom", "esnext.disposable"],
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
    };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.ts"] }));
    await must("tsc", ["-p", project]);
    // Deno finds an npm package's files as Node does; JSR gives it the sources.
    const runtimes = [["node"], ["deno", "run", "-A", "--node-modules-dir=manual", "--no-config"], ["bun", "run"]];
    for (const [runtime = "", ...args] of runtimes) {
      const printed = await must(runtime, [...args, join(project, "program.ts")]);
      const told = printed.includes("npm install @cfworker/json-schema") && !printed.includes("avro loads");
      if (!printed.includes("1 a tarball function") || !told) {
        throw new Error(`on ${runtime} the program printed ${printed}`);
      }
    }
    const quickstart = await must("node", [
      join(modules, "@danube-messaging/client/dist/src/cli/main.js"),
      "quickstart",
    ]);
    if (!quickstart.includes("every line arrived, once and in order")) {
      throw new Error(`quickstart printed ${quickstart}`);
    }
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

async function must(command: string, args: string[]): Promise<string> {
  const { code, output } = await run(command, args);
  if (code !== 0) {
    throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${output}`);
  }
  return output;
}
