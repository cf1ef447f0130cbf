import { Code } from "@connectrpc/connect";
import { codeFromHttpStatus } from "@connectrpc/connect/protocol-grpc";
import { chainText } from "./failure.ts";
import { CallFailure } from "./seam.ts";

// Runtimes differ in what they tell of a fetch that failed: Node gives a code along the causes, Bun one on the error, Deno words, and
// browsers nothing at all, since a page is not to find out about hosts that do not let it in.

const unreachable =
  /ECONNREFUSED|ENOTFOUND|EAI_[A-Z]+|EHOSTUNREACH|ENETUNREACH|connect ETIMEDOUT|CONNECT_TIMEOUT|Unable to connect|client error \(Connect\)|bad port|are blocked/;
const untrusted =
  /certificate|SELF_SIGNED|UNABLE_TO_VERIFY|\bCERT_|ERR_TLS_|WRONG_VERSION_NUMBER|wrong version number|\balert\b|TLS handshake|corrupt message/i;
const notHttp = /not match the HTTP|HPE_|invalid HTTP version|Malformed_HTTP_Response/i;

const wantsProxy =
  "fetch wants an Envoy with gRPC-Web in front of the brokers, which themselves speak HTTP/2 only (examples/edge/envoy.yaml)";
const untold =
  "browsers do not tell why. It may be away; its CORS settings may not let this page's origin in; and a page that came by https can call https only";

/** What `fetch` rejected with, when it was not told to. `answered`: whether the URL ever answered. */
export function fetchFailure(reason: unknown, url: string, answered: boolean): CallFailure {
  const told = chainText(reason);
  const failure = (kind: CallFailure["kind"], words: string) => new CallFailure(kind, words, { cause: reason });
  // Names may hold any of the words.
  const plain = told.replaceAll(new URL(url).hostname, "");
  if (untrusted.test(plain)) {
    return failure("untrusted", `TLS with ${url} failed: ${told}`);
  }
  if (unreachable.test(plain)) {
    return failure("unreachable", `cannot connect to ${url}: ${told}`);
  }
  if (notHttp.test(plain)) {
    return failure("garbled", `${url} does not speak HTTP/1.1 (${told}); ${wantsProxy}`);
  }
  const { cause, code } = reason as { cause?: unknown; code?: unknown };
  const isTold = cause !== undefined || code !== undefined;
  return answered
    ? failure("lost", `the connection to ${url} was lost: ${told}${isTold ? "" : `; ${untold}`}`)
    : failure("silent", `${url} gave no answer (${told}); ${isTold ? wantsProxy : untold}`);
}

/** What the rest of an answer was not read for. */
export function brokenOff(reason: unknown, url: string): CallFailure {
  return new CallFailure("lost", `the answer of ${url} was broken off: ${chainText(reason)}`, { cause: reason });
}

/** Why an answer is none in gRPC-Web, where it is not. `words`: what it says in plain text. */
export function notGrpcWeb(url: string, response: Response, words: string): CallFailure | undefined {
  const { status, headers } = response;
  const type = headers.get("content-type") ?? "";
  const isWeb = /^application\/grpc-web(\+proto)?(;|$)/i.test(type);
  if (isWeb && (response.ok || headers.has("grpc-status"))) {
    const encoding = headers.get("grpc-encoding");
    return encoding === null || encoding.toLowerCase() === "identity"
      ? undefined
      : new CallFailure("garbled", `the answer of ${url} is in the coding "${encoding}", which nobody asked for`);
  }
  const said = words === "" ? `HTTP ${status}` : `HTTP ${status}: ${words}`;
  // What a proxy answers in the place of a broker that it cannot reach, and to those that it does not let in.
  if ([401, 403, 429, 502, 503, 504].includes(status)) {
    const code = status === 429 ? Code.Unavailable : codeFromHttpStatus(status);
    return new CallFailure("status", said, { status: code });
  }
  const what =
    response.type === "opaqueredirect" || (status >= 300 && status < 400)
      ? "leads elsewhere (a redirect), which is not followed"
      : response.ok
        ? `answered in ${type || "no content type"} instead of gRPC-Web`
        : `answered with ${said} instead of gRPC-Web`;
  return new CallFailure(
    "garbled",
    `${url} ${what}; is it an Envoy with the grpc_web filter (examples/edge/envoy.yaml)?`,
  );
}
