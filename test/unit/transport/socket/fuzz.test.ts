import { createClient } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { ConsumerService, ProducerService } from "../../../../gen/danube/danube_api_pb.ts";
import { type BrokerTransport, CallFailure } from "../../../../src/transport/seam.ts";
import { socketTransport } from "../../../../src/transport/socket.ts";
import { type Random, seeded } from "../../support/random.ts";
import { unaryBytes } from "../../support/unary-bytes.ts";
import { conversation, cut, mutated } from "../http2/conversation.ts";
import { join } from "../http2/frames.ts";
import { fakePeer, turn } from "./fake-peer.ts";

// Like ../http2/fuzz.test.ts, but through all of the transport, up to what a caller of it sees.
const rounds = Number(process.env["SOCKET_FUZZ"] ?? 1_000);
const firstSeed = Number(process.env["SOCKET_FUZZ_SEED"] ?? 0);

function calls(random: Random, transport: BrokerTransport): Promise<unknown>[] {
  const header = new Headers();
  const request = new Uint8Array(5);
  const short = () => unaryBytes(transport, { path: "/a.B/C", request, header, timeoutMs: 60_000 });
  const unary = () => createClient(ProducerService, transport).sendMessage({});
  const streaming = async () => {
    for await (const _ of createClient(ConsumerService, transport).receiveMessages({})) {
      if (random.below(10) === 0) {
        return;
      }
    }
  };
  return Array.from({ length: 4 }, () => random.pick([short, short, unary, streaming])());
}

/** What became of each call: "answered", or the kind of its failure. */
async function run(seed: number): Promise<string[]> {
  const random = seeded(seed);
  const { dial, lines } = fakePeer();
  const transport = socketTransport(dial)("http://broker:1", {});
  const outcomes = calls(random, transport).map((call) =>
    call.then(
      () => "answered",
      (reason: unknown) => {
        expect(reason).toBeInstanceOf(CallFailure);
        return (reason as CallFailure).kind;
      },
    ),
  );
  let settled = false;
  const all = Promise.all(outcomes).finally(() => {
    settled = true;
  });
  await turn();
  // Calls that were refused come back, on this connection or another, and are told the same again.
  for (let i = 0; i < 20 && !settled; i++) {
    const line = lines[i];
    line?.open(false);
    const frames = conversation(random, 4);
    for (const chunk of cut(random, join(...(random.below(10) === 0 ? frames : mutated(random, frames))))) {
      line?.speak(chunk);
    }
    await turn();
    line?.close();
    await turn();
  }
  expect(settled, "a call hangs").toBe(true);
  transport.close();
  return all;
}

test(`${rounds} streams of bytes, most of them wrong: every call is answered or fails`, {
  timeout: 60_000 + rounds * 50,
}, async () => {
  const kinds: Record<string, number> = {};
  for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
    for (const kind of await run(seed).catch((reason) =>
      Promise.reject(new Error(`seed ${seed}`, { cause: reason })),
    )) {
      kinds[kind] = (kinds[kind] ?? 0) + 1;
    }
  }
  expect(Object.keys(kinds).sort()).toEqual(expect.arrayContaining(["answered", "garbled", "lost", "reset", "status"]));
});
