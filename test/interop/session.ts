import { createHash } from "node:crypto";
import { nextTick } from "node:process";
import { sleep } from "../../src/lib/sleep.ts";
import { dialNode } from "../../src/transport/dial-node.ts";
import { prepareFields } from "../../src/transport/http2/hpack/encoder.ts";
import { createQuiets } from "../../src/transport/keepalive.ts";
import type { CallFailure, TlsOptions } from "../../src/transport/seam.ts";
import { createSocketSession } from "../../src/transport/socket-session.ts";

/** What came of a request. */
export interface Answer {
  status: string | undefined;
  bytes: number;
  /** Of the body: equal bodies have equal ones. */
  digest: string;
  trailer: string[];
}

export interface Asked {
  body?: Uint8Array;
  /** Beside those that every request has, names and values in turn. */
  fields?: string[];
  /** Milliseconds that each piece of the answer takes to be read. */
  slowMs?: number;
}

export interface OpenSession {
  post(path: string, asked?: Asked): Promise<Answer>;
  close(): void;
}

/** A session of our own, without gRPC on it: to see what becomes of requests and answers as such. */
export function openSession(url: string, tls?: TlsOptions): OpenSession {
  const { host } = new URL(url);
  const scheme = url.startsWith("https:") ? "https" : "http";
  const session = createSocketSession({
    url,
    tls,
    dial: dialNode,
    schedule: nextTick,
    quiet: createQuiets()(url),
  });
  const post = (
    path: string,
    { body = new Uint8Array(), fields: more = [], slowMs = 0 }: Asked = {},
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const hash = createHash("sha256");
      const answer: Answer = { status: undefined, bytes: 0, digest: "", trailer: [] };
      let reading: Promise<void> = Promise.resolve();
      const over = () => resolve({ ...answer, digest: hash.digest("hex") });
      const fields = [":method", "POST", ":scheme", scheme, ":path", path, ":authority", host];
      const running = session.start({
        // Some that are longer than small frames and tables, and other ones each time.
        head: { prepared: prepareFields(fields), rest: ["x-long", `${path}-${body.length},`.repeat(20), ...more] },
        body,
        onHeaders(fields, end) {
          if (fields[0] === ":status") {
            answer.status = fields[1];
          } else {
            answer.trailer = [...fields];
          }
          if (end) {
            over();
          }
        },
        onData(bytes, end) {
          answer.bytes += bytes.length;
          hash.update(bytes);
          reading = reading
            .then(() => (slowMs > 0 ? sleep(slowMs) : undefined))
            .then(() => running.consume(bytes.length));
          if (end) {
            over();
          }
        },
        onFailure: (failure: CallFailure) => reject(failure),
      });
    });
  return { post, close: () => session.close() };
}

/** The digest of a whole body, as {@link Answer} has it. */
export function digestOf(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}
