import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import type { Connections } from "../../../src/cluster/connections.ts";
import { firstAnswer } from "../../../src/cluster/ready.ts";
import { DanubeError } from "../../../src/errors.ts";
import { CallFailure } from "../../../src/transport/seam.ts";
import { rejection } from "../support/outcomes.ts";

/** Connections on which each URL answers with a failure, or well. */
function connections(answers: Record<string, Error | undefined>) {
  const asked: string[] = [];
  const unary = async ({ url }: { url: string }, method: { name: string }) => {
    asked.push(`${method.name} ${url}`);
    const failure = answers[url];
    if (failure) {
      throw failure;
    }
    return {};
  };
  return { asked, connections: { unary } as unknown as Connections };
}

const open = new AbortController().signal;
const unreachable = (url: string) => new CallFailure("unreachable", `cannot connect to ${url}`);

describe("firstAnswer", () => {
  test("one seed that answers is enough", async () => {
    const fake = connections({ a: unreachable("a"), b: undefined, c: undefined });
    await firstAnswer(["a", "b", "c"], fake.connections, 1_000, open);
    expect(fake.asked).toEqual(["HealthCheck a", "HealthCheck b"]);
  });

  test("each is asked once, and the error has every reason", async () => {
    const fake = connections({ a: unreachable("a"), b: unreachable("b") });
    const error = await rejection(firstAnswer(["a", "b"], fake.connections, 1_000, open));
    expect(error).toBeInstanceOf(DanubeError);
    expect(error).toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect((error as Error).message).toMatch(/cannot connect to a.*cannot connect to b/);
    expect((error as { cause: AggregateError }).cause.errors).toHaveLength(2);
    expect(fake.asked).toHaveLength(2);
  });

  test.each([
    [new CallFailure("status", "Invalid token", { status: Code.Unauthenticated }), "UNAUTHENTICATED"],
    [new CallFailure("garbled", "a web server"), "PROTOCOL"],
    [new CallFailure("untrusted", "another authority"), "PROTOCOL"],
    [new CallFailure("deadline", "did not answer in time"), "UNAVAILABLE"],
    [new DanubeError("UNAUTHENTICATED", "not without TLS"), "UNAUTHENTICATED"],
  ])("%s is %s", async (failure, code) => {
    const error = await rejection(firstAnswer(["a"], connections({ a: failure }).connections, 1_000, open));
    expect(error).toMatchObject({ code });
    expect((error as { cause: Error }).cause).toBeInstanceOf(DanubeError);
  });

  test("where one failure would pass, that is the one to tell", async () => {
    const fake = connections({ a: new CallFailure("garbled", "a web server"), b: unreachable("b") });
    const error = await rejection(firstAnswer(["a", "b"], fake.connections, 1_000, open));
    expect(error).toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect((error as Error).message).toContain("a web server");
  });

  test("ends with the client, and gives up those that are slower", async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const unary = (_target: unknown, _method: unknown, _request: unknown, { signal }: { signal?: AbortSignal }) => {
      signals.push(signal);
      return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(unreachable("a"))));
    };
    const closing = new AbortController();
    const answer = firstAnswer(["a"], { unary } as unknown as Connections, 1_000, closing.signal);
    closing.abort();
    expect(await rejection(answer)).toMatchObject({ code: "UNAVAILABLE" });
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  });
});
