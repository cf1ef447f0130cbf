import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { afterEach, describe, expect, test } from "vitest";
import {
  ConsumerService,
  MessageResponseSchema,
  ProducerService,
  StreamMessageSchema,
} from "../../../gen/danube/danube_api_pb.ts";
import { fetchTransport } from "../../../src/transport/fetch.ts";
import type { BrokerTransport, CallFailure } from "../../../src/transport/seam.ts";
import { unaryBytes } from "../support/unary-bytes.ts";

// What a proxy may answer, on the long way of a call and on the short one.

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0).reverse()) {
    close();
  }
});

function open(url: string, interceptors: Interceptor[] = []): BrokerTransport {
  const transport = fetchTransport(url, { interceptors });
  closing.push(transport.close);
  return transport;
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closing.push(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The URL of a server over HTTP/1.1. */
function serving(answer: (request: IncomingMessage, body: Buffer, response: ServerResponse) => void): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => answer(request, Buffer.concat(chunks), response));
  });
  closing.push(() => void server.closeAllConnections());
  return listening(server);
}

/** The URL of one that says what it likes once it was spoken to. */
function saying(say: (socket: Socket) => void): Promise<string> {
  return listening(
    createTcpServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => say(socket));
    }),
  );
}

const response = toBinary(MessageResponseSchema, create(MessageResponseSchema, { requestId: 7n }));
const message = Buffer.from([0, 0, 0, 0, response.length, ...response]);
const trailer = (text: string) => Buffer.concat([Buffer.from([0x80, 0, 0, 0, text.length]), Buffer.from(text)]);
const good = trailer("grpc-status:0\r\n");

interface Answer {
  status?: number;
  header?: Record<string, string>;
  body?: (Uint8Array | string)[];
}

const answering = ({ status = 200, header = {}, body = [] }: Answer) =>
  serving((_request, _body, out) => {
    out.writeHead(status, { "content-type": "application/grpc-web+proto", ...header });
    out.end(Buffer.concat(body.map((piece) => Buffer.from(piece))));
  });

const path = "/danube.ProducerService/SendMessage";
const request = Uint8Array.of(0, 0, 0, 0, 2, 8, 1);

/** A call on the short way. */
const short = (transport: BrokerTransport, header = new Headers(), timeoutMs = 10_000) =>
  unaryBytes(transport, { path, request, header, timeoutMs });

/** The same on the long one: the bytes of its answer. */
const long = async (transport: BrokerTransport, header = new Headers(), timeoutMs = 10_000) => {
  const answer = await createClient(ProducerService, transport).sendMessage(
    { requestId: 1n },
    { headers: header, timeoutMs },
  );
  return toBinary(MessageResponseSchema, answer);
};

const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => expect.unreachable("it was answered"),
    (reason: CallFailure) => reason,
  );

