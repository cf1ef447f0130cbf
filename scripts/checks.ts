import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { tryPackage } from "./package.ts";
import { type Result, suite } from "./report.ts";
import { run } from "./run.ts";

// What is true of the files, without running the library. Each check throws what is wrong.
const checks: Record<string, () => Promise<void> | void> = {
  "types (tsc)": () => command("tsc", ["-p", "tsconfig.json"]),
  "format and lint (biome)": () => command("biome", ["check", "--error-on-warnings", "."]),
  "proto files, of every generation (buf lint)": protoFiles,
  "gen/ is what buf makes of proto/": generated,
  "package.json and deno.json agree": manifests,
  "dependencies are justified": dependencies,
  "docs/brokers.md has the errors as they were found": () => command("node", ["scripts/error-rows.ts", "check"]),
  "the core knows no runtime": layers,
  "who sends bytes loads no heavy codec": weight,
  "the entries for Workers and for browsers export what the main one does, and load nothing of Node's": entries,
  "JSR accepts the package (deno publish --dry-run)": () =>
    command("deno", ["publish", "--dry-run", "--allow-dirty", "--quiet"]),
  "every public name is documented (deno doc --lint)": documentation,
  "the npm package works by itself": tryPackage,
};

export async function checkSuite(): Promise<Result[]> {
  const results: Result[] = [];
  for (const [name, check] of Object.entries(checks)) {
    results.push(
      await suite(name, async () => {
        await check();
        return { passed: 1, failed: 0, output: "" };
      }),
    );
  }
  return results;
}

async function command(name: string, args: string[]): Promise<void> {
  const { code, output } = await run(name, args);
  if (code !== 0) {
    throw new Error(`${name} ${args.join(" ")} ended with ${code}:\n${output}`);
  }
}

/** Each generation is a module of its own, because all have the same names: those that buf.gen.yaml generates from. */
async function protoFiles(): Promise<void> {
  const modules = [...readFileSync("buf.gen.yaml", "utf8").matchAll(/^ +- directory: (\S+)$/gm)].map(
    ([, path]) => path,
  );
  const folders = new Set(globSync("proto/**/*.proto").map((file) => join(file, "../..")));
  same("the modules of buf.gen.yaml and the folders of proto/", modules.length, folders.size);
  for (const path of modules) {
    await command("buf", ["lint", path as string]);
  }
}

