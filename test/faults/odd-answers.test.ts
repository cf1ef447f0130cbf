import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import type { DanubeEvent } from "@danube-messaging/client";
import { afterEach, describe, expect, test } from "vitest";
import {
  TopicLookupResponse_LookupType as LookupType,
  MessageResponseSchema,
  ProducerResponseSchema,
  TopicLookupResponseSchema,
} from "../../gen/danube/danube_api_pb.ts";
import { connect } from "./connect.ts";

// A broker that answers by hand, frame by frame, so that an answer can end where no gRPC server would end it.

const closing: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

const headers = { ":status": 200, "content-type": "application/grpc+proto" };

function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

function answerOk(stream: ServerHttp2Stream, message: Uint8Array): void {
  stream.respond(headers, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(framed(message));
}

const acknowledgement = toBinary(MessageResponseSchema, create(MessageResponseSchema, { requestId: 1n }));

interface ByHand {
  url: string;
  /** The SendMessage calls that came. */
  sends(): number;
}

/** `odd` answers the second SendMessage; everything else is answered as it should be. */
async function serve(
  odd: (stream: ServerHttp2Stream, cut: () => void) => void,
  age?: (session: ServerHttp2Session) => void,
): Promise<ByHand> {
  const server: Http2Server = createServer();
  const sockets = new Set<Socket>();
  let sends = 0;
  let url = "";
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("session", (session) => {
    session.on("error", () => {});
    age?.(session);
  });
  server.on("stream", (stream, { ":path": path = "" }) => {
    stream.on("error", () => {});
    stream.resume();
    stream.on("end", () => {
      if (path.endsWith("TopicLookup")) {
        const answer = { responseType: LookupType.Connect, connectUrl: url, brokerUrl: url };
        answerOk(stream, toBinary(TopicLookupResponseSchema, create(TopicLookupResponseSchema, answer)));
      } else if (path.endsWith("CreateProducer")) {
        answerOk(stream, toBinary(ProducerResponseSchema, create(ProducerResponseSchema, { producerId: 5n })));
      } else if (++sends === 2) {
        odd(stream, () => sockets.forEach((socket) => void socket.destroy()));
      } else {
        answerOk(stream, acknowledgement);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  closing.push(() => {
    server.close();
    sockets.forEach((socket) => void socket.destroy());
  });
  return { url, sends: () => sends };
}

const soon = (work: () => void) => setTimeout(work, 20);

describe("an answer that ends too early is a lost one: the message goes again", () => {
  const odd: Record<string, (stream: ServerHttp2Stream, cut: () => void) => void> = {
    "the stream is closed without an answer and without an error": (stream) => stream.close(0),
    "the stream is closed after the message": (stream) => {
      stream.respond(headers, { waitForTrailers: true });
      stream.write(framed(acknowledgement));
      soon(() => stream.close(0));
    },
    "the message comes, and no trailers": (stream) => {
      stream.respond(headers);
      stream.end(framed(acknowledgement));
    },
    "the headers come, and nothing else": (stream) => {
      stream.respond(headers);
      stream.end();
    },
    "the connection is cut after the headers": (stream, cut) => {
      stream.respond(headers);
      soon(cut);
    },
    "the connection is cut after the message": (stream, cut) => {
      stream.respond(headers, { waitForTrailers: true });
      stream.write(framed(acknowledgement));
      soon(cut);
    },
    "the stream is reset (INTERNAL_ERROR)": (stream) => stream.close(2),
    "the stream is refused": (stream) => stream.close(7),
    "the stream is cancelled": (stream) => stream.close(8),
    "a proxy answers 503": (stream) => {
      stream.respond({ ":status": 503 });
      stream.end("no upstream");
    },
  };
  for (const [what, answer] of Object.entries(odd)) {
    test(what, async () => {
      const { url, sends } = await serve(answer);
      const danube = connect({ brokers: url, attemptTimeoutMs: 5_000, onEvent: () => {} });
      closing.unshift(() => danube.close({ timeoutMs: 0 }));
      const { send } = await danube.createProducer({ topic: "/default/odd" });
      const startedAt = Date.now();
      await send("1");
      await send("2");
      // Not by waiting for the attempt's time to be over.
      expect(Date.now() - startedAt).toBeLessThan(3_000);
      expect(sends()).toBe(3);
    });
  }
});

describe("a broker that ages its connections every 300 ms loses no message and fails none", () => {
  const ways: Record<string, (session: ServerHttp2Session) => void> = {
    "by closing gracefully": (session) => session.close(),
    "by announcing it first, as gRPC servers do": (session) => {
      session.goaway(0, 2 ** 31 - 1);
      setTimeout(() => session.close(), 50);
    },
  };
  for (const [how, age] of Object.entries(ways)) {
    test(how, async () => {
      const { url } = await serve(
        (stream) => answerOk(stream, acknowledgement),
        (session) => {
          const timer = setTimeout(() => !session.destroyed && age(session), 300);
          session.on("close", () => clearTimeout(timer));
        },
      );
      const events: DanubeEvent[] = [];
      const danube = connect({ brokers: url, onEvent: (event) => events.push(event) });
      closing.unshift(() => danube.close({ timeoutMs: 0 }));
      const { send } = await danube.createProducer({ topic: "/default/aging", order: "none" });
      const until = Date.now() + 2_000;
      let sent = 0;
      const caller = async () => {
        while (Date.now() < until) {
          await send("x");
          sent++;
        }
      };
      await Promise.all(Array.from({ length: 16 }, caller));
      expect(sent).toBeGreaterThan(100);
      expect(danube.status().counters).toMatchObject({ messagesAcknowledged: BigInt(sent), messagesFailed: 0n });
    });
  }
});
