import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  HealthCheckResponseSchema,
  MessageResponseSchema,
  ProducerResponseSchema,
  TopicLookupResponse_LookupType,
  TopicLookupResponseSchema,
  TopicPartitionsResponseSchema,
} from "../../gen/danube/danube_api_pb.ts";

// A broker that says whatever it is told to, as none of good will would.

/** What it answers: a message, a status with what else goes with it, or something of its own. */
export type Answer =
  | { message: Uint8Array }
  | { by: (stream: ServerHttp2Stream) => void }
  | { status: number; words?: string; header?: OutgoingHttpHeaders; trailer?: OutgoingHttpHeaders };

/** A call that came. */
export interface Came {
  rpc: string;
  header: IncomingHttpHeaders;
}

export interface HandMade {
  /** Without the scheme and the host. */
  port: number;
  calls: Came[];
  close(): void;
}

export function answerWith<D extends DescMessage>(schema: D, message: MessageInitShape<D>): Answer {
  return { message: toBinary(schema, create(schema, message)) };
}

/** A Redirect; or, with `proxy`, the way through one. */
export function redirectTo(connectUrl: string, brokerUrl: string = connectUrl, proxy = false): Answer {
  const responseType = TopicLookupResponse_LookupType.Redirect;
  return answerWith(TopicLookupResponseSchema, { responseType, connectUrl, brokerUrl, proxy });
}

/** `undefined`: the call is never answered. */
export async function handMade(
  answer: (call: Came) => Answer | undefined,
  tls?: { cert: string; key: string },
): Promise<HandMade> {
  const calls: Came[] = [];
  const sockets = new Set<Socket>();
  const server = (tls ? createSecureServer(tls) : createServer()) as Http2Server;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  };
  server.on(tls ? "secureConnection" : "connection", keep);
  server.on("tlsClientError", () => {});
  server.on("session", (session) => session.on("error", () => {}));
  server.on("sessionError", () => {});
  server.on("stream", (stream, header) => {
    const call = { rpc: String(header[":path"]).replace(/.*\//, ""), header };
    calls.push(call);
    stream.on("error", () => {});
    stream.resume();
    stream.on("end", () => {
      const given = answer(call);
      if (given) {
        respond(stream, given);
      }
    });
  });
  // As reachable by an address that is not a loopback one, and is this machine all the same.
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    calls,
    close() {
      server.close();
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
}

/** An answer to every call as of a broker that serves every topic. */
export function served({ rpc, header }: Came): Answer {
  const url = `${header[":scheme"]}://${header[":authority"]}`;
  switch (rpc) {
    case "TopicLookup": {
      const responseType = TopicLookupResponse_LookupType.Connect;
      return answerWith(TopicLookupResponseSchema, { responseType, connectUrl: url, brokerUrl: url });
    }
    case "TopicPartitions":
      return answerWith(TopicPartitionsResponseSchema, { partitions: [] });
    case "CreateProducer":
      return answerWith(ProducerResponseSchema, { producerId: 5n });
    case "HealthCheck":
      return answerWith(HealthCheckResponseSchema, {});
    default:
      return answerWith(MessageResponseSchema, { requestId: 1n });
  }
}

const header = { ":status": 200, "content-type": "application/grpc+proto" };

function respond(stream: ServerHttp2Stream, answer: Answer): void {
  if ("by" in answer) {
    answer.by(stream);
    return;
  }
  if ("message" in answer) {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(answer.message.length, 1);
    stream.respond(header, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.concat([prefix, answer.message]));
    return;
  }
  const { status, words = "", trailer } = answer;
  const last = { "grpc-status": String(status), "grpc-message": percentEncoded(words), ...trailer };
  stream.respond({ ...header, ...answer.header }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(last));
  stream.end();
}

function percentEncoded(words: string): string {
  return encodeURIComponent(words).replace(/%20/g, " ");
}
