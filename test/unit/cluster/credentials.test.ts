import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createCredentials, type ExpiringToken, type TokenSource, tokensOf } from "../../../src/cluster/credentials.ts";
import { DanubeError } from "../../../src/errors.ts";
import { rejection } from "../support/outcomes.ts";

const url = "https://broker:6650";
const start = 1_700_000_000_000;

beforeEach(() => void vi.useFakeTimers({ now: start }));
afterEach(() => void vi.useRealTimers());

function make(source: TokenSource | undefined, allowInsecure = false) {
  const { authorization, refused } = createCredentials(source === undefined ? undefined : tokensOf(source), {
    allowInsecure,
  });
  // A token at hand is given at once, others are to be asked for; what matters here is which.
  const get = async (target: string) => {
    const given = authorization(target);
    return typeof given === "function" ? given(new AbortController().signal) : given;
  };
  return { authorization: get, refused };
}

/** A function that gives t1, t2, …, each for so long. */
function counter(validMs?: number) {
  let asked = 0;
  const source = () => {
    const token = `t${++asked}`;
    return validMs === undefined ? token : { token, expiresAtMs: Date.now() + validMs };
  };
  return { source, asked: () => asked };
}

describe("the header", () => {
  test("none without a token", async () => {
    expect(await make(undefined).authorization("http://elsewhere:1")).toBeUndefined();
  });

  test("a string is always the same", async () => {
    const { authorization } = make("abc");
    expect(await authorization(url)).toBe("Bearer abc");
    vi.setSystemTime(start + 10 ** 12);
    expect(await authorization(url)).toBe("Bearer abc");
  });

  test.each<[string, TokenSource]>([
    ["gives a string", () => "abc"],
    ["promises one", async () => "abc"],
    ["gives one with its expiry", () => ({ token: "abc", expiresAtMs: start + 60_000 })],
    ["promises that", async () => ({ token: "abc", expiresAtMs: start + 60_000 })],
  ])("a function that %s", async (_, source) => {
    expect(await make(source).authorization(url)).toBe("Bearer abc");
  });
});

describe("a function's token", () => {
  test("is kept when it tells no expiry", async () => {
    const { source, asked } = counter();
    const { authorization } = make(source);
    await authorization(url);
    vi.setSystemTime(start + 10 ** 12);
    expect(await authorization("https://other:1")).toBe("Bearer t1");
    expect(asked()).toBe(1);
  });

  test("is asked for once, however many calls wait", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const source = vi.fn(() => promise);
    const { authorization } = make(source);
    const waiting = Array.from({ length: 20 }, () => authorization(url));
    resolve("abc");
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["Bearer abc"]));
    expect(source).toHaveBeenCalledTimes(1);
  });

  test("is renewed a little before it expires", async () => {
    const { source, asked } = counter(60_000);
    const { authorization } = make(source);
    expect(await authorization(url)).toBe("Bearer t1");
    vi.setSystemTime(start + 54_999);
    expect(await authorization(url)).toBe("Bearer t1");
    vi.setSystemTime(start + 55_000);
    expect(await authorization(url)).toBe("Bearer t2");
    expect(asked()).toBe(2);
  });

  test("that is expired already is used and not kept", async () => {
    const { source } = counter(-1);
    const { authorization } = make(source);
    expect(await authorization(url)).toBe("Bearer t1");
    expect(await authorization(url)).toBe("Bearer t2");
  });

  test("is asked for again after a failure", async () => {
    let asked = 0;
    const { authorization } = make(() => (++asked === 1 ? Promise.reject(new Error("no token today")) : "abc"));
    await rejection(authorization(url));
    expect(await authorization(url)).toBe("Bearer abc");
  });

  // PROTOCOL would say that the broker does not speak Danube's protocol, and nobody has asked it anything.
  test("that cannot be had is UNAUTHENTICATED, with the function's error as the cause", async () => {
    const cause = new Error("no token today");
    const error = await rejection(make(() => Promise.reject(cause)).authorization(url));
    expect(error).toBeInstanceOf(DanubeError);
    expect(error).toMatchObject({ code: "UNAUTHENTICATED", cause });
  });
});

test("a token that is at hand costs no turn of the event loop", async () => {
  const { authorization } = createCredentials(
    tokensOf(() => "abc"),
    { allowInsecure: false },
  );
  const ask = authorization(url) as (signal: AbortSignal) => Promise<string>;
  expect(await ask(new AbortController().signal)).toBe("Bearer abc");
  expect(authorization(url)).toBe("Bearer abc");
});

