import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import process from "node:process";

// The programs at the other end, each a process of its own that listens on a port of this machine.

/** A program that runs. */
export interface Program {
  end(): Promise<void>;
}

/** Starts a program, and waits until it listens on `port`. */
export async function startProgram(command: string, args: readonly string[], port: number): Promise<Program> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const collect = (chunk: Uint8Array) => {
    output = (output + new TextDecoder().decode(chunk)).slice(-2_000);
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  let over: string | undefined;
  const ended = new Promise<void>((resolve) => {
    const end = (how: string) => {
      over ??= how;
      resolve();
    };
    child.once("error", (error) => end(error.message));
    child.once("close", (code, signal) => end(`it ended with ${code ?? signal}`));
  });
  // Nothing is left behind by a test that is broken off.
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  for (const end = performance.now() + 20_000; !(await listens(port)); ) {
    if (over !== undefined || performance.now() > end) {
      kill();
      throw new Error(`${command} does not listen on ${port}: ${over ?? "it takes too long"}\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    async end() {
      process.off("exit", kill);
      kill();
      await ended;
    },
  };
}

/**
 * A port that nobody has. Not one that the system gives, which it may give to somebody else's connection meanwhile:
 * below those.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (free) {
      return port;
    }
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Envoy in front of the brokers at `urls`, as envoy.yaml says. `settings`: more of them, for its side to clients. */
export function startEnvoy(port: number, urls: readonly string[], settings: readonly string[] = []): Promise<Program> {
  const endpoints = urls.map((url) => {
    const { hostname, port } = new URL(url);
    return `{ endpoint: { address: { socket_address: { address: ${hostname}, port_value: ${port} } } } }`;
  });
  const config = readFileSync(new URL("envoy.yaml", import.meta.url), "utf8")
    .replace("<PORT>", String(port))
    .replace("<BROKERS>", endpoints.join(", "))
    .replace(/^( +)codec_type:.*$/m, (line, indent) => [line, ...settings.map((one) => indent + one)].join("\n"));
  // Without what would tie it to other Envoys of this machine.
  const options = ["--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"];
  return startProgram("envoy", ["--config-yaml", config, ...options], port);
}

/** nghttpx, nghttp2's proxy, in front of the broker at `url`. HTTP/2 on both sides. */
export function startNghttpx(port: number, url: string): Promise<Program> {
  const broker = `--backend=127.0.0.1,${new URL(url).port};;proto=h2`;
  const options = ["--conf=/dev/null", "--single-process", "--workers=1", "--log-level=WARN"];
  return startProgram("nghttpx", [`--frontend=127.0.0.1,${port};no-tls`, broker, ...options], port);
}

/** What {@link startGrpcWebEnvoy} fills in beside its port. */
export interface GrpcWebOptions {
  /** The origins whose pages may call. */
  origins?: readonly string[];
  /** Lets every call of the brokers' pass: the contract suite makes more than those that publishing needs. */
  everyCall?: boolean;
}

/** Envoy for gRPC-Web, as examples/edge/envoy.yaml says, with the brokers at `urls` on its list. */
export function startGrpcWebEnvoy(
  port: number,
  urls: readonly string[],
  { origins = ["https://page.test"], everyCall = false }: GrpcWebOptions = {},
): Promise<Program> {
  const forms: Record<string, readonly Record<string, string>[]> = {
    "<BROKER": urls.map((url) => {
      const { host, hostname, port } = new URL(url);
      return { "<BROKER>": host, "<BROKER_HOST>": hostname, "<BROKER_PORT>": port };
    }),
    "<ORIGIN>": origins.map((origin) => ({ "<ORIGIN>": origin })),
    "<ADDRESS>": [{ "<ADDRESS>": "127.0.0.1", "<PORT>": String(port) }],
  };
  const template = readFileSync(new URL("../../examples/edge/envoy.yaml", import.meta.url), "utf8");
  const lines = template.split("\n").filter((line) => !/^ *#/.test(line));
  const calls = lines.findIndex((line) => line.includes("url_path"));
  if (everyCall) {
    lines.splice(calls, 0, (lines[calls] as string).replace(/exact: [^ ]+/, "prefix: /danube"));
  }
  const filled = lines.flatMap((line) => {
    const form = Object.keys(forms).find((start) => line.includes(start));
    return form === undefined
      ? [line]
      : (forms[form] as readonly Record<string, string>[]).map((one) => fill(line, one));
  });
  const options = ["--disable-hot-restart", "--concurrency", "1", "--log-level", "error"];
  return startProgram("envoy", ["--config-yaml", filled.join("\n"), ...options], port);
}

function fill(line: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((text, [name, value]) => text.replaceAll(name, value), line);
}