describe.each([
  ["the short way", short],
  ["the long way", long],
])("%s", (_, call) => {
  test("the request is gRPC-Web, and the answer is read whatever its pieces", async () => {
    const got: unknown[] = [];
    const url = await serving((asked, body, out) => {
      const { "content-type": type, "x-grpc-web": web, "grpc-timeout": timeout, authorization } = asked.headers;
      got.push([asked.method, asked.url, type, web, timeout, authorization, [...body]]);
      out.writeHead(200, { "content-type": "application/grpc-web+proto" });
      const bytes = [...message, ...good];
      const next = () => {
        const byte = bytes.shift();
        byte === undefined ? out.end() : out.write(Uint8Array.of(byte), () => setImmediate(next));
      };
      next();
    });
    const header = new Headers({ authorization: "Bearer x" });
    expect([...(await call(open(url), header))]).toEqual([...response]);
    const [, , , , , , body] = got[0] as [...unknown[], number[]];
    expect(got).toEqual([["POST", path, "application/grpc-web+proto", "1", "10000m", "Bearer x", body]]);
    expect(body).toEqual([...request]);
  });

  test.each<[name: string, answer: Answer, status: Code, words: string, metadata: string]>([
    [
      "in the trailer",
      { header: { "x-a": "1" }, body: [trailer("grpc-message:not%20here\r\ngrpc-status:5\r\n")] },
      Code.NotFound,
      "not here",
      "5",
    ],
    [
      "in the trailer, after a message",
      { body: [message, trailer("grpc-status: 9\r\n")] },
      Code.FailedPrecondition,
      "",
      "9",
    ],
    ["in the header", { header: { "grpc-status": "8", "grpc-message": "full" } }, Code.ResourceExhausted, "full", "8"],
    [
      "in the header, beside HTTP's own",
      { status: 503, header: { "grpc-status": "14", "grpc-message": "upstream" } },
      Code.Unavailable,
      "upstream",
      "14",
    ],
  ])("a status %s is the broker's word", async (_name, answer, status, words, code) => {
    const failure = await failureOf(call(open(await answering(answer))));
    expect(failure).toMatchObject({ name: "CallFailure", kind: "status", status, message: words });
    expect(failure.metadata?.get("grpc-status")).toBe(code);
  });

  test.each<[name: string, answer: Answer, kind: string, words: RegExp]>([
    ["that ends within a message", { body: [message.subarray(0, -1)] }, "garbled", /ends within a message$/],
    ["that ends within a message's prefix", { body: [message.subarray(0, 3)] }, "garbled", /ends within a message$/],
    ["that ends within its trailer", { body: [message, good.subarray(0, -2)] }, "garbled", /ends within its trailer$/],
    ["that ends without a trailer", { body: [message] }, "lost", /ended without a status/],
    ["that goes on after its trailer", { body: [message, good, message] }, "garbled", /goes on after its trailer$/],
    [
      "with a message that is too long",
      { body: [[0, 255, 255, 255, 255]].map(Buffer.from) },
      "garbled",
      /a message of 4294967295 bytes/,
    ],
    [
      "with a trailer that is too long",
      { body: [[128, 0, 2, 0, 0]].map(Buffer.from) },
      "garbled",
      /a trailer of 131072 bytes/,
    ],
    [
      "that is compressed",
      { body: [[1, 0, 0, 0, 0]].map(Buffer.from) },
      "garbled",
      /compressed, which nobody asked for/,
    ],
    ["that is no frames", { body: ["<html>"] }, "garbled", /no gRPC-Web: a frame that begins with 60/],
    [
      "with a status before its body",
      { header: { "grpc-status": "0" }, body: [message] },
      "garbled",
      /status before its body/,
    ],
    ["of two messages", { body: [message, message, good] }, "lost", /message/],
    ["of none", { body: [good] }, "lost", /message/],
    ["in a coding", { header: { "grpc-encoding": "gzip" }, body: [message, good] }, "garbled", /the coding "gzip"/],
    [
      "of a page",
      { header: { "content-type": "text/html" }, body: ["<html>"] },
      "garbled",
      /in text\/html instead of gRPC-Web; is it an Envoy with the grpc_web filter/,
    ],
    [
      "in gRPC",
      { header: { "content-type": "application/grpc" }, body: [message] },
      "garbled",
      /in application\/grpc instead of gRPC-Web/,
    ],
    ["of 415", { status: 415, header: { "content-type": "text/plain" } }, "garbled", /HTTP 415 instead of gRPC-Web/],
    ["of 404", { status: 404, header: { "content-type": "text/html" } }, "garbled", /HTTP 404/],
    ["that leads elsewhere", { status: 307, header: { location: "http://127.0.0.1:9/" } }, "garbled", /a redirect/],
  ])("an answer %s is none, and says so", async (_name, answer, kind, words) => {
    const failure = await failureOf(call(open(await answering(answer))));
    expect(failure).toMatchObject({ name: "CallFailure", kind, message: expect.stringMatching(words) });
  });

  test.each([
    [503, Code.Unavailable],
    [502, Code.Unavailable],
    [429, Code.Unavailable],
    [403, Code.PermissionDenied],
    [401, Code.Unauthenticated],
  ])("what a proxy says by itself with %d counts as the status that it is in gRPC", async (status, code) => {
    const words = { status, header: { "content-type": "text/plain", "content-length": "4" }, body: ["away"] };
    expect(await failureOf(call(open(await answering(words))))).toMatchObject({
      kind: "status",
      status: code,
      message: `HTTP ${status}: away`,
    });
  });

  test("nobody there: nothing was sent", async () => {
    const url = await saying(() => {});
    closing.pop()?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await failureOf(call(open(url)))).toMatchObject({
      kind: "unreachable",
      message: expect.stringMatching(/ECONNREFUSED/),
    });
    expect(await failureOf(call(open("http://certificate.invalid")))).toMatchObject({ kind: "unreachable" });
  });

  test("a broker itself, which speaks HTTP/2", async () => {
    const url = await saying((socket) => socket.end(Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0)));
    const failure = await failureOf(call(open(url)));
    expect(failure).toMatchObject({ kind: "garbled", message: expect.stringMatching(/speak HTTP\/2 only/) });
  });

  test("closed before a word: silent before there ever was an answer, lost after one", async () => {
    let answers = 0;
    const url = await serving((asked, _body, out) => {
      if (answers-- > 0) {
        out.writeHead(200, { "content-type": "application/grpc-web+proto" }).end(Buffer.concat([message, good]));
      } else {
        asked.socket.destroy();
      }
    });
    const transport = open(url);
    expect(await failureOf(call(transport))).toMatchObject({
      kind: "silent",
      message: expect.stringMatching(/wants an Envoy with gRPC-Web/),
    });
    answers = 1;
    await call(transport);
    expect(await failureOf(call(transport))).toMatchObject({
      kind: "lost",
      message: expect.stringMatching(/was lost/),
    });
  });

  test("broken off within its answer", async () => {
    const head =
      "HTTP/1.1 200 OK\r\ncontent-type: application/grpc-web+proto\r\ntransfer-encoding: chunked\r\n\r\n3\r\n\0\0\0\r\n";
    const url = await saying((socket) => socket.end(head));
    expect(await failureOf(call(open(url)))).toMatchObject({
      kind: "lost",
      message: expect.stringMatching(/broken off/),
    });
  });

  test("what does not answer in time, and what ends with the transport", async () => {
    const url = await serving((_asked, _body, out) => {
      out.writeHead(200, { "content-type": "application/grpc-web+proto" }).write(message);
    });
    expect(await failureOf(call(open(url), new Headers(), 50))).toMatchObject({ kind: "deadline" });
    const transport = open(url);
    const under = failureOf(call(transport));
    await new Promise((resolve) => setTimeout(resolve, 50));
    transport.close();
    expect(await under).toMatchObject({ kind: "lost", message: expect.stringMatching(/given up/) });
    expect(await failureOf(call(transport))).toMatchObject({
      kind: "lost",
      message: expect.stringMatching(/given up/),
    });
  });
});

