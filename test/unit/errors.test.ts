import { describe, expect, test, vi } from "vitest";
import { closedError, DanubeError, type DanubeErrorCode, isDanubeError, withOutcome } from "../../src/errors.ts";

// The compiler sees to it that no code is left out.
const retryableByDefault: Record<DanubeErrorCode, boolean> = {
  INVALID_TOPIC: false,
  NAMESPACE_NOT_FOUND: false,
  TOPIC_NOT_FOUND: false,
  TOPIC_CONFLICT: false,
  DISPATCH_MISMATCH: false,
  SCHEMA_NOT_FOUND: false,
  SCHEMA_MISMATCH: false,
  SCHEMA_INCOMPATIBLE: false,
  SCHEMA_REJECTED: false,
  EXCLUSIVE_PRODUCER: false,
  EXCLUSIVE_CONSUMER: false,
  PRODUCER_LIMIT: false,
  CONSUMER_LIMIT: false,
  MESSAGE_TOO_LARGE: false,
  UNAUTHENTICATED: false,
  PERMISSION_DENIED: false,
  TIMEOUT: true,
  UNAVAILABLE: true,
  CANCELED: false,
  CLOSED: false,
  QUEUE_FULL: true,
  UNSUPPORTED: false,
  PROTOCOL: false,
};
const codes = Object.entries(retryableByDefault) as [DanubeErrorCode, boolean][];

/** The module a second time, as when npm and JSR both bring it. */
async function secondCopy(): Promise<typeof import("../../src/errors.ts")> {
  vi.resetModules();
  return import("../../src/errors.ts");
}

describe("DanubeError", () => {
  test.each(codes)("%s: retryable is %s unless said otherwise", (code, retryable) => {
    expect(new DanubeError(code, "why")).toMatchObject({ code, retryable, message: "why", name: "DanubeError" });
    expect(new DanubeError(code, "why", { retryable: !retryable }).retryable).toBe(!retryable);
  });

  test("is an Error, with a stack and its name in front", () => {
    const error = new DanubeError("CLOSED", "the producer is closed");
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toBe("DanubeError: the producer is closed");
    expect(error.stack).toContain("errors.test.ts");
  });

  test("has a cause only when one is given", () => {
    const cause = new Error("below");
    expect(new DanubeError("PROTOCOL", "x", { cause }).cause).toBe(cause);
    expect("cause" in new DanubeError("PROTOCOL", "x")).toBe(false);
    expect(new DanubeError("PROTOCOL", "x", { cause: null }).cause).toBeNull();
  });

  test("has an outcome only when it is told", () => {
    expect(new DanubeError("TIMEOUT", "x").outcome).toBeUndefined();
    expect(new DanubeError("TIMEOUT", "x", { outcome: "unknown" }).outcome).toBe("unknown");
  });

  test("shows nothing of its brand to those who list its properties", () => {
    const error = new DanubeError("TIMEOUT", "x");
    expect(Object.getOwnPropertySymbols({ ...error })).toEqual([]);
    expect(JSON.parse(JSON.stringify(error))).toEqual({ name: "DanubeError", code: "TIMEOUT", retryable: true });
  });
});

describe("two copies of the module", () => {
  test("know each other's errors, both ways", async () => {
    const copy = await secondCopy();
    expect(copy.DanubeError).not.toBe(DanubeError);
    const [ours, theirs] = [new DanubeError("CLOSED", "x"), new copy.DanubeError("CLOSED", "x")];
    expect(theirs instanceof DanubeError).toBe(true);
    expect(ours instanceof copy.DanubeError).toBe(true);
    expect(isDanubeError(theirs)).toBe(true);
    expect(copy.isDanubeError(ours)).toBe(true);
  });

  test("a subclass knows its own only", async () => {
    const copy = await secondCopy();
    class Special extends DanubeError {}
    const special = new Special("CLOSED", "x");
    expect(special instanceof Special).toBe(true);
    expect(special instanceof DanubeError).toBe(true);
    expect(special instanceof copy.DanubeError).toBe(true);
    expect(new DanubeError("CLOSED", "x") instanceof Special).toBe(false);
    expect(new copy.DanubeError("CLOSED", "x") instanceof Special).toBe(false);
    expect((new Error("x") as unknown) instanceof Special).toBe(false);
  });
});

describe("isDanubeError", () => {
  test("is not taken in by what looks alike", () => {
    const lookalike = { name: "DanubeError", code: "CLOSED", message: "x", retryable: false };
    for (const value of [lookalike, new Error("x"), null, undefined, "DanubeError", 1, () => {}]) {
      expect(isDanubeError(value)).toBe(false);
      expect((value as unknown) instanceof DanubeError).toBe(false);
    }
  });
});

describe("withOutcome", () => {
  test("copies everything else, a retryable that was said included", () => {
    const cause = new Error("below");
    const error = new DanubeError("PROTOCOL", "why", { cause, retryable: true, outcome: "not-sent" });
    const copy = withOutcome(error, "unknown");
    expect(copy).not.toBe(error);
    expect(copy).toMatchObject({ code: "PROTOCOL", message: "why", retryable: true, outcome: "unknown" });
    expect(copy.cause).toBe(cause);
    expect(error.outcome).toBe("not-sent");
  });
});

test("closedError tells what is closed", () => {
  expect(closedError("the client")).toMatchObject({ code: "CLOSED", outcome: undefined, retryable: false });
  expect(closedError("the client").message).toContain("the client");
});
