import { create, toBinary } from "@bufbuild/protobuf";
import { MessageResponseSchema } from "../../../../gen/danube/danube_api_pb.ts";
import type { BrokerTransport, CallFailure } from "../../../../src/transport/seam.ts";
import { socketTransport } from "../../../../src/transport/socket.ts";
import { unaryBytes } from "../../support/unary-bytes.ts";
import { join } from "../http2/frames.ts";
import { type FakePeer, fakePeer } from "./fake-peer.ts";

const path = "/danube.ProducerService/SendMessage";
export const response: Uint8Array = toBinary(MessageResponseSchema, create(MessageResponseSchema, { requestId: 7n }));
export const message: Uint8Array = join([0, 0, 0, 0, response.length], response);

export function start(): FakePeer & { transport: BrokerTransport } {
  const peer = fakePeer();
  const transport = socketTransport(peer.dial)("http://broker:1", {});
  return { ...peer, transport };
}

export const request: Uint8Array = Uint8Array.of(0, 0, 0, 0, 2, 8, 1);

/** A call on the short way. */
export function short(
  transport: BrokerTransport,
  { header = new Headers(), timeoutMs = 60_000 }: { header?: Headers; timeoutMs?: number } = {},
): Promise<Uint8Array> {
  return unaryBytes(transport, { path, request, header, timeoutMs });
}

/** The same, of which is told what it was told. */
export function listened(transport: BrokerTransport): { told: unknown[]; cancel(): void } {
  const told: unknown[] = [];
  const listener = { onAnswer: () => told.push("answered"), onFailure: (failure: CallFailure) => told.push(failure) };
  const call = transport.unaryBytes?.({ path, request, header: new Headers(), timeoutMs: 60_000 }, listener);
  return { told, cancel: () => call?.cancel() };
}

/** What a call came to, as far as anybody above a transport looks. */
export async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return "answered";
  } catch (reason) {
    const { name, kind, status, message, metadata } = reason as CallFailure;
    return { name, kind, status, message: status === undefined ? "" : message, metadata: metadata && [...metadata] };
  }
}
