import { brokenOff, fetchFailure, notGrpcWeb } from "./fetch-failure.ts";
import { createWebFrames } from "./web-frames.ts";

/** A request to the URL, and what ends it. */
export interface WebRequest {
  path: string;
  header: Headers;
  body: Uint8Array;
  signal: AbortSignal;
}

/** The answer to one, in gRPC-Web so far. */
export interface WebAnswer {
  header: Headers;
  /** As it comes: whole frames, the trailers last, or a {@link CallFailure}. Whoever does not read on does not want the rest. */
  body: AsyncGenerator<Uint8Array, void>;
}

/** Makes a call. Rejects with {@link CallFailure}, or with whatever the signal says. */
export type PostWeb = (request: WebRequest) => Promise<WebAnswer>;

/** Calls by the runtime's `fetch`. `maxBytes`: a message that is longer is none. */
export function createPostWeb(url: string, maxBytes: number): PostWeb {
  const base = url.replace(/\/+$/, "");
  let answered = false;

  async function* read(response: Response, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const frames = createWebFrames(url, maxBytes, response.headers.has("grpc-status"));
    const reader = response.body?.getReader();
    try {
      for (;;) {
        const piece = await reader?.read().catch((reason: unknown) => {
          throw signal.aborted ? reason : brokenOff(reason, url);
        });
        if (!piece || piece.done) {
          frames.end();
          return;
        }
        frames.push(piece.value);
        yield piece.value;
      }
    } finally {
      // After its end this does nothing.
      void reader?.cancel().catch(() => {});
    }
  }

  return async ({ path, header, body, signal }) => {
    // Cast: what TypeScript thinks of shared memory. Redirects are not followed: a token may not go elsewhere.
    const init: RequestInit = {
      method: "POST",
      headers: header,
      body: body as BufferSource,
      redirect: "manual",
      signal,
    };
    let response: Response;
    try {
      response = await fetch(base + path, init);
    } catch (reason) {
      throw signal.aborted ? reason : fetchFailure(reason, url, answered);
    }
    const failure = notGrpcWeb(url, response, await wordsOf(response));
    if (failure) {
      void response.body?.cancel().catch(() => {});
      throw failure;
    }
    answered = true;
    return { header: response.headers, body: read(response, signal) };
  };
}

/** What an answer says that is plain text, such as those that a proxy gives by itself. */
async function wordsOf(response: Response): Promise<string> {
  const type = response.headers.get("content-type") ?? "";
  const length = Number(response.headers.get("content-length") ?? Number.NaN);
  if (!type.startsWith("text/plain") || !(length <= 1_000)) {
    return "";
  }
  return response.text().then(
    (text) => text.trim(),
    () => "",
  );
}
