import {
  getAbortSignalReason,
  type UniversalClientFn,
  type UniversalClientResponse,
} from "@connectrpc/connect/protocol";
import { validateTrailer } from "@connectrpc/connect/protocol-grpc";
import { createEnvelopes } from "./envelopes.ts";
import { toConnectError } from "./grpc-status.ts";
import type { Fields } from "./http2/fields.ts";
import { type PreparedFields, prepareFields } from "./http2/hpack/encoder.ts";
import { CallFailure } from "./seam.ts";
import type { Running } from "./socket-call.ts";
import type { SocketSession } from "./socket-session.ts";

/** Connect's idea of an HTTP client, over our own connection: for every call that has no way of its own. */
export function createHttpClient(session: SocketSession, url: string): UniversalClientFn {
  const { host, protocol } = new URL(url);
  const prepared = new Map<string, PreparedFields>();

  /** What all requests of a method begin with. */
  function prepare(path: string): PreparedFields {
    let fields = prepared.get(path);
    if (!fields) {
      fields = prepareFields(requestFields(protocol, host, path));
      prepared.set(path, fields);
    }
    return fields;
  }

  return async ({ url: to, header, body, signal }) => {
    const { pathname } = new URL(to);
    const head = { prepared: prepare(pathname), rest: toFields(header) };
    return new Promise<UniversalClientResponse>((resolve, reject) => {
      const incoming = createIncomingBody(() => running.cancel());
      const envelopes = createEnvelopes();
      const trailer = new Headers();
      let answered = false;
      const fail = (failure: unknown) => {
        signal?.removeEventListener("abort", abort);
        incoming.fail(failure);
        reject(failure);
      };
      const finish = () => {
        signal?.removeEventListener("abort", abort);
        incoming.end();
      };
      const abort = () => {
        running.cancel();
        fail(getAbortSignalReason(signal as AbortSignal));
      };
      const running = session.start({
        head,
        body: undefined,
        onHeaders(fields, end) {
          if (answered) {
            copyInto(trailer, fields);
          } else {
            answered = true;
            const [, status] = fields;
            const header = toHeaders(fields);
            const body = incoming.body(running, () => {
              if (!envelopes.whole()) {
                // What the broker says of it comes first. Connect would say INVALID_ARGUMENT, as if the caller were to blame.
                validateTrailer(trailer, header);
                throw toConnectError(new CallFailure("garbled", `${url} ended its answer within a message`));
              }
            });
            resolve({ status: Number(status), header, body, trailer });
          }
          if (end) {
            finish();
          }
        },
        onData(bytes, end) {
          envelopes.push(bytes);
          incoming.push(bytes);
          if (end) {
            finish();
          }
        },
        onDrain: () => outgoing.drained(),
        onFailure: (failure) => fail(toConnectError(failure)),
      });
      const outgoing = sendBody(body, running, (reason) => {
        running.cancel();
        fail(reason);
      });
      if (signal?.aborted) {
        abort();
      } else {
        signal?.addEventListener("abort", abort, { once: true });
      }
    });
  };
}

/** §8.3.1, and what gRPC over HTTP/2 wants of every request. */
export function requestFields(protocol: string, host: string, path: string): Fields {
  const scheme = protocol.slice(0, -1);
  return [":method", "POST", ":scheme", scheme, ":path", path, ":authority", host, "te", "trailers"];
}

export function toFields(header: Headers): string[] {
  const fields: string[] = [];
  header.forEach((value, name) => {
    if (name !== "te") {
      fields.push(name, value);
    }
  });
  return fields;
}

export function toHeaders(fields: Fields): Headers {
  const header = new Headers();
  copyInto(header, fields);
  return header;
}

function copyInto(header: Headers, fields: Fields): void {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (!name.startsWith(":")) {
      header.append(name, fields[i + 1] as string);
    }
  }
}

/** Sends a body as fast as the peer takes it. */
function sendBody(
  body: AsyncIterable<Uint8Array> | undefined,
  running: Running,
  onError: (reason: unknown) => void,
): { drained(): void } {
  let resume: (() => void) | undefined;
  async function send(): Promise<void> {
    for await (const chunk of body ?? []) {
      const drained = new Promise<void>((resolve) => {
        resume = resolve;
      });
      running.write(chunk, false);
      await drained;
    }
    running.write(undefined, true);
  }
  void send().catch(onError);
  return {
    drained() {
      resume?.();
    },
  };
}

/** What came of a body and was not read. */
function createIncomingBody(cancel: () => void) {
  const chunks: Uint8Array[] = [];
  let ended = false;
  let failure: { reason: unknown } | undefined;
  let wake = () => {};

  return {
    push(bytes: Uint8Array): void {
      chunks.push(bytes);
      wake();
    },
    end(): void {
      ended = true;
      wake();
    },
    fail(reason: unknown): void {
      failure ??= ended ? undefined : { reason };
      wake();
    },
    /** What came and comes. `check`: throws when it may not end where it does. */
    async *body(running: Running, check: () => void): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          const chunk = chunks.shift();
          if (chunk) {
            yield chunk;
            running.consume(chunk.length);
          } else if (failure) {
            throw failure.reason;
          } else if (ended) {
            check();
            return;
          } else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        // Whoever does not read on does not want the rest.
        if (!ended && !failure) {
          cancel();
        }
      }
    },
  };
}
