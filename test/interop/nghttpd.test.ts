import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { CallFailure, TlsOptions } from "../../src/transport/seam.ts";
import { freePort, type Program, startProgram } from "./programs.ts";
import { type Answer, digestOf, openSession } from "./session.ts";

// nghttpd, the server of nghttp2, with settings that brokers do not have.

const certificates = fileURLToPath(new URL("../certs/", import.meta.url));
const read = (name: string) => readFileSync(join(certificates, name), "utf8");
const big = Buffer.alloc(3_000_000, "0123456789abc");
let documents: string;
let server: Program | undefined;
const closing: (() => void)[] = [];

beforeAll(() => {
  documents = mkdtempSync(join(tmpdir(), "danube-nghttpd-"));
  writeFileSync(join(documents, "big"), big);
  writeFileSync(join(documents, "small"), "hi");
});

afterAll(() => rmSync(documents, { recursive: true, force: true }));

afterEach(async () => {
  for (const close of closing.splice(0)) {
    close();
  }
  await server?.end();
});

async function serve(options: readonly string[], tls?: TlsOptions) {
  const port = await freePort();
  const keys = tls ? [join(certificates, "server.key"), join(certificates, "server.pem")] : [];
  const where = ["--address=127.0.0.1", `--htdocs=${documents}`, ...(tls ? [] : ["--no-tls"])];
  server = await startProgram("nghttpd", [...where, ...options, String(port), ...keys], port);
  const session = openSession(`${tls ? "https" : "http"}://127.0.0.1:${port}`, tls);
  closing.push(session.close);
  return session;
}

const trailer = "--trailer=grpc-status: 0";
const settings: Record<string, string[]> = {
  "as it comes": [trailer],
  "20 calls at a time, windows of 16 KiB, padding, and no table": [trailer, "-m20", "-w14", "-b100", "-c0"],
  "one call at a time, windows of 1 KiB": [trailer, "-m1", "-w10"],
  "large windows, a small table, padding as long as it gets": [trailer, "-w24", "-W24", "-c1", "-b255"],
  // It ends its streams before their trailers then, if there are any.
  "answers that come before the request has ended, and without their length": [
    "--early-response",
    "--no-content-length",
  ],
};

describe.each(Object.entries(settings))("%s", (_, options) => {
  test("200 requests at once, of all sizes, for nothing, little and 3 MB, some of them read slowly", async () => {
    const { post } = await serve(options);
    const bodies = [0, 10, 200_000].map((size) => Buffer.alloc(size, "x"));
    const paths = ["/big", "/small", "/none"];
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        post(paths[i % 3] as string, { body: bodies[(i >> 2) % 3] as Uint8Array, slowMs: i % 30 === 0 ? 1 : 0 }),
      ),
    );
    const isRight = (answer: Answer, path: string | undefined) => {
      const whole = path === "/big" ? big : Buffer.from("hi");
      const body = path === "/none" ? answer.status === "404" : answer.digest === digestOf(whole);
      return body && answer.trailer.join(": ") === (options.includes(trailer) ? "grpc-status: 0" : "");
    };
    expect(answers.filter((answer, i) => !isRight(answer, paths[i % 3]))).toEqual([]);
  });
});

test("what is sent comes back as it was, 100 at once, larger than all windows", async () => {
  const { post } = await serve(["--echo-upload", "-w12", "-b20"]);
  const bodies = Array.from({ length: 100 }, (_, i) => Buffer.alloc((i * i * 37) % 400_000, `number ${i};`));
  const answers = await Promise.all(bodies.map((body) => post("/echo", { body })));
  expect(answers.map(({ bytes, digest }) => [bytes, digest])).toEqual(
    bodies.map((body) => [body.length, digestOf(body)]),
  );
});

test("nobody waits for who reads slowly", async () => {
  const { post } = await serve([]);
  let read = false;
  const slow = post("/big", { slowMs: 10 }).finally(() => {
    read = true;
  });
  for (let i = 0; i < 50; i++) {
    expect((await post("/small")).bytes).toBe(2);
  }
  expect(read).toBe(false);
  expect((await slow).digest).toBe(digestOf(big));
});

describe("TLS", () => {
  const ca = read("ca.pem");

  test("h2 is agreed on", async () => {
    // It ends connections that do not want h2.
    const { post } = await serve(["--trailer=grpc-status: 0"], { ca });
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => post(i % 2 ? "/small" : "/big")));
    expect(answers.map(({ bytes }) => bytes)).toEqual(answers.map((_, i) => (i % 2 ? 2 : big.length)));
  });

  test("a client certificate is shown where one is asked for; without one there is no answer", async () => {
    const certificate = { cert: read("client.pem"), key: read("client.key") };
    const { post } = await serve(["--verify-client"], { ca, ...certificate });
    expect((await post("/small")).bytes).toBe(2);
  });

  test("a server that is not the authority's is not trusted", async () => {
    const { post } = await serve([], { ca: read("other-ca.pem") });
    const failure = (await post("/small").catch((reason: unknown) => reason)) as CallFailure;
    expect(failure.kind).toBe("untrusted");
  });
});
