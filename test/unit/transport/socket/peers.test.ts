import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { sleep } from "../../../../src/lib/sleep.ts";
import { type BrokerTransport, CallFailure } from "../../../../src/transport/seam.ts";
import { nodeTransports } from "../../../../src/transport/transports-node.ts";
import { unaryBytes } from "../../support/unary-bytes.ts";

// Another implementation at the other end, nghttp2 in node:http2, over a real socket.

let transport: BrokerTransport | undefined;
const servers: Http2Server[] = [];
const sessions = new Set<ServerHttp2Session>();

afterEach(() => {
  transport?.close();
  kill();
});

function kill(): void {
  for (const session of sessions) {
    session.destroy();
  }
  for (const server of servers.splice(0)) {
    server.close();
  }
}

async function serve(onRequest: (stream: ServerHttp2Stream, body: Buffer) => void, port = 0): Promise<number> {
  const server = createServer();
  servers.push(server);
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.once("close", () => sessions.delete(session));
  });
  server.on("stream", (stream) => {
    const pieces: Buffer[] = [];
    stream.on("error", () => {});
    stream.on("data", (piece: Buffer) => pieces.push(piece));
    stream.once("end", () => onRequest(stream, Buffer.concat(pieces)));
  });
  await new Promise<void>((resolve) => void server.listen(port, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function answer(stream: ServerHttp2Stream, body: Buffer): void {
  if (!stream.destroyed && !stream.closed) {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(body);
  }
}

const header = new Headers();

/** A call with a number in it, of so many bytes. */
function call(number: number, size = 4): Promise<Uint8Array> {
  const request = Buffer.alloc(5 + size);
  request.writeUInt32BE(size, 1);
  request.writeUInt32BE(number, 5);
  return unaryBytes(transport as BrokerTransport, { path: "/a.B/C", request, header, timeoutMs: 10_000 });
}

test("a server that ages its connections, in two steps or at once: no call is lost, and none is done twice", async () => {
  const done = new Map<number, number>();
  let aged = 0;
  const port = await serve((stream, body) => {
    const number = body.readUInt32BE(5);
    done.set(number, (done.get(number) ?? 0) + 1);
    setTimeout(() => answer(stream, body), number % 20);
  });
  servers[0]?.on("session", (session: ServerHttp2Session) => {
    aged++;
    setTimeout(() => {
      if (aged % 2 === 0 && !session.destroyed) {
        session.goaway(0, 2 ** 31 - 1);
      }
      setTimeout(() => session.destroyed || session.close(), 10);
    }, 150);
  });
  transport = nodeTransports.socket.create(`http://127.0.0.1:${port}`, {});
  const end = performance.now() + 2_000;
  let calls = 0;
  const caller = async () => {
    while (performance.now() < end) {
      const number = ++calls;
      const answered = await call(number, number % 50 === 0 ? 100_000 : 4);
      expect(Buffer.from(answered).readUInt32BE(0)).toBe(number);
    }
  };
  await Promise.all(Array.from({ length: 16 }, caller));
  expect(aged).toBeGreaterThan(5);
  expect(calls).toBeGreaterThan(500);
  expect(done.size).toBe(calls);
  expect([...done.values()].every((times) => times === 1)).toBe(true);
});

test("a server that is killed: every call ends, and the next ones go to the server that comes after it", async () => {
  const port = await serve(() => {});
  transport = nodeTransports.socket.create(`http://127.0.0.1:${port}`, {});
  const calls = Array.from({ length: 50 }, (_, i) => call(i, 10_000).catch((reason: unknown) => reason));
  await sleep(100);
  kill();
  for (const failure of await Promise.all(calls)) {
    expect(failure).toBeInstanceOf(CallFailure);
    expect((failure as CallFailure).kind).toMatch(/^(lost|reset)$/);
  }
  await expect(call(1)).rejects.toMatchObject({ kind: "unreachable" });
  await serve(answer, port);
  expect(Buffer.from(await call(7)).readUInt32BE(0)).toBe(7);
});

test("answers and requests larger than all windows, many at once", async () => {
  const port = await serve(answer);
  transport = nodeTransports.socket.create(`http://127.0.0.1:${port}`, {});
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => call(i, 1_500_000)));
  expect(answers.map((bytes) => [bytes.length, Buffer.from(bytes).readUInt32BE(0)])).toEqual(
    answers.map((_, i) => [1_500_000, i]),
  );
});
