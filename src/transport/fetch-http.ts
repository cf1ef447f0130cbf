import { createAsyncIterable, getAbortSignalReason, type UniversalClientFn } from "@connectrpc/connect/protocol";
import { concat } from "../lib/concat.ts";
import type { PostWeb } from "./fetch-calls.ts";
import { toConnectError } from "./grpc-status.ts";
import { CallFailure } from "./seam.ts";

/** Connect's idea of an HTTP client, over `fetch`: for every call that has no way of its own. */
export interface FetchHttpClient {
  send: UniversalClientFn;
  /** Ends the calls in flight, and those to come. */
  close(): void;
}

export function createFetchHttpClient(post: PostWeb): FetchHttpClient {
  const open = new Set<AbortController>();
  let closed = false;

  return {
    async send({ url, header, body, signal }) {
      // Not AbortSignal.any, of which Node keeps something.
      const ended = new AbortController();
      const abort = () => ended.abort();
      const release = () => {
        signal?.removeEventListener("abort", abort);
        open.delete(ended);
      };
      const told = (reason: unknown) => {
        release();
        const ours = reason instanceof CallFailure ? toConnectError(reason) : reason;
        return signal?.aborted ? getAbortSignalReason(signal) : ours;
      };
      async function* pieces(source: AsyncGenerator<Uint8Array, void>): AsyncGenerator<Uint8Array> {
        try {
          yield* source;
        } catch (reason) {
          throw told(reason);
        } finally {
          release();
        }
      }

      open.add(ended);
      signal?.addEventListener("abort", abort, { once: true });
      if (closed || signal?.aborted) {
        abort();
      }
      try {
        // Browsers send a body only whole.
        const chunks: Uint8Array[] = [];
        for await (const chunk of body ?? []) {
          chunks.push(chunk);
        }
        // For pages this is the browser's to say; and where it is not, CORS asks whether it may be said.
        header.delete("user-agent");
        const answer = await post({ path: new URL(url).pathname, header, body: concat(chunks), signal: ended.signal });
        const answered = { status: 200, header: answer.header, trailer: new Headers() };
        if (answer.header.has("grpc-status")) {
          // That is all of it, and counts, whatever HTTP's status is: proxies say 503 beside it. Connect may not look for a body.
          await pieces(answer.body).next();
          return { ...answered, body: createAsyncIterable<Uint8Array>([]) };
        }
        return { ...answered, body: pieces(answer.body) };
      } catch (reason) {
        throw told(reason);
      }
    },
    close() {
      closed = true;
      for (const ended of open) {
        ended.abort();
      }
    },
  };
}
