import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  DispatchStrategy,
  MessageResponseSchema,
  ProducerService,
  StreamMessageSchema,
} from "../gen/danube/danube_api_pb.ts";
import { run } from "../scripts/run.ts";
import { type ConnectOptions, connect } from "../src/index.ts";
import { createNodeTransport } from "../src/transport/node.ts";
import { type Figures, freshTopic, payload, type Row } from "./row.ts";
import type { ServerName } from "./servers.ts";

/** The yardstick: an HTTP/2 load generator in C sends the same SendMessage over one connection. None without h2load. */
export async function h2loadRows(server: ServerName, options: ConnectOptions): Promise<Row[]> {
  const { code } = await run("h2load", ["--version"]);
  const row = (inFlight: number): Row => ({
    server,
    name: `h2load, ${inFlight} in flight`,
    inFlight,
    run: (seconds) => runH2load(options, inFlight, seconds),
  });
  return code === 0 ? [row(1), row(64), row(256)] : [];
}

async function runH2load(options: ConnectOptions, inFlight: number, seconds: number): Promise<Figures> {
  const { url, body, answerBytes } = await prepare(options);
  const folder = mkdtempSync(join(tmpdir(), "danube-bench-"));
  try {
    const file = join(folder, "request");
    writeFileSync(file, body);
    const headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"];
    const load = ["-c1", `-m${inFlight}`, `-D${Math.ceil(seconds)}`, "-d", file, ...headers];
    // The shell tells the CPU time of what it has run.
    const { output } = await run("sh", ["-c", 'h2load "$@" && times', "sh", ...load, url]);
    return read(output, answerBytes, inFlight);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Prepared {
  /** Of the owner, with the method's path. */
  url: string;
  /** The request as it goes over the wire. */
  body: Uint8Array;
  /** What a successful answer to it takes. */
  answerBytes: number;
}

/** A topic with a producer, and a request to it that is known to be accepted. */
async function prepare(options: ConnectOptions): Promise<Prepared> {
  const topic = freshTopic();
  const name = "bench";
  const danube = connect(options);
  await danube.createProducer({ topic, name, dispatch: "reliable" });
  const owner = danube.status().owners.find((one) => one.topic === topic);
  if (!owner) {
    throw new Error(`nobody owns ${topic}`);
  }
  const { createProducer, sendMessage } = ProducerService.method;
  const transport = createNodeTransport(owner.url, {});
  try {
    // Brokers answer the same name with the same id.
    const request = { producerName: name, topicName: topic, dispatchStrategy: DispatchStrategy.Reliable };
    const { message: created } = await transport.unary(createProducer, undefined, 10_000, undefined, request);
    // What the client's own producers send.
    const message = create(StreamMessageSchema, {
      requestId: 1n,
      msgId: { producerId: created.producerId, topicName: topic, brokerAddr: owner.brokerUrl },
      payload,
      publishTime: BigInt(Date.now()),
      producerName: name,
    });
    const { message: answer } = await transport.unary(sendMessage, undefined, 10_000, undefined, message);
    return {
      url: `${owner.url}/${ProducerService.typeName}/${sendMessage.name}`,
      body: framed(toBinary(StreamMessageSchema, message)),
      answerBytes: framed(toBinary(MessageResponseSchema, answer)).length,
    };
  } finally {
    transport.close();
    await danube.close();
  }
}

/** A message as gRPC frames it: not compressed, its length, itself. */
function framed(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(5 + message.length);
  new DataView(frame.buffer).setUint32(1, message.length);
  frame.set(message, 5);
  return frame;
}

/** Reads what h2load and the shell print. Throws where not all answers were successful ones. */
function read(output: string, answerBytes: number, inFlight: number): Figures {
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  const perSecond = number(/finished in .*, ([\d.]+) req\/s/);
  const done = number(/, (\d+) done/);
  const failed = number(/, (\d+) failed/);
  // h2load sees HTTP's status, which is 200 also where gRPC's says no; but a refusal has no message in it.
  const answers = number(/\((\d+)\) data/) / answerBytes;
  const cpu = [...output.matchAll(/(\d+)m([\d.]+)s/g)].slice(-2);
  const cpuSeconds = cpu.reduce((sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest), 0);
  // Of the calls that were under way at the end some are answered and not counted.
  const right = failed === 0 && done > 0 && answers >= done && answers <= done + inFlight;
  if (!right || Number.isNaN(perSecond) || cpu.length !== 2) {
    throw new Error(`h2load: ${done} done, ${failed} failed, ${answers} successful answers\n${output}`);
  }
  return { perSecond, cpuMicros: (cpuSeconds * 1e6) / done };
}
