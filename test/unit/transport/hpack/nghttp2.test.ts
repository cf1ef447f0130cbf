import { once } from "node:events";
import http2, {
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
  type ServerStreamResponseOptions,
} from "node:http2";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createDecoder } from "../../../../src/transport/http2/hpack/decoder.ts";
import { createEncoder, prepareFields } from "../../../../src/transport/http2/hpack/encoder.ts";
import { type Random, seeded } from "../../support/random.ts";
import { createHttp2Peer, frame, preface, whole } from "./http2-peer.ts";
import { indexedNames, randomValue } from "./lists.ts";

// Another implementation at the other end: nghttp2, of node:http2, indexes nearly everything, evicts, and refuses blocks
// that do not begin with the size update it waits for.

const rounds = 300;
const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0).reverse()) {
    one.close();
  }
});

/** No name twice: node:http2 would join the values, or take only one. */
function randomHeaders(random: Random): Record<string, string> {
  const names = ["x-repeats", "x-also", "x-varies", "authorization", "user-agent", "x-a-long-name-bin"];
  return Object.fromEntries(
    names.filter(() => random.next() < 0.6).map((name) => [name, randomValue(random)] as const),
  );
}

const flat = (headers: Record<string, string>) => Object.entries(headers).flat();

/** Without what node:http2 adds. */
function without(fields: readonly string[], ...names: string[]): string[] {
  return fields.filter((_, i) => !names.includes(fields[i - (i % 2)] as string));
}

async function listening(server: { listen(port: number): unknown; address(): unknown }): Promise<number> {
  server.listen(0);
  await once(server as never, "listening");
  return (server.address() as AddressInfo).port;
}

describe("as the client of nghttp2", () => {
  /** Requests by our encoder, answers for our decoder, and the sizes of both tables change. */
  async function exchange(theirSizes: readonly number[], ourSizes: readonly number[]): Promise<void> {
    const random = seeded(theirSizes.length + ourSizes.length);
    const server = http2.createServer({ settings: { headerTableSize: theirSizes[0] as number } });
    const requests: string[][] = [];
    const answers: Record<string, string>[] = [];
    server.on("stream", (stream: ServerHttp2Stream, _headers, _flags, raw: string[]) => {
      requests.push(raw);
      const answer = randomHeaders(random);
      answers.push(answer);
      // Documented, but not in the types.
      const options = { endStream: true, sendDate: false } as ServerStreamResponseOptions;
      stream.respond({ ":status": 200, ...answer }, options);
      if (random.below(10) === 0) {
        stream.session?.settings({ headerTableSize: random.pick(theirSizes) });
      }
    });
    const socket = connect(await listening(server));
    open.push({ close: () => server.close() }, { close: () => socket.destroy() });

    const peer = createHttp2Peer(socket);
    const encoder = createEncoder({ indexed: indexedNames });
    peer.onTableSize = encoder.setMaxTableSize;
    const decoder = createDecoder({ maxTableSize: Math.max(...ourSizes), maxListSize: 100_000 });
    socket.write(preface);
    peer.tableSize(ourSizes[0] as number);
    const prepared = prepareFields(flat({ ":method": "POST", ":scheme": "http", ":path": "/a/B", ":authority": "b" }));

    for (let round = 0; round < rounds; round++) {
      const fields = flat(randomHeaders(random));
      const block = encoder.encodePrepared(prepared, fields);
      peer.send(frame.headers, whole, 2 * round + 1, block);
      const answer = await peer.headers();
      expect(requests[round]).toEqual([...prepared.fields, ...fields]);
      expect(decoder.decode(answer.block)).toEqual([":status", "200", ...flat(answers[round] ?? {})]);
      expect(decoder.table.size).toBeLessThanOrEqual(decoder.table.maxSize);
      if (random.below(10) === 0) {
        peer.tableSize(random.pick(ourSizes));
      }
    }
  }

  test("both tables of 4,096 octets", () => exchange([4_096], [4_096]));
  test("no table of ours", () => exchange([4_096], [0]));
  test("no table of theirs", () => exchange([0], [4_096]));
  test("tables that are too small for what is said", () => exchange([128], [128]));
  test("tables whose sizes change", () => exchange([4_096, 0, 100, 65_536, 300], [4_096, 0, 100, 65_536, 300]));
});

describe("as the server of nghttp2", () => {
  async function exchange(theirSizes: readonly number[], ourSizes: readonly number[]): Promise<void> {
    const random = seeded(theirSizes.length + ourSizes.length);
    const server = createServer();
    const port = await listening(server);
    const client: ClientHttp2Session = http2.connect(`http://127.0.0.1:${port}`, {
      settings: { headerTableSize: theirSizes[0] as number },
    });
    const [socket] = (await once(server, "connection")) as [Socket];
    open.push({ close: () => server.close() }, { close: () => client.destroy() });

    const peer = createHttp2Peer(socket, { skip: preface.length });
    const encoder = createEncoder({ indexed: indexedNames });
    peer.onTableSize = encoder.setMaxTableSize;
    // What nghttp2 sends before it has our SETTINGS is made for a table of the default size.
    const decoder = createDecoder({ maxTableSize: Math.max(4_096, ...ourSizes), maxListSize: 100_000 });
    peer.tableSize(ourSizes[0] as number);

    for (let round = 0; round < rounds; round++) {
      const [headers, answer] = [randomHeaders(random), randomHeaders(random)];
      const stream = client.request({ ":path": "/a/B", ":method": "POST", ...headers }, { endStream: true });
      const request = await peer.headers();
      const names = [":method", ":scheme", ":authority", ":path"];
      expect(without(decoder.decode(request.block), ...names)).toEqual(flat(headers));
      const arrived = once(stream, "response");
      peer.send(frame.headers, whole, request.streamId, encoder.encode([":status", "200", ...flat(answer)]));
      const [, , raw] = (await arrived) as [IncomingHttpHeaders, number, string[]];
      expect(raw).toEqual([":status", "200", ...flat(answer)]);
      stream.close();
      if (random.below(10) === 0) {
        client.settings({ headerTableSize: random.pick(theirSizes) });
        peer.tableSize(random.pick(ourSizes));
      }
    }
  }

  test("both tables of 4,096 octets", () => exchange([4_096], [4_096]));
  test("no tables", () => exchange([0], [0]));
  test("tables that are too small for what is said", () => exchange([128], [128]));
  test("tables whose sizes change", () => exchange([4_096, 0, 100, 65_536, 300], [4_096, 0, 100, 65_536, 300]));

  test("values of all octets in Huffman code", async () => {
    const server = createServer();
    const port = await listening(server);
    const client = http2.connect(`http://127.0.0.1:${port}`);
    const [socket] = (await once(server, "connection")) as [Socket];
    open.push({ close: () => server.close() }, { close: () => client.destroy() });
    const peer = createHttp2Peer(socket, { skip: preface.length });
    peer.tableSize(0);
    const decoder = createDecoder({ maxTableSize: 4_096, maxListSize: 100_000 });
    for (let octet = 1; octet < 256; octet++) {
      // Enough of short codes that the whole is in Huffman code.
      const value = `aaaaaaaaaaaaaaaa${String.fromCharCode(octet)}aaaaaaaaaaaaaaaa`;
      client.request({ ":path": "/", "x-value": value }, { endStream: true }).on("error", () => {});
      expect(decoder.decode((await peer.headers()).block).slice(-2)).toEqual(["x-value", value]);
    }
  });
});
