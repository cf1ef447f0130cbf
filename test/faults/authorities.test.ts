import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { ConnectOptions } from "@danube-messaging/client";
import { type EmbeddedBroker, startBroker } from "@danube-messaging/client/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// Whom a client trusts that is told nothing: the authorities of its runtime, each in its own way.

const path = (name: string) => fileURLToPath(new URL(`../certs/${name}`, import.meta.url));
const pem = (name: string) => readFileSync(path(name), "utf8");
const child = fileURLToPath(new URL("./authorities-child.ts", import.meta.url));
const runtime = "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node";
const command = runtime === "deno" ? ["run", "-A", child] : [child];

/** How a runtime is told of an authority: beside its own, and in the system's store. */
const stores: Record<typeof runtime, Record<string, string>[]> = {
  node: [{ NODE_EXTRA_CA_CERTS: path("ca.pem") }, { NODE_OPTIONS: "--use-system-ca", SSL_CERT_FILE: path("ca.pem") }],
  deno: [
    { NODE_EXTRA_CA_CERTS: path("ca.pem") },
    { DENO_CERT: path("ca.pem") },
    { DENO_TLS_CA_STORE: "system", SSL_CERT_FILE: path("ca.pem") },
  ],
  bun: [{ NODE_EXTRA_CA_CERTS: path("ca.pem") }, { SSL_CERT_FILE: path("ca.pem") }],
};

let broker: EmbeddedBroker;
/** Its certificate is for another host than the one it is at. */
let elsewhere: EmbeddedBroker;
beforeAll(async () => {
  broker = await startBroker({ tls: { cert: pem("server.pem"), key: pem("server.key") } });
  elsewhere = await startBroker({ tls: { cert: pem("client.pem"), key: pem("client.key") } });
});
afterAll(() => Promise.all([broker.close(), elsewhere.close()]));

async function ask(env: Record<string, string>, options: Partial<ConnectOptions> = {}, to = broker): Promise<string> {
  const transport = process.env["DANUBE_TRANSPORT"] ?? "auto";
  const args = [...command, JSON.stringify({ brokers: to.urls, transport, ...options })];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } });
  return stdout.trim();
}

describe.each(stores[runtime].map((env) => [Object.keys(env).join(" with "), env] as const))("%s", (_, env) => {
  test("its authority is trusted, without being named", async () => {
    expect(await ask(env)).toBe("ready");
  });

  test("and no other one, when `ca` is given: that is instead, not beside", async () => {
    expect(await ask(env, { tls: { ca: pem("other-ca.pem") } })).toMatch(/^PROTOCOL: .*certificate/i);
  });

  test("nor a host that its certificate does not name", async () => {
    expect(await ask(env, {}, elsewhere)).toMatch(/^PROTOCOL: .*(altname|does not match)/i);
    expect(await ask(env, { tls: { serverName: "client.test" } }, elsewhere)).toBe("ready");
  });
});

test("nobody is trusted whom no authority speaks for", async () => {
  expect(await ask({})).toMatch(/^PROTOCOL: .*certificate/i);
});

test("also where the environment says not to look (NODE_TLS_REJECT_UNAUTHORIZED)", async () => {
  expect(await ask({ NODE_TLS_REJECT_UNAUTHORIZED: "0" })).toMatch(/^PROTOCOL: .*certificate/i);
});
