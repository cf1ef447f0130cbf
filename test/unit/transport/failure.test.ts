import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { type CallFacts, chainText, findCause, notHttp2Hint, toCallFailure } from "../../../src/transport/failure.ts";
import { CallFailure, type FailureKind } from "../../../src/transport/seam.ts";

const url = "http://broker:6650";
const facts = (options: Partial<CallFacts> = {}): CallFacts => ({
  url,
  signal: undefined,
  spokeHttp2: true,
  ...options,
});

/** What the server said: its answer has the status in its metadata. */
const said = (code: Code, message: string) => new ConnectError(message, code, { "grpc-status": String(code) });
/** What the runtime made up. */
const made = (code: Code, message: string, cause?: unknown) =>
  new ConnectError(message, code, undefined, undefined, cause);
const system = (message: string, code: string) => Object.assign(new Error(message), { code });

describe("toCallFailure", () => {
  test("a CallFailure is itself", () => {
    const failure = new CallFailure("lost", "x");
    expect(toCallFailure(failure, facts({ signal: AbortSignal.abort() }))).toBe(failure);
  });

  test("one that Connect has wrapped is found", () => {
    const dial = new CallFailure("unreachable", "cannot connect");
    expect(toCallFailure(made(Code.Internal, "wrapped", new Error("between", { cause: dial })), facts())).toBe(dial);
  });

  test("the caller's own abort comes before everything else", () => {
    const signal = AbortSignal.abort();
    const dial = new CallFailure("unreachable", "cannot connect");
    for (const reason of [
      made(Code.Canceled, "This operation was aborted"),
      made(Code.Internal, "x", dial),
      said(Code.NotFound, "x"),
      made(Code.DeadlineExceeded, "the operation timed out"),
      new Error("anything"),
    ]) {
      expect(toCallFailure(reason, facts({ signal }))).toMatchObject({ kind: "aborted", cause: reason });
    }
  });

  test("a signal that is not aborted is no abort, whatever the code says", () => {
    const { signal } = new AbortController();
    const killed = made(Code.Canceled, "http/2 stream closed with error code CANCEL (0x8)");
    expect(toCallFailure(killed, facts({ signal })).kind).toBe("lost");
  });

  const cases: [
    what: string,
    reason: unknown,
    kind: FailureKind,
    status?: Code | undefined,
    spokeHttp2?: boolean | undefined,
  ][] = [
    ["a status", said(Code.NotFound, "The producer with id 7 does not exist"), "status", Code.NotFound],
    ["UNAVAILABLE, said by the broker", said(Code.Unavailable, "served by another broker"), "status", Code.Unavailable],
    ["CANCELED, said by the broker", said(Code.Canceled, "shutting down"), "status", Code.Canceled],
    ["a status with words of HTTP in it", said(Code.Internal, "HTTP 404 content-type"), "status", Code.Internal],
    ["a status with REFUSED_STREAM in it", said(Code.Internal, "REFUSED_STREAM"), "status", Code.Internal],
    ["the broker's DEADLINE_EXCEEDED", said(Code.DeadlineExceeded, "too late"), "deadline"],
    ["tonic's own time-out", said(Code.Canceled, "Timeout expired"), "deadline"],
    ["our time-out", made(Code.DeadlineExceeded, "the operation timed out"), "deadline"],
    ["our time-out before a word", made(Code.DeadlineExceeded, "x"), "deadline", undefined, false],
    [
      "a refused stream, as Node has it",
      made(Code.Internal, "http/2 stream closed with error code REFUSED_STREAM (0x7)"),
      "refused",
    ],
    [
      "a stream that Bun did not open any more",
      made(
        Code.Internal,
        "x",
        system("New streams cannot be created after receiving a GOAWAY", "ERR_HTTP2_GOAWAY_SESSION"),
      ),
      "refused",
    ],
    ["a killed server", made(Code.Canceled, "http/2 stream closed with error code CANCEL (0x8)"), "lost"],
    [
      "a connection that was reset",
      made(Code.Aborted, "read ECONNRESET", system("read ECONNRESET", "ECONNRESET")),
      "lost",
    ],
    ["Deno's premature close", made(Code.Unknown, "Premature close"), "lost"],
    ["anything else", new Error("who knows"), "lost"],
    ["what is no error", "text", "lost"],
    ["a proxy without its broker", made(Code.Unavailable, "HTTP 502"), "status", Code.Unavailable],
    ["the same, 503", made(Code.Unavailable, "HTTP 503"), "status", Code.Unavailable],
    ["the same, 504", made(Code.Unavailable, "HTTP 504"), "status", Code.Unavailable],
    ["a proxy that has enough", made(Code.Unavailable, "HTTP 429"), "status", Code.Unavailable],
    ["a web server", made(Code.Unimplemented, "HTTP 404"), "garbled"],
    ["a login page", made(Code.PermissionDenied, "HTTP 403"), "garbled"],
    ["a broken server", made(Code.Unknown, "HTTP 500"), "garbled"],
    ["another content type", made(Code.Unknown, "unexpected response content type text/html"), "garbled"],
    ["the same, spelt as a header", made(Code.Internal, 'invalid Content-Type: "text/html"'), "garbled"],
    ["an empty answer", made(Code.Unimplemented, "protocol error: missing output message for unary method"), "lost"],
    ["an answer without its end", made(Code.Internal, "protocol error: missing status"), "lost"],
    ["an answer that is cut", made(Code.InvalidArgument, "protocol error: invalid framing"), "lost"],
    [
      "another protocol",
      made(Code.Internal, "Protocol error", system("Protocol error", "ERR_HTTP2_ERROR")),
      "garbled",
      undefined,
      false,
    ],
    ["a closed port behind a proxy", made(Code.Aborted, "socket hang up"), "silent", undefined, false],
    ["a connection that ends at once", made(Code.Canceled, "CANCEL"), "silent", undefined, false],
    ["the same where it cannot be seen", made(Code.Canceled, "CANCEL"), "lost", undefined, undefined],
    [
      "a certificate",
      made(Code.Unavailable, "x", system("self-signed certificate", "DEPTH_ZERO_SELF_SIGNED_CERT")),
      "untrusted",
    ],
    ["an alert", made(Code.Aborted, "x", new Error("tlsv1 alert unknown ca")), "untrusted"],
  ];

  test.each(cases)("%s: %# %s", (...[, reason, kind, status, ...spoke]) => {
    const given = spoke.length > 0 ? facts({ spokeHttp2: spoke[0] as boolean | undefined }) : facts();
    const failure = toCallFailure(reason, given);
    expect(failure).toBeInstanceOf(CallFailure);
    expect({ kind: failure.kind, status: failure.status }).toEqual({ kind, status });
    expect(failure.cause).toBeDefined();
  });

  test("a status keeps the broker's words, and nothing else", () => {
    expect(toCallFailure(said(Code.NotFound, "The producer with id 7 does not exist"), facts()).message).toBe(
      "The producer with id 7 does not exist",
    );
  });

  test("everything that is not the broker's words names the URL", () => {
    for (const [, reason, kind, status, spokeHttp2] of cases) {
      if (typeof reason === "object" && kind !== "status" && status === undefined) {
        const { message } = toCallFailure(reason, facts({ spokeHttp2: spokeHttp2 ?? true }));
        expect(message.includes(url) || message.startsWith("the broker gave the call up")).toBe(true);
      }
    }
  });

  test("no HTTP/2 comes with a hint that fits the scheme", () => {
    const silent = made(Code.Aborted, "socket hang up");
    expect(toCallFailure(silent, facts({ spokeHttp2: false })).message).toContain("https://");
    expect(toCallFailure(silent, facts({ spokeHttp2: false, url: "https://b:1" })).message).toContain(
      notHttp2Hint("https://b:1"),
    );
    expect(notHttp2Hint("https://b:1")).not.toBe(notHttp2Hint("http://b:1"));
  });
});