test("what a browser says, which tells nothing, comes with what it may be", async () => {
  const original = globalThis.fetch;
  globalThis.fetch = () => Promise.reject(new TypeError("Failed to fetch"));
  const failure = await failureOf(short(open("https://proxy.test"))).finally(() => {
    globalThis.fetch = original;
  });
  expect(failure).toMatchObject({
    kind: "silent",
    message: expect.stringMatching(/Failed to fetch.*may be away.*CORS.*https only/),
  });
});

test("a call that is given up is told of nothing, and the request ends", async () => {
  let ended: () => void;
  const over = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const url = await serving((asked) => void asked.socket.once("close", () => ended()));
  const told: unknown[] = [];
  const tell = (what: unknown) => void told.push(what);
  const call = { path, request, header: new Headers(), timeoutMs: 10_000 };
  const running = open(url).unaryBytes?.(call, { onAnswer: tell, onFailure: tell });
  await new Promise((resolve) => setTimeout(resolve, 50));
  running?.cancel();
  await over;
  expect(told).toEqual([]);
});

test("interceptors take the short way away, and see each call and gRPC's status of it", async () => {
  const seen: unknown[] = [];
  const interceptor: Interceptor = (next) => async (asked) => {
    seen.push(asked.method.name);
    return next(asked).catch((reason: unknown) => {
      seen.push(reason instanceof ConnectError && Code[reason.code]);
      throw reason;
    });
  };
  const transport = open(await saying((socket) => socket.destroy()), [interceptor]);
  expect(transport.unaryBytes).toBeUndefined();
  expect(await failureOf(long(transport))).toMatchObject({ kind: "silent" });
  expect(seen).toEqual(["SendMessage", "Unavailable"]);
});

describe("a stream", () => {
  const bytes = toBinary(StreamMessageSchema, create(StreamMessageSchema, { requestId: 7n }));
  const one = Buffer.from([0, 0, 0, 0, bytes.length, ...bytes]);
  const received = async (url: string, signal?: AbortSignal) => {
    const ids: bigint[] = [];
    const failure = await (async () => {
      for await (const { requestId } of createClient(ConsumerService, open(url)).receiveMessages(
        {},
        { ...(signal && { signal }) },
      )) {
        ids.push(requestId);
      }
    })().catch((reason: unknown) => reason);
    return { ids, failure };
  };

  test("gives what comes before it ends, and what it ends with", async () => {
    expect(await received(await answering({ body: [one, one, good] }))).toEqual({ ids: [7n, 7n], failure: undefined });
    const status = await received(await answering({ body: [one, trailer("grpc-status:14\r\n")] }));
    expect(status).toMatchObject({ ids: [7n], failure: { kind: "status", status: Code.Unavailable } });
    const cut = await received(await answering({ body: [one, one.subarray(0, 6)] }));
    expect(cut).toMatchObject({ ids: [7n], failure: { kind: "garbled" } });
    const refused = await received(await answering({ status: 403, header: { "grpc-status": "7" } }));
    expect(refused).toMatchObject({ ids: [], failure: { kind: "status", status: Code.PermissionDenied } });
  });

  test("gives each message when it comes, and ends with its signal", async () => {
    let ended: () => void;
    const over = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const url = await serving((asked, _body, out) => {
      asked.socket.once("close", () => ended());
      out.writeHead(200, { "content-type": "application/grpc-web+proto" }).write(one);
    });
    const giveUp = new AbortController();
    setTimeout(() => giveUp.abort(), 200);
    expect(await received(url, giveUp.signal)).toMatchObject({ ids: [7n], failure: { kind: "aborted" } });
    await over;
  });
});
