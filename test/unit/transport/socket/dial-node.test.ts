import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { ByteStream } from "../../../../src/transport/byte-stream.ts";
import { dialNode } from "../../../../src/transport/dial-node.ts";
import { CallFailure } from "../../../../src/transport/seam.ts";

let server: Server;
const open: { destroy(): void }[] = [];

afterEach(() => {
  for (const one of open.splice(0)) {
    one.destroy();
  }
  server.close();
});

async function listen(onSocket: (socket: Socket) => void): Promise<string> {
  server = createServer({ allowHalfOpen: true }, (socket) => {
    open.push(socket.on("error", () => {}));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What a dialler tells, up to the end. */
function dial(url: string, act: (stream: ByteStream, told: string) => void = () => {}): Promise<string[]> {
  return new Promise((resolve) => {
    const told: string[] = [];
    const tell = (word: string) => {
      told.push(word);
      act(stream, word);
    };
    const stream = dialNode(url, undefined, {
      onOpen: () => tell("open"),
      onBytes: (bytes) => tell(`bytes ${Buffer.from(bytes)}`),
      onDrain: () => tell("drain"),
      onClose(failure) {
        expect(failure === undefined || failure instanceof CallFailure).toBe(true);
        tell(`close ${failure?.kind}`);
        resolve(told);
      },
    });
    open.push(stream);
    expect(told).toEqual([]);
  });
}

test("nobody there: unreachable, told once", async () => {
  const url = await listen(() => {});
  await new Promise((resolve) => server.close(resolve));
  expect(await dial(url)).toEqual(["close unreachable"]);
});

test("destroyed by us: no failure of anybody's", async () => {
  const url = await listen(() => {});
  const told = await dial(url, (it, word) => word === "open" && it.destroy());
  expect(told).toEqual(["open", "close undefined"]);
});

test("a peer that closes, with words and without", async () => {
  const url = await listen((socket) => socket.end("bye"));
  expect(await dial(url)).toEqual(["open", "bytes bye", "close undefined"]);
});

test("a peer that breaks off", async () => {
  const url = await listen((socket) => socket.once("data", () => socket.resetAndDestroy()));
  expect(await dial(url, (it, word) => word === "open" && it.write(Buffer.from("x")))).toEqual(["open", "close lost"]);
});

test("a peer that says its last word and takes no more: what was still to be written holds nothing up", async () => {
  const url = await listen((socket) => {
    socket.pause();
    setTimeout(() => socket.end("bye"), 50);
  });
  const told = await dial(url, (it, word) => {
    if (word === "open") {
      expect(it.write(new Uint8Array(30_000_000))).toBe(false);
    }
  });
  expect(told).toEqual(["open", "bytes bye", "close undefined"]);
});

test("a writer is told when there is room again; what was written before the end still goes out", async () => {
  let got = 0;
  const url = await listen((socket) => {
    socket.on("data", ({ length }) => (got += length));
    socket.once("end", () => socket.end());
  });
  const told = await dial(url, (it, word) => {
    if (word === "open") {
      it.write(new Uint8Array(10_000_000));
    } else if (word === "drain") {
      it.write(new Uint8Array(1_000));
      it.end();
      expect(it.write(Buffer.from("more"))).toBe(true);
    }
  });
  expect([told, got]).toEqual([["open", "drain", "close undefined"], 10_001_000]);
});

test("what came stays as it came, whatever comes after it", async () => {
  const sent = Array.from({ length: 200 }, (_, i) => Buffer.alloc(5_000, i));
  const url = await listen(async (socket) => {
    for (const piece of sent) {
      await new Promise((resolve) => socket.write(piece, resolve));
    }
    socket.end();
  });
  const chunks: Uint8Array[] = [];
  await new Promise<void>((resolve) => {
    const stream = dialNode(url, undefined, {
      onOpen() {},
      onBytes: (bytes) => void chunks.push(bytes),
      onDrain() {},
      onClose: () => resolve(),
    });
    open.push(stream);
  });
  expect(Buffer.compare(Buffer.concat(chunks), Buffer.concat(sent))).toBe(0);
});

test("a certificate that is none: untrusted, and nothing is thrown", async () => {
  const failures = await new Promise<unknown[]>((resolve) => {
    const told: unknown[] = [];
    dialNode(
      "https://127.0.0.1:9",
      { cert: "garbage", key: "garbage" },
      {
        onOpen: () => void told.push("open"),
        onBytes() {},
        onDrain() {},
        onClose: (failure) => resolve([...told, failure]),
      },
    );
  });
  expect(failures).toEqual([expect.objectContaining({ name: "CallFailure", kind: "untrusted" })]);
});