describe("chainText", () => {
  test("the words along the causes, each once", () => {
    const inner = system("connect ECONNREFUSED 127.0.0.1:1", "ECONNREFUSED");
    expect(chainText(new Error("outer", { cause: new Error("connect ECONNREFUSED", { cause: inner }) }))).toBe(
      "outer: connect ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:1",
    );
    expect(chainText(new Error("same", { cause: new Error("same") }))).toBe("same");
  });

  test("a code that the words do not have is added", () => {
    expect(chainText(system("self-signed certificate", "SELF_SIGNED"))).toBe("self-signed certificate SELF_SIGNED");
    expect(chainText(system("", "EPIPE"))).toBe("EPIPE");
  });

  test("a ConnectError is told without its prefix", () => {
    expect(chainText(new ConnectError("the words", Code.Internal))).toBe("the words");
  });

  test("what OpenSSL puts around its words is left out", () => {
    const text =
      "80DB5EF07F7F0000:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/ssl/record.c:355:\n";
    expect(chainText(new Error(text))).toBe("SSL routines:ssl3_get_record:wrong version number");
  });

  test("what has no words is told as it is, and circles end", () => {
    expect(chainText("text")).toBe("text");
    expect(chainText(undefined)).toBe("undefined");
    const circle = new Error("round");
    circle.cause = new Error("and round", { cause: circle });
    expect(chainText(circle)).toBe("round: and round");
  });
});

describe("findCause", () => {
  test("the first along the chain, the error itself included", () => {
    const inner = new TypeError("inner");
    const outer = new Error("outer", { cause: inner });
    expect(findCause(outer, (cause) => cause instanceof Error)).toBe(outer);
    expect(findCause(outer, (cause) => cause instanceof TypeError)).toBe(inner);
    expect(findCause(outer, () => false)).toBeUndefined();
    expect(findCause("text", () => true)).toBeUndefined();
  });
});

test("words of a peer's are not looked at for longer than they are", () => {
  const startedAt = performance.now();
  // Backtracking would look at each of them from every place in it.
  chainText(new Error("a".repeat(500_000)));
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});
