import { Code, ConnectError } from "@connectrpc/connect";
import { inWords } from "../lib/foreign-code.ts";
import { CallFailure } from "./seam.ts";

// One translation for every transport that is built on Connect. Codes alone do not tell what happened: a broker
// that dies in the middle of a call shows as CANCELED, just as the caller's own abort does, and a refused stream
// as INTERNAL or UNAVAILABLE. What the broker said is told from what the runtime made up by the answer's metadata.

/** What the transport itself knows about the call. */
export interface CallFacts {
  /** The caller's signal. */
  signal: AbortSignal | undefined;
  /** Whether the broker has ever spoken HTTP/2 on this transport; `undefined` where that cannot be seen. */
  spokeHttp2: boolean | undefined;
  url: string;
}

export function toCallFailure(reason: unknown, facts: CallFacts): CallFailure {
  if (reason instanceof CallFailure) {
    return reason;
  }
  const dial = findCause(reason, (cause) => cause instanceof CallFailure) as CallFailure | undefined;
  if (facts.signal?.aborted) {
    return new CallFailure("aborted", "the call was aborted", { cause: reason });
  }
  if (dial) {
    return dial;
  }
  const error = ConnectError.from(reason);
  const text = error.rawMessage;
  if (error.metadata.has("grpc-status")) {
    // Servers on tonic enforce grpc-timeout themselves and call the result CANCELED.
    return error.code === Code.DeadlineExceeded || (error.code === Code.Canceled && /timeout expired/i.test(text))
      ? new CallFailure("deadline", "the broker gave the call up: its time was over", { cause: reason })
      : new CallFailure("status", text, { status: error.code, metadata: error.metadata, cause: reason });
  }
  if (error.code === Code.DeadlineExceeded) {
    return new CallFailure("deadline", `${facts.url} did not answer in time`, { cause: reason });
  }
  // Bun's words for a stream that it did not open any more.
  if (/REFUSED_STREAM|New streams cannot be created|ERR_HTTP2_GOAWAY_SESSION/.test(chainText(reason))) {
    return new CallFailure("refused", `${facts.url} refused the call: ${text}`, { cause: reason });
  }
  if (/certificate|alert/i.test(chainText(reason))) {
    return new CallFailure("untrusted", `TLS with ${facts.url} failed: ${chainText(reason)}`, { cause: reason });
  }
  return (
    notGrpc(error, facts) ??
    new CallFailure("lost", `the connection to ${facts.url} was lost: ${text}`, { cause: reason })
  );
}

/** An answer over HTTP that is not gRPC, or no HTTP/2 at all. */
function notGrpc(error: ConnectError, facts: CallFacts): CallFailure | undefined {
  const text = error.rawMessage;
  const http = /^HTTP (\d{3})/.exec(text);
  if (http) {
    // A proxy that cannot reach its broker answers 502 to 504: that is an unavailable broker, not a wrong server.
    return /^50[234]$/.test(http[1] as string) || http[1] === "429"
      ? new CallFailure("status", text, { status: Code.Unavailable, cause: error })
      : new CallFailure("garbled", `${facts.url} answered with ${text} instead of gRPC`, { cause: error });
  }
  if (/content.type/i.test(text)) {
    return new CallFailure("garbled", `${facts.url} does not speak gRPC: ${text}`, { cause: error });
  }
  if (facts.spokeHttp2 === false) {
    const detail = chainText(error);
    const kind = /protocol.?error|ERR_HTTP2_(ERROR|SESSION_ERROR)|frame|preface|invalid/i.test(detail)
      ? "garbled"
      : "silent";
    return new CallFailure(kind, `${facts.url} does not speak HTTP/2 (${detail}); ${notHttp2Hint(facts.url)}`, {
      cause: error,
    });
  }
  return undefined;
}

/** What to look at when a server turns out not to speak HTTP/2. */
export function notHttp2Hint(url: string): string {
  return url.startsWith("https:")
    ? "is it a broker, with gRPC over HTTP/2?"
    : "is it a broker, and without TLS? For TLS the URL begins with https://";
}

/** The messages along a chain of causes, without repeats. */
export function chainText(reason: unknown): string {
  const texts: string[] = [];
  findCause(reason, (cause) => {
    const text = cause instanceof ConnectError ? cause.rawMessage : cause instanceof Error ? cause.message : "";
    const code = (cause as { code?: unknown }).code;
    // OpenSSL puts the thread, a number and its source file around its words.
    const plain = text
      .replace(/(?<![0-9A-F])[0-9A-F]{8,}:error:[0-9A-F]{8,}:/gi, "")
      .replace(/:[^:\s]+\.c:\d+:[^\n]*/g, "")
      .trim();
    const full = typeof code === "string" && !plain.includes(code) ? `${plain} ${code}`.trim() : plain;
    if (full !== "" && !texts.some((known) => known.includes(full))) {
      texts.push(full);
    }
    return false;
  });
  return texts.join(": ") || inWords(reason);
}

/** The first error along the chain of causes that `is` accepts. */
export function findCause(reason: unknown, is: (cause: unknown) => boolean): unknown {
  const seen = new Set<unknown>();
  for (let cause = reason; cause !== null && typeof cause === "object" && !seen.has(cause); ) {
    if (is(cause)) {
      return cause;
    }
    seen.add(cause);
    cause = (cause as { cause?: unknown }).cause;
  }
  return undefined;
}
