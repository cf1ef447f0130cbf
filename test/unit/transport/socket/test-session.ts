import { prepareFields } from "../../../../src/transport/http2/hpack/encoder.ts";
import { createQuiets } from "../../../../src/transport/keepalive.ts";
import type { CallFailure } from "../../../../src/transport/seam.ts";
import type { Running } from "../../../../src/transport/socket-call.ts";
import { createSocketSession, type SocketSession } from "../../../../src/transport/socket-session.ts";
import { HEADERS } from "../http2/frames.ts";
import { type FakeLine, type FakePeer, fakePeer, turn } from "./fake-peer.ts";

/** A call, and what it was told. */
export interface SessionCall {
  events: string[];
  failure: CallFailure | undefined;
  running: Running;
}

export interface TestSession extends FakePeer {
  session: SocketSession;
  call(body?: Uint8Array | "pieces"): SessionCall;
}

const prepared = prepareFields([":method", "POST", ":path", "/a"]);

/** A session, and calls on it that note what they are told. */
export function start(): TestSession {
  const peer = fakePeer();
  const session = createSocketSession({
    url: "http://broker:1",
    tls: undefined,
    dial: peer.dial,
    schedule: (work) => queueMicrotask(work),
    quiet: createQuiets()("http://broker:1"),
  });
  function call(body: Uint8Array | "pieces" = Uint8Array.of(1)): SessionCall {
    const events: string[] = [];
    const one: SessionCall = { events, failure: undefined, running: undefined as never };
    one.running = session.start({
      head: { prepared, rest: [] },
      body: body === "pieces" ? undefined : body,
      onHeaders: (_, end) => void events.push(`headers${end ? " end" : ""}`),
      onData: (bytes, end) => void events.push(`data ${bytes.length}${end ? " end" : ""}`),
      onFailure(failure) {
        one.failure = failure;
        events.push(failure.kind);
      },
    });
    return one;
  }
  return { ...peer, session, call };
}

/** What a call is told of a whole answer. */
export const whole: string[] = ["headers", "data 6", "headers end"];

/** The requests that went out on a line. */
export async function requests(line: FakeLine | undefined): Promise<number[]> {
  await turn();
  return (line?.frames() ?? []).filter(({ type }) => type === HEADERS).map(({ id }) => id);
}
