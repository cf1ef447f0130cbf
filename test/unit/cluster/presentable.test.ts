import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { createCredentials } from "../../../src/cluster/credentials.ts";
import { presentable } from "../../../src/cluster/presentable.ts";
import { CallFailure } from "../../../src/transport/seam.ts";

const hide = (text: string) => text.replaceAll("canary", "[secret]");

describe("a failure", () => {
  test("with nothing in it to hide stays as it is", () => {
    const failure = new CallFailure("lost", "the connection was lost", { cause: new Error("ECONNRESET") });
    expect(presentable(failure, hide)).toBe(failure);
  });

  test("keeps its kind, its status and its words", () => {
    const metadata = new Headers({ "x-heard": "canary" });
    const cause = new ConnectError("no canary\n", Code.NotFound, metadata);
    const failure = presentable(new CallFailure("status", "no canary\n", { status: 5, metadata, cause }), hide);
    expect(failure).toMatchObject({ kind: "status", status: 5, message: "no [secret] " });
    expect([failure.metadata, failure.cause]).toEqual([undefined, undefined]);
  });

  test("keeps what is below Connect's error, and what stands in other failures", () => {
    const own = new TypeError("of a user's interceptor");
    const below = new ConnectError("internal", Code.Internal, undefined, undefined, own);
    expect(presentable(new CallFailure("lost", "lost", { cause: below }), hide).cause).toBe(own);
    const inner = new CallFailure("status", "canary", { status: 3, metadata: new Headers() });
    const { cause } = presentable(new CallFailure("status", "", { status: 5, cause: inner }), hide);
    expect(cause).toMatchObject({ message: "[secret]", status: 3, metadata: undefined });
  });

  test.each([
    ["a secret", new Error("for canary")],
    ["a terminal's escapes", new Error("\u001b[2J")],
    ["Connect's error further down", new Error("x", { cause: new ConnectError("y") })],
  ])("loses a cause with %s in it", (_, cause) => {
    expect(presentable(new CallFailure("lost", "lost", { cause }), hide).cause).toBeUndefined();
  });

  test("comes to an end with causes in a circle, and with messages that are no strings", () => {
    const connect = new ConnectError("x");
    connect.cause = connect;
    const failure = new CallFailure("lost", "lost");
    failure.cause = failure;
    const odd = Object.assign(new Error("x"), { message: undefined });
    for (const cause of [connect, failure, odd, new CallFailure("lost", "inner", { cause: failure })]) {
      expect(presentable(new CallFailure("lost", "lost", { cause }), hide).message).toBe("lost");
    }
  });

  test("keeps a runtime's error of several lines", () => {
    const cause = new Error("one\ntwo");
    expect(presentable(new CallFailure("lost", "lost", { cause }), hide).cause).toBe(cause);
  });

  test("does not quote the message that a broker quotes", () => {
    const words = 'Payload validation failed: JSON Schema validation failed: "secret\nthing" is not of type "integer"';
    const { message } = presentable(new CallFailure("status", words, { status: 7 }), hide);
    expect(message).toMatch(/^Payload validation failed: JSON Schema validation failed \(where/);
    expect(message).not.toContain("thing");
  });
});

describe("hide()", () => {
  const ask = async (credentials: ReturnType<typeof createCredentials>) => {
    const given = credentials.authorization("https://broker:1");
    return typeof given === "function" ? given(new AbortController().signal) : given;
  };

  test("knows the token in use, the ones before it, and the API key", async () => {
    let asked = 0;
    const credentials = createCredentials(async () => ({ token: `token-number-${++asked}`, expiresAtMs: 0 }), {
      allowInsecure: false,
      apiKey: "api-key-1",
    });
    expect(credentials.hide("token-number-1 api-key-1")).toBe("token-number-1 [secret]");
    await ask(credentials);
    await ask(credentials);
    expect(credentials.hide("token-number-1, token-number-2 and token-number-3")).toBe(
      "[secret], [secret] and token-number-3",
    );
  });

  test("leaves words alone that a short token is a part of", async () => {
    const credentials = createCredentials("a", { allowInsecure: false });
    await ask(credentials);
    expect(credentials.hide("a broker's words")).toBe("a broker's words");
  });

  test("remembers a few, and not all that there ever were", async () => {
    let asked = 0;
    const credentials = createCredentials(async () => ({ token: `<token-${++asked}>`, expiresAtMs: 0 }), {
      allowInsecure: false,
    });
    for (let i = 0; i < 20; i++) {
      await ask(credentials);
    }
    expect(credentials.hide("<token-20> <token-13> <token-12>")).toBe("[secret] [secret] <token-12>");
  });
});
