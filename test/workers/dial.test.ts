import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Dialling, Told } from "./dialler.ts";
import { pem, startWorker, type Worker } from "./workerd.ts";

// The byte stream of Workers, in workerd, and what it tells of all that can become of a connection.

let worker: Worker;
const closing: (() => void)[] = [];

beforeAll(async () => {
  worker = await startWorker("dialler.ts");
});

afterAll(() => worker.close());

afterEach(async () => {
  for (const close of closing.splice(0)) {
    close();
  }
  expect(await worker.problems()).toEqual([]);
});

const dial = (dialling: Dialling) => worker.ask<Told>(dialling);

/** A server that does `greet` with each connection. */
async function listen(greet: (socket: Socket) => void, certificate?: string): Promise<string> {
  const onSocket = (socket: Socket) => {
    socket.on("error", () => {});
    closing.push(() => socket.destroy());
    greet(socket);
  };
  const server = certificate
    ? createTlsServer({ cert: pem(`${certificate}.pem`), key: pem(`${certificate}.key`) }, onSocket)
    : createServer({ allowHalfOpen: true }, onSocket);
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return `${certificate ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const echo = (socket: Socket) => void socket.pipe(socket);

test("nobody there: unreachable, told once", async () => {
  const told = await dial({ url: "http://127.0.0.1:1", first: [10, 1_000_000] });
  expect(told.words).toEqual(["close unreachable"]);
  expect(told.failure).toMatch(/^cannot connect to http:\/\/127.0.0.1:1: [^()]*$/);
});

test("no such host, a port that is none of a broker's: unreachable", async () => {
  expect((await dial({ url: "http://no-such-host.invalid:1" })).words).toEqual(["close unreachable"]);
  expect((await dial({ url: "http://127.0.0.1:25" })).words).toEqual(["close unreachable"]);
});

test("outside of a request: unreachable, and why", async () => {
  expect(await dial({ url: "at start" })).toMatchObject({
    words: ["close unreachable"],
    failure: expect.stringMatching(/global scope/),
  });
});

test.each(["http", "https"])("%s: bytes there and back, then an end on either side", async (scheme) => {
  const url = await listen(echo, scheme === "https" ? "server" : undefined);
  expect(await dial({ url, on: { open: [1], bytes: ["end"] } })).toEqual({
    words: ["open", "bytes \0", "close undefined"],
    writes: [true],
  });
});

test("what is written before it stands goes out when it does", async () => {
  const url = await listen(echo);
  const { words } = await dial({ url, first: [2], on: { bytes: ["destroy"] } });
  expect(words).toEqual(["open", "bytes \0\0", "close undefined"]);
});

test("IPv6", async () => {
  const server = createServer(echo);
  await new Promise<void>((resolve) => server.listen(0, "::1", resolve));
  closing.push(() => server.close());
  const url = `http://[::1]:${(server.address() as AddressInfo).port}`;
  expect((await dial({ url, first: [1], on: { bytes: ["destroy"] } })).words[0]).toBe("open");
});

test("a certificate for another host: unreachable, and certificates are spoken of", async () => {
  const { words, failure } = await dial({ url: await listen(echo, "client"), first: [1] });
  expect([words, failure]).toEqual([["close unreachable"], expect.stringMatching(/certificate is not trusted/)]);
});

test("TLS to a server without: unreachable", async () => {
  const url = (await listen((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"))).replace("http", "https");
  expect((await dial({ url, first: [1] })).words).toEqual(["close unreachable"]);
});

test("destroyed by us, before it stands and after: no failure of anybody's", async () => {
  const mute = (await listen((socket) => socket.pause())).replace("http", "https");
  expect((await dial({ url: mute, first: [1, "destroy", 1] })).words).toEqual(["close undefined"]);
  const url = await listen(() => {});
  expect((await dial({ url, on: { open: [1, "destroy", "destroy", "end", 1] } })).words).toEqual([
    "open",
    "close undefined",
  ]);
});

test("destroyed by us, the peer learns of it while the request goes on", async () => {
  const events: string[] = [];
  const url = await listen((socket) => socket.resume().on("end", () => events.push("end")));
  await dial({ url, on: { open: [1, "destroy"] }, lingerMs: 500 }).then(() => events.push("answer"));
  expect(events).toEqual(["end", "answer"]);
});

test("a peer that closes, with words and without", async () => {
  expect((await dial({ url: await listen((socket) => socket.end("bye")) })).words).toEqual([
    "open",
    "bytes bye",
    "close undefined",
  ]);
  expect((await dial({ url: await listen((socket) => socket.destroy()), first: [9] })).words).toEqual([
    "open",
    "close undefined",
  ]);
});

test("a peer that breaks off: the end is told", async () => {
  const url = await listen((socket) => socket.once("data", () => socket.resetAndDestroy()));
  const { words } = await dial({ url, on: { open: [1] } });
  expect(words).toEqual(["open", expect.stringMatching(/^close (lost|undefined)$/)]);
});

test("a peer that says its last word and takes no more: what was still to be written holds nothing up", async () => {
  const url = await listen((socket) => {
    socket.pause();
    setTimeout(() => socket.end("bye"), 50);
  });
  const { words, writes } = await dial({ url, on: { open: [30_000_000] } });
  expect([words, writes]).toEqual([["open", "bytes bye", "close undefined"], [false]]);
});

test("a peer that takes nothing: a writer is told to stop, and nothing else", async () => {
  const url = await listen((socket) => socket.pause());
  const { words, writes } = await dial({ url, on: { open: [100_000, 100_000, 100_000, 30_000_000] }, withinMs: 300 });
  expect([words, writes]).toEqual([["open"], [true, true, false, false]]);
});

test("a writer is told once when there is room again; what was written before the end still goes out", async () => {
  let got = 0;
  const url = await listen((socket) => {
    socket.pause();
    setTimeout(() => socket.resume(), 100);
    socket.on("data", ({ length }) => (got += length));
    socket.once("end", () => socket.end());
  });
  const on: Dialling["on"] = { open: [...Array(100).fill(100_000)], drain: [1_000, "end", 1_000] };
  const { words, writes } = await dial({ url, on });
  expect(words).toEqual(["open", "drain", "close undefined"]);
  expect(writes.slice(0, 4)).toEqual([true, true, false, false]);
  // With room again; and after the end nothing is taken, nor waited for.
  expect([writes.slice(-2), got]).toEqual([[true, true], 10_001_000]);
});

test("30 MB from a peer that does not wait", async () => {
  let sent = 0;
  const url = await listen((socket) => {
    for (let i = 0; i < 300; i++) {
      socket.write(Buffer.alloc(100_000, "x"));
    }
    socket.end(() => (sent = socket.bytesWritten));
  });
  const { words } = await dial({ url, withinMs: 20_000 });
  const length = words.reduce((sum, word) => sum + (word.startsWith("bytes ") ? word.length - 6 : 0), 0);
  expect([words[0], words.at(-1), length, sent]).toEqual(["open", "close undefined", 30_000_000, 30_000_000]);
});

test("many at once, each with its own bytes", async () => {
  const url = await listen(echo);
  const all = Array.from({ length: 20 }, (_, i) => dial({ url, first: [i + 1], on: { bytes: ["end"] } }));
  const words = (await Promise.all(all)).map((told) => told.words);
  expect(words).toEqual(words.map((_, i) => ["open", `bytes ${"\0".repeat(i + 1)}`, "close undefined"]));
});