async function generated(): Promise<void> {
  const fresh = mkdtempSync(join(tmpdir(), "danube-gen-"));
  try {
    await command("buf", ["generate", "-o", fresh]);
    const files = (root: string) => globSync("**/*.ts", { cwd: root }).sort();
    const [made, committed] = [files(join(fresh, "gen")), files("gen")];
    same("the files of gen/", made, committed);
    for (const file of made) {
      if (readFileSync(join(fresh, "gen", file), "utf8") !== readFileSync(join("gen", file), "utf8")) {
        throw new Error(`gen/${file} is not what proto/ says; run npm run generate`);
      }
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

async function documentation(): Promise<void> {
  const { output } = await run("deno", ["doc", "--lint", ...Object.values(jsrManifest().exports)]);
  // Connect's and protobuf-es's own, documented there.
  const theirs = /references private type '(Interceptor|Transport|DescMessage|MessageInitShape|MessageShape)'/;
  const complaints = output.split(/^(?=error)/m).filter((text) => text.startsWith("error[") && !theirs.test(text));
  if (complaints.length > 0 || !output.includes("error")) {
    throw new Error(complaints.join("") || `deno doc printed ${output}`);
  }
}

interface PackageManifest {
  version: string;
  name: string;
  license: string;
  exports: Record<string, string | Record<string, string>>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional?: boolean }>;
}

const manifest = () => JSON.parse(readFileSync("package.json", "utf8")) as PackageManifest;

interface JsrManifest {
  version: string;
  name: string;
  license: string;
  exports: Record<string, string>;
  imports: Record<string, string>;
}

const jsrManifest = () => JSON.parse(readFileSync("deno.json", "utf8")) as JsrManifest;

function manifests(): void {
  const npm = manifest();
  const jsr = jsrManifest();
  same("name, version and license", [npm.name, npm.version, npm.license], [jsr.name, jsr.version, jsr.license]);
  const entries = Object.entries(npm.exports).filter(([path]) => path !== "./package.json");
  same(
    "exports",
    entries.map(([path, target]) => [path, (target as Record<string, string>)["bun"]]),
    Object.entries(jsr.exports),
  );
  same("what Workers load, and /edge", targetOf(npm, ".", "workerd"), targetOf(npm, "./edge", "default"));
  for (const condition of ["edge-light", "browser"]) {
    same(`what ${condition} loads, and /web`, targetOf(npm, ".", condition), targetOf(npm, "./web", "default"));
  }
  for (const [path, target] of entries) {
    const source = jsr.exports[path] as string;
    const built = source.replace(/^\.\//, "./dist/").replace(/\.ts$/, "");
    const { bun, types, default: main } = target as Record<string, string>;
    same(`the targets of ${path}`, [bun, types, main], [source, `${built}.d.ts`, `${built}.js`]);
    if (!existsSync(source)) {
      throw new Error(`${path} leads to ${source}, which is not there`);
    }
  }
  same(
    "peers and optional ones",
    Object.keys(npm.peerDependencies),
    Object.keys(npm.peerDependenciesMeta).filter((name) => npm.peerDependenciesMeta[name]?.optional),
  );
  const wanted = Object.entries({ ...npm.dependencies, ...npm.peerDependencies }).map(([name, range]) => [
    name,
    `npm:${name}@${range}`,
  ]);
  const imports = Object.entries(jsr.imports).filter(([name]) => !name.startsWith(npm.name));
  same("dependencies", wanted, imports);
}

function targetOf({ exports }: PackageManifest, path: string, condition: string): string | undefined {
  return (exports[path] as Record<string, string> | undefined)?.[condition];
}

function dependencies(): void {
  const text = readFileSync("docs/dependencies.md", "utf8");
  const { dependencies: needed, peerDependencies: optional } = manifest();
  for (const name of Object.keys({ ...needed, ...optional })) {
    if (!text.includes(`\`${name}\``)) {
      throw new Error(`docs/dependencies.md does not say why ${name} is needed`);
    }
  }
}

/** Which folders of src/ may import a runtime's own modules, and which may import which others. */
function layers(): void {
  const runtimeRooms = /^src\/(transport|testing|cli)\//;
  const forbidden: [from: RegExp, to: RegExp, why: string][] = [
    [/^src\/transport\//, /^src\/(cluster|producer|testing|cli)\//, "a transport knows no topic"],
    [/^src\/lib\//, /^src\/(?!lib\/)/, "lib/ stands alone"],
    [/^src\/cluster\//, /^src\/(producer|schema|testing|cli)\//, "the way to a broker knows no producer and no schema"],
    [/^src\/schema\//, /^src\/(producer|testing|cli)\//, "a schema knows no producer"],
    [/^src\/protocol\//, /^src\/(producer|testing|cli)\//, "a dialect knows no producer"],
    [/^src\/(?!protocol\/|testing\/)/, /^gen\/danube_0_/, "what older brokers are told is known in one room"],
    [/^src\/(?!protocol\/|testing\/)/, /^src\/protocol\/(v0-|features)/, "nothing else asks which generation it is"],
    [/^src\/(?!testing\/|cli\/)/, /^src\/(testing|cli)\//, "the library does not need its test kit or its command"],
  ];
  for (const file of globSync("src/**/*.ts")) {
    const text = readFileSync(file, "utf8");
    for (const [, specifier = ""] of text.matchAll(/from "([^"]+)"/g)) {
      if (/^(node:|@connectrpc\/connect-node)/.test(specifier) && !runtimeRooms.test(file)) {
        throw new Error(`${file} imports ${specifier}: only transports, the test kit and the command know a runtime`);
      }
      const target = relative(".", join(file, "..", specifier));
      for (const [from, to, why] of forbidden) {
        if (specifier.startsWith(".") && from.test(file) && to.test(target)) {
          throw new Error(`${file} imports ${target}: ${why}`);
        }
      }
    }
  }
}

/** What an entry loads at once: the files that it imports, and the packages that those do. */
function loadedBy(entry: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string) => {
    if (files.has(file)) {
      return;
    }
    files.add(file);
    const text = readFileSync(file, "utf8");
    for (const [, types, specifier = ""] of text.matchAll(
      /^(?:import|export) (type )?(?:[^;"]*?from )?"([^"]+)";/gms,
    )) {
      if (types) {
        continue;
      }
      if (specifier.startsWith(".")) {
        visit(relative(".", join(file, "..", specifier)));
      } else {
        packages.add(specifier);
      }
    }
  };
  visit(entry);
  return { files, packages };
}

function weight(): void {
  const { files, packages } = loadedBy("src/index.ts");
  const heavy = [
    ...Object.keys(manifest().peerDependencies).filter((name) => packages.has(name)),
    ...["src/schema/avro.ts", "src/schema/protobuf.ts"].filter((file) => files.has(file)),
  ];
  if (heavy.length > 0 || !files.has("src/schema/json.ts")) {
    throw new Error(`src/index.ts loads ${heavy.join(", ")} (of ${files.size} files)`);
  }
}

/** The entries beside the main one, and the modules of a runtime that each may load. */
const otherEntries: Record<string, readonly string[]> = { edge: ["cloudflare:sockets"], web: [] };

async function entries(): Promise<void> {
  const names = Object.keys(otherEntries);
  for (const name of names) {
    const { files, packages } = loadedBy(`src/${name}.ts`);
    const own = [...packages].filter((specifier) => specifier.includes(":"));
    same(`the modules of a runtime that src/${name}.ts loads`, own, otherEntries[name]);
    const globals = [...files].filter((file) =>
      /\b(Buffer|process|setImmediate|require)\b[.(]/.test(
        readFileSync(file, "utf8").replace(/^ *(\/\/|\/?\*).*$/gm, ""),
      ),
    );
    if (packages.has("@connectrpc/connect-node") || globals.length > 0 || !files.has("src/transport/fetch.ts")) {
      throw new Error(
        `src/${name}.ts loads ${[...packages].join(", ")}; Node's own words are in ${globals.join(", ")}`,
      );
    }
  }
  const sources = ["index", ...names].map((name) => `src/${name}.ts`);
  const { output } = await run("deno", ["doc", "--quiet", "--json", ...sources]);
  const { nodes } = JSON.parse(output.slice(output.indexOf("{"))) as {
    nodes: Record<string, { symbols: { name: string }[] }>;
  };
  const [main, ...others] = sources.map((source) => {
    const node = Object.entries(nodes).find(([file]) => file.endsWith(`/${source}`))?.[1];
    return node?.symbols.map(({ name }) => name).sort();
  });
  for (const [i, other] of others.entries()) {
    same(`the exports of src/index.ts and ${sources[i + 1]}`, main, other);
  }
  if (!main?.includes("connect")) {
    throw new Error(`deno doc does not find connect in src/index.ts: ${main}`);
  }
}

function same(what: string, a: unknown, b: unknown): void {
  if (JSON.stringify(a) !== JSON.stringify(b)) {
    throw new Error(`${what} differ: ${JSON.stringify(a)} and ${JSON.stringify(b)}`);
  }
}
