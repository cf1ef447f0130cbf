import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { sleep } from "../../src/lib/sleep.ts";
import { freePort, type Program, startProgram } from "./programs.ts";
import { digestOf, type OpenSession, openSession } from "./session.ts";

// gRPC for Go, whose servers end their connections when these are old, and those of clients that ask too often whether
// anybody is there.

const folder = mkdtempSync(join(tmpdir(), "danube-grpc-go-"));
let server: Program | undefined;
let session: OpenSession | undefined;

beforeAll(() => {
  const cwd = fileURLToPath(new URL("grpc-go/", import.meta.url));
  execFileSync("go", ["build", "-o", join(folder, "server"), "."], { cwd, stdio: "pipe" });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

afterEach(async () => {
  vi.useRealTimers();
  session?.close();
  await server?.end();
});

async function serve(options: readonly string[] = []): Promise<OpenSession> {
  const port = await freePort();
  server = await startProgram(join(folder, "server"), [`--port=${port}`, ...options], port);
  session = openSession(`http://127.0.0.1:${port}`);
  return session;
}

const fields = ["te", "trailers", "content-type", "application/grpc"];

/** A message of so many bytes, behind its prefix. */
function message(bytes: number): Buffer {
  const body = Buffer.alloc(5 + bytes, "a message ");
  body[0] = 0;
  body.writeUInt32BE(bytes, 1);
  return body;
}

test("16 callers for 10 s on connections that live for 0.4 s: no call is lost, and none made twice", async () => {
  const { post } = await serve(["--age=400ms"]);
  const end = performance.now() + 10_000;
  let calls = 0;
  const caller = async () => {
    let count = 0;
    while (performance.now() < end) {
      const body = message(++calls % 40 === 0 ? 150_000 : calls % 400);
      const { digest, trailer } = await post("/test.Calls/Echo", { body, fields });
      expect(digest).toBe(digestOf(body));
      expect(trailer).toEqual(expect.arrayContaining(["grpc-status", "0"]));
      count = Number(trailer[trailer.indexOf("calls") + 1]);
    }
    return count;
  };
  const counts = await Promise.all(Array.from({ length: 16 }, caller));
  expect(calls).toBeGreaterThan(2_000);
  expect(Math.max(...counts)).toBe(calls);
});

test("a server that takes a PING in five minutes: the call is lost that was asked for the fourth time, and the next is left alone for longer", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  const { post } = await serve();
  /** Lets so many seconds go by for the keepalive, and its pings be answered. */
  const quiet = async (seconds: number) => {
    for (let gone = 0; gone < seconds; gone += 5) {
      vi.advanceTimersByTime(5_000);
      await sleep(100);
    }
  };
  const echo = () => post("/test.Calls/Echo", { body: message(1), fields });
  /** A call that the server does not answer, and what it has come to. */
  const wait = async () => {
    const call: { over: unknown } = { over: undefined };
    post("/test.Calls/Wait", { body: message(1), fields }).catch((reason: unknown) => {
      call.over = reason;
    });
    await sleep(200);
    return call;
  };
  await echo();
  const first = await wait();
  await quiet(85);
  expect(first.over).toBe(undefined);
  await quiet(15);
  await expect.poll(() => first.over, { timeout: 5_000 }).toMatchObject({ kind: "lost" });
  expect((await echo()).trailer).toEqual(expect.arrayContaining(["grpc-status", "0"]));
  const second = await wait();
  await quiet(150);
  expect(second.over).toBe(undefined);
});
