import { createClient } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { ProducerService } from "../../../../gen/danube/danube_api_pb.ts";
import type { BrokerTransport } from "../../../../src/transport/seam.ts";
import { data, good, headers, join, ok, rst } from "../http2/frames.ts";
import { turn } from "./fake-peer.ts";
import { message, outcome, short, start } from "./test-unary.ts";

// The short way of a unary call, beside Connect's own way over the same connection: the same answers are to mean the same.

const empty = new Uint8Array(5);
const type = ["content-type", "application/grpc"];

type Answer = [name: string, frames: (id: number) => Uint8Array[]];

const error = ["grpc-status", "9", "grpc-message", "a%20b", "x-trailer", "c"];
const details = (base64: string) => ["grpc-status-details-bin", base64];
const head = (...more: string[]) => [":status", "200", ...type, ...more];

const answers: Answer[] = [
  ["a good one", (id) => [headers(id, ok), data(id, message), headers(id, good, true)]],
  ["an empty message", (id) => [headers(id, ok), data(id, empty), headers(id, good, true)]],
  ["an error", (id) => [headers(id, head("x-header", "a", "x-header", "b")), headers(id, error, true)]],
  ["an error and nothing else", (id) => [headers(id, head(...error), true)]],
  ["an error behind a message", (id) => [headers(id, ok), data(id, message), headers(id, error, true)]],
  ["an error behind two", (id) => [headers(id, ok), data(id, message), data(id, message), headers(id, error, true)]],
  ["an error within a message", (id) => [headers(id, ok), data(id, message.subarray(0, 6)), headers(id, error, true)]],
  [
    "an error whose text is not percent-encoded",
    (id) => [headers(id, head("grpc-status", "9", "grpc-message", "100%"), true)],
  ],
  ["flags", (id) => [headers(id, ok), data(id, join([0xfe], message.subarray(1))), headers(id, good, true)]],
  [
    "details that say otherwise",
    (id) => [headers(id, ok), data(id, message), headers(id, [...good, ...details("CAkSA2FiYw==")], true)],
  ],
  ["details that say nothing", (id) => [headers(id, head("grpc-status", "9", ...details("CAA=")), true)]],
  ["details that are none", (id) => [headers(id, head(...error, ...details("%%")), true)]],
  ["details that are cut off", (id) => [headers(id, head(...error, ...details("CAkSA2E=")), true)]],
  ["an error with details", (id) => [headers(id, head(...error, ...details("CAkSA2FiYw==")), true)]],
  ["a code that there is none of", (id) => [headers(id, head("grpc-status", "99"), true)]],
  ["a status that is no number", (id) => [headers(id, ok), data(id, message), headers(id, ["grpc-status", "x"], true)]],
  ["a status of two", (id) => [headers(id, ok), data(id, message), headers(id, [...good, ...good], true)]],
  ["two messages", (id) => [headers(id, ok), data(id, empty), data(id, empty), headers(id, good, true)]],
  ["none", (id) => [headers(id, ok), headers(id, good, true)]],
  ["none, and nothing else", (id) => [headers(id, head(...good), true)]],
  ["no status", (id) => [headers(id, ok), data(id, message, true)]],
  ["no status in the trailers", (id) => [headers(id, ok), data(id, message), headers(id, ["x", "y"], true)]],
  ["nothing at all", (id) => [headers(id, ok, true)]],
  ["an end within a message", (id) => [headers(id, ok), data(id, message.subarray(0, -1)), headers(id, good, true)]],
  ["an end within a prefix", (id) => [headers(id, ok), data(id, message.subarray(0, 3)), headers(id, good, true)]],
  ["an end within the second", (id) => [headers(id, ok), data(id, join(message, [0, 0])), headers(id, good, true)]],
  ["a status before its body", (id) => [headers(id, head("grpc-status", "9")), data(id, empty), headers(id, [], true)]],
  ["HTTP's 400", (id) => [headers(id, [":status", "400", ...type], true)]],
  ["HTTP's 401 and a status", (id) => [headers(id, [":status", "401", ...type, "grpc-status", "16"], true)]],
  ["HTTP's 404 and a page", (id) => [headers(id, [":status", "404"]), data(id, "<html>", true)]],
  ["HTTP's 503", (id) => [headers(id, [":status", "503", "content-type", "text/plain"], true)]],
  ["HTTP's 204", (id) => [headers(id, [":status", "204"], true)]],
  ["another type", (id) => [headers(id, [":status", "200", "content-type", "image/jpeg"], true)]],
  ["no type", (id) => [headers(id, [":status", "200"]), data(id, message), headers(id, good, true)]],
  ["gRPC-Web", (id) => [headers(id, [":status", "200", "content-type", "application/grpc-web"], true)]],
  ...["application/grpc+proto", "application/grpc;x=y", "Application/GRPC", "application/grpc+json"].map(
    (other): Answer => [
      `the type ${other}`,
      (id) => [headers(id, [":status", "200", "content-type", other]), data(id, message), headers(id, good, true)],
    ],
  ),
  ["a coding", (id) => [headers(id, head("grpc-encoding", "foo")), data(id, message), headers(id, good, true)]],
  ["no coding", (id) => [headers(id, head("grpc-encoding", "Identity")), data(id, message), headers(id, good, true)]],
  ["a coding, and an error", (id) => [headers(id, head("grpc-encoding", "foo")), headers(id, error, true)]],
  ["compressed", (id) => [headers(id, ok), data(id, join([1], message.subarray(1))), headers(id, good, true)]],
  ["RST_STREAM", (id) => [rst(id, 2)]],
  ["RST_STREAM behind fields", (id) => [headers(id, ok), rst(id, 8)]],
  ["RST_STREAM behind a message", (id) => [headers(id, ok), data(id, message), rst(id, 0)]],
  ["a broken rule", (id) => [headers(id, ["x", "y"])]],
];

test.each(answers)("%s means the same on both ways", async (_, frames) => {
  const outcomes: unknown[] = [];
  for (const call of [
    (transport: BrokerTransport) => createClient(ProducerService, transport).sendMessage({}),
    (transport: BrokerTransport) => short(transport),
  ]) {
    const { transport, lines, accept } = start();
    const outcomeOf = outcome(call(transport));
    await turn();
    accept().speak(...frames(1));
    outcomes.push(await outcomeOf);
    transport.close();
    expect(lines).toHaveLength(1);
  }
  expect(outcomes[1]).toEqual(outcomes[0]);
});
