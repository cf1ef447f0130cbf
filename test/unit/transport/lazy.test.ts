import { expect, test } from "vitest";
import { lazily } from "../../../src/transport/lazy.ts";
import type { BrokerTransport } from "../../../src/transport/seam.ts";

function setUp(failure?: Error) {
  const told: string[] = [];
  const create = lazily(async () => {
    told.push("loaded");
    if (failure) {
      throw failure;
    }
    return (url) => {
      told.push(`made ${url}`);
      return {
        unary: async (method: string) => void told.push(`unary ${method}`),
        stream: async (method: string) => void told.push(`stream ${method}`),
        close: () => void told.push("closed"),
      } as unknown as BrokerTransport;
    };
  });
  const transport = create("http://b", {});
  const call = (kind: "unary" | "stream") =>
    (transport[kind] as unknown as (method: string) => Promise<unknown>)(kind === "unary" ? "a" : "b");
  return { told, transport, call };
}

test("is loaded and made by the first call, once", async () => {
  const { told, transport, call } = setUp();
  expect(told).toEqual([]);
  await Promise.all([call("unary"), call("stream")]);
  await call("unary");
  transport.close();
  await call("unary");
  expect(told).toEqual(["loaded", "made http://b", "unary a", "stream b", "unary a", "closed", "unary a"]);
});

test("closed before it was loaded, and while it was", async () => {
  const { told, transport } = setUp();
  transport.close();
  expect(told).toEqual([]);
  const { told: toldToo, transport: other, call } = setUp();
  const called = call("unary");
  other.close();
  await called;
  expect(toldToo).toEqual(["loaded", "made http://b", "closed", "unary a"]);
});

test("what cannot be loaded, each call is told, and the next one tries again", async () => {
  const failure = new Error("no such module");
  const { told, transport, call } = setUp(failure);
  await expect(call("unary")).rejects.toMatchObject({ name: "CallFailure", kind: "unreachable", cause: failure });
  await expect(call("stream")).rejects.toMatchObject({ kind: "unreachable" });
  expect(told).toEqual(["loaded", "loaded"]);
  transport.close();
});
