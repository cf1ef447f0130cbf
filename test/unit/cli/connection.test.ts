import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connectOptions } from "../../../src/cli/connection.ts";
import { UsageError } from "../../../src/cli/usage.ts";
import { thrown } from "../support/outcomes.ts";

beforeEach(() => {
  vi.stubEnv("DANUBE_URL", undefined);
  vi.stubEnv("DANUBE_TOKEN", undefined);
  vi.stubEnv("DANUBE_API_KEY", undefined);
});
afterEach(() => void vi.unstubAllEnvs());

const certificate = fileURLToPath(new URL("../../certs/ca.pem", import.meta.url));

describe("connectOptions", () => {
  test("by default the broker of this machine, and nothing else", () => {
    expect(connectOptions({})).toEqual({
      brokers: ["http://127.0.0.1:6650"],
      token: undefined,
      apiKey: undefined,
      protocol: undefined,
      tls: undefined,
      allowInsecure: undefined,
      gateway: undefined,
    });
  });

  test("the environment names brokers and the token, the command line goes before it", () => {
    vi.stubEnv("DANUBE_URL", "http://a:1,http://b:1,");
    vi.stubEnv("DANUBE_TOKEN", "from the environment");
    expect(connectOptions({})).toMatchObject({ brokers: ["http://a:1", "http://b:1"], token: "from the environment" });
    expect(connectOptions({ broker: ["c:1"], token: "given" })).toMatchObject({ brokers: ["c:1"], token: "given" });
  });

  test("an API key as well; of a key and a token, the one that was typed counts", () => {
    expect(connectOptions({ "api-key": "typed" })).toMatchObject({ apiKey: "typed", token: undefined });
    vi.stubEnv("DANUBE_API_KEY", "a key");
    expect(connectOptions({})).toMatchObject({ apiKey: "a key", token: undefined });
    expect(connectOptions({ token: "typed" })).toMatchObject({ apiKey: undefined, token: "typed" });
    vi.stubEnv("DANUBE_TOKEN", "a token");
    expect(connectOptions({})).toMatchObject({ apiKey: undefined, token: "a token" });
    expect(connectOptions({ "api-key": "typed" })).toMatchObject({ apiKey: "typed", token: undefined });
  });

  test("the generation of the brokers is one that there is", () => {
    expect(connectOptions({ protocol: "0.4" })).toMatchObject({ protocol: "0.4" });
    expect(thrown(() => connectOptions({ protocol: "0.3" }))).toBeInstanceOf(UsageError);
  });

  test("PEM files are read", () => {
    const { tls } = connectOptions({ "tls-ca": certificate, "tls-server-name": "broker" });
    expect(tls).toMatchObject({ serverName: "broker", cert: undefined });
    expect(tls?.ca).toContain("BEGIN CERTIFICATE");
  });

  test("a PEM file that is not there is the caller's mistake, and the option named", () => {
    const error = thrown(() => connectOptions({ "tls-key": "/no/such/file.pem" }));
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toMatch(/--tls-key.*\/no\/such\/file\.pem/);
  });
});
