// Answers as the gRPC conformance runner gives them (npm run conformance), which is not everywhere.
import { createServer, type Http2Server, type OutgoingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, test } from "vitest";
import {
  ConsumerService,
  ProducerService,
  type StreamMessage,
  StreamMessageSchema,
} from "../../../../gen/danube/danube_api_pb.ts";
import { type BrokerTransport, CallFailure } from "../../../../src/transport/seam.ts";
import { nodeTransports } from "../../../../src/transport/transports-node.ts";

interface Answer {
  header?: OutgoingHttpHeaders;
  body?: Uint8Array[];
  /** Default: none are sent. */
  trailer?: OutgoingHttpHeaders;
}

let server: Http2Server | undefined;
let transport: BrokerTransport | undefined;

afterEach(() => {
  transport?.close();
  server?.close();
});

/** A client of a server that answers every call alike. */
async function clientOf({ header, body = [], trailer }: Answer): Promise<BrokerTransport> {
  server = createServer();
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    const waitForTrailers = trailer !== undefined;
    stream.respond({ ":status": 200, "content-type": "application/grpc", ...header }, { waitForTrailers });
    stream.once("wantTrailers", () => stream.sendTrailers(trailer ?? {}));
    for (const piece of body) {
      stream.write(piece);
    }
    stream.end();
  });
  const { port } = await new Promise<AddressInfo>((resolve) => {
    server?.listen(0, "127.0.0.1", () => resolve(server?.address() as AddressInfo));
  });
  transport = nodeTransports.socket.create(`http://127.0.0.1:${port}`, {});
  return transport;
}

/** What a stream gives, and what it ends with. */
async function streamed(answer: Answer): Promise<{ messages: StreamMessage[]; failure: unknown }> {
  const messages: StreamMessage[] = [];
  try {
    for await (const message of createClient(ConsumerService, await clientOf(answer)).receiveMessages({})) {
      messages.push(message);
    }
    return { messages, failure: undefined };
  } catch (failure) {
    return { messages, failure };
  }
}

/** What a unary call fails with. */
async function failureOf(answer: Answer): Promise<CallFailure> {
  const failure: unknown = await createClient(ProducerService, await clientOf(answer))
    .sendMessage({})
    .catch((reason: unknown) => reason);
  expect(failure).toBeInstanceOf(CallFailure);
  return failure as CallFailure;
}

const bytes = toBinary(StreamMessageSchema, create(StreamMessageSchema, { requestId: 7n, payload: new Uint8Array(9) }));
const message = Uint8Array.of(0, 0, 0, 0, bytes.length, ...bytes);
const empty = new Uint8Array(5);
const ok = { "grpc-status": "0" };

describe("an answer that ends within a message", () => {
  const cuts: [name: string, body: Uint8Array[]][] = [
    ["in its bytes", [message, message.subarray(0, -1)]],
    ["in its prefix", [message, message.subarray(0, 3)]],
    ["after its prefix", [message, message.subarray(0, 5)]],
  ];

  test.each(cuts)("%s: what came before is given, and the caller is not to blame", async (_, body) => {
    const { messages, failure } = await streamed({ body, trailer: ok });
    expect(messages.map(({ requestId }) => requestId)).toEqual([7n]);
    expect(failure).toMatchObject({ name: "CallFailure", kind: "garbled" });
  });

  test.each(cuts)("%s: what the broker says of it comes first", async (_, body) => {
    const { failure } = await streamed({ body, trailer: { "grpc-status": "14", "grpc-message": "going" } });
    expect(failure).toMatchObject({ kind: "status", status: Code.Unavailable, message: "going" });
  });

  test.each(cuts)("%s: and without a status it was lost", async (_, body) => {
    expect((await streamed({ body })).failure).toMatchObject({ kind: "lost" });
  });

  test("of a unary call is no answer", async () => {
    expect(await failureOf({ body: [empty.subarray(0, 4)], trailer: ok })).toMatchObject({ kind: "garbled" });
  });
});

test("messages may be cut anywhere between frames", async () => {
  const body = [...message, ...message].map((byte) => Uint8Array.of(byte));
  const { messages, failure } = await streamed({ body, trailer: ok });
  expect(failure).toBeUndefined();
  expect(messages.map(({ requestId }) => requestId)).toEqual([7n, 7n]);
});

describe("a unary call's answer", () => {
  test("that is an error has the metadata of header and trailer", async () => {
    const failure = await failureOf({
      header: { "x-header": ["a", "b"] },
      trailer: { "grpc-status": 9, "x-trailer": "c" },
    });
    expect(failure).toMatchObject({ kind: "status", status: Code.FailedPrecondition });
    expect([failure.metadata?.get("x-header"), failure.metadata?.get("x-trailer")]).toEqual(["a, b", "c"]);
  });

  test.each<[name: string, answer: Answer, code: Code]>([
    ["of two messages", { body: [empty, empty], trailer: ok }, Code.Unimplemented],
    ["of none", { trailer: ok }, Code.Unimplemented],
    ["without a status", { body: [empty] }, Code.Internal],
    ["with a status before its body", { header: { "grpc-status": 9 }, body: [empty] }, Code.Unknown],
    ["with HTTP's 400", { header: { ":status": 400 } }, Code.Internal],
    ["of another type", { header: { "content-type": "image/jpeg" } }, Code.Unknown],
    ["in a coding that nobody asked for", { header: { "grpc-encoding": "foo" }, body: [empty] }, Code.Internal],
  ])("%s is none, and not the broker's word", async (_, answer, code) => {
    const failure = await failureOf(answer);
    expect(failure.kind).not.toBe("status");
    expect(failure.cause).toMatchObject({ name: "ConnectError", code });
  });
});