describe("refused()", () => {
  test("makes a function be asked again, and says so", async () => {
    const { source, asked } = counter();
    const { authorization, refused } = make(source);
    expect(refused((await authorization(url)) as string, 1)).toBe(true);
    expect(await authorization(url)).toBe("Bearer t2");
    expect(asked()).toBe(2);
  });

  test("of a header that was replaced meanwhile throws nothing away", async () => {
    const { source, asked } = counter();
    const { authorization, refused } = make(source);
    const old = (await authorization(url)) as string;
    refused(old, 1);
    await authorization(url);
    // Ten calls went out with the old token, and each is refused.
    for (let i = 0; i < 9; i++) {
      expect(refused(old, 1)).toBe(true);
    }
    expect(await authorization(url)).toBe("Bearer t2");
    expect(asked()).toBe(2);
  });

  test("of a string: it is tried alone, and behind Bearer again after that", async () => {
    const { authorization, refused } = make("abc");
    expect(refused((await authorization(url)) as string, 1)).toBe(true);
    expect(await authorization(url)).toBe("abc");
    expect(refused("abc", 2)).toBe(false);
    expect(await authorization(url)).toBe("Bearer abc");
  });

  test("of several calls at once changes the form once", async () => {
    const { authorization, refused } = make("abc");
    const header = (await authorization(url)) as string;
    expect([1, 2, 3].map(() => refused(header, 1))).toEqual([true, true, true]);
    expect(await authorization(url)).toBe("abc");
    // One that comes late is no reason to go back, and none to try for ever.
    expect([1, 2].map((times) => refused(header, times))).toEqual([true, false]);
    expect(await authorization(url)).toBe("abc");
  });

  test("of a function: asked again, then tried alone, then given up", async () => {
    const { source, asked } = counter();
    const { authorization, refused } = make(source);
    expect(refused((await authorization(url)) as string, 1)).toBe(true);
    expect(refused((await authorization(url)) as string, 2)).toBe(true);
    expect(await authorization(url)).toBe("t2");
    expect(refused("t2", 3)).toBe(false);
    expect(await authorization(url)).toBe("Bearer t2");
    expect(asked()).toBe(2);
  });
});

describe("plaintext", () => {
  test("another machine does not get the token, and the function is not even asked", async () => {
    const source = vi.fn(() => "secret-token");
    const error = await rejection(make(source).authorization("http://broker.example:6650"));
    expect(error).toMatchObject({ code: "UNAUTHENTICATED", outcome: "not-sent", retryable: false });
    expect((error as Error).message).toContain("http://broker.example:6650");
    expect((error as Error).message).not.toContain("secret-token");
    expect(source).not.toHaveBeenCalled();
  });

  test("also when it is at hand already", async () => {
    const { authorization } = make("abc");
    await authorization(url);
    expect(await rejection(authorization("http://10.1.2.3:6650"))).toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("this machine does, and others where that is allowed", async () => {
    expect(await make("abc").authorization("http://127.0.0.1:6650")).toBe("Bearer abc");
    expect(await make("abc", true).authorization("http://broker.example:6650")).toBe("Bearer abc");
  });
});

describe("a token that would not be one header", () => {
  const bad = [
    "s3cret\r\nx-admin: 1",
    "s3cret\nb",
    "s3cret b",
    " s3cret",
    "s3cret ",
    "s3crét",
    "s3cret\0b",
    "s3cret\tb",
    "",
    "s3cret😀",
    `s3cret${"x".repeat(16_384)}`,
  ];

  test.each(bad)("%j is refused, and is not in the error's text", async (token) => {
    const sources: TokenSource[] = [token, () => token, async () => ({ token, expiresAtMs: start + 60_000 })];
    for (const source of sources) {
      const error = await rejection(make(source).authorization(url));
      expect(error).toMatchObject({ code: "UNAUTHENTICATED" });
      for (const text of [String(error), JSON.stringify(error), String((error as Error).stack)]) {
        expect(text).not.toContain("s3cr");
        expect(text).not.toContain("x-admin");
      }
    }
  });

  test("what is no string at all is refused too", async () => {
    // Without an expiry it would be asked for with every call.
    const expiryOnly = [
      { token: "abc" },
      { token: "abc", expiresAtMs: "tomorrow" },
      { token: "abc", expiresAtMs: Number.NaN },
    ];
    for (const given of [1, { token: 1, expiresAtMs: 1 }, {}, ...expiryOnly]) {
      const source = () => given as unknown as ExpiringToken;
      expect(await rejection(make(source).authorization(url))).toMatchObject({ code: "UNAUTHENTICATED" });
    }
  });

  test("and nothing of it is kept", async () => {
    let asked = 0;
    const { authorization } = make(() => (++asked === 1 ? "a\r\nb" : "good"));
    await rejection(authorization(url));
    expect(await authorization(url)).toBe("Bearer good");
  });
});
