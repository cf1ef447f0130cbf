import type { Interceptor } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { brokerMessageLimit, type ConnectOptions, resolveOptions } from "../../src/options.ts";
import { thrown } from "./support/outcomes.ts";

const brokers = "http://127.0.0.1:6650";

/** The message of the TypeError that these options cause. */
function complaint(options: unknown): string {
  const error = thrown(() => resolveOptions(options as ConnectOptions));
  expect(error).toBeInstanceOf(TypeError);
  return (error as Error).message;
}

const wholeNumbers = ["0", 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, null, 2 ** 53, 5n, {}];
const flags = [0, 1, "true", null, {}];
const functions = ["f", null, {}, 1];

/** Of each option, what it must not be. `path` is what the message has to name. */
const wrong: [path: string, values: unknown[], around?: (value: unknown) => Record<string, unknown>][] = [
  ["brokers", [[], {}, 1, null, new Set([brokers]), ["ftp://host"], "http://host/path", "http://"]],
  ["brokers[0]", [[""], [1], [null], [undefined], "", ["a\ud800"]]],
  [
    "brokers[1]",
    [
      [brokers, ""],
      [brokers, 6650],
    ],
  ],
  ["allowInsecure", flags],
  ["gateway", flags],
  ["attemptTimeoutMs", wholeNumbers],
  ["createTimeoutMs", wholeNumbers],
  ["sendTimeoutMs", wholeNumbers],
  ["maxMessageBytes", wholeNumbers],
  ["mapBrokerUrl", functions],
  ["onEvent", functions],
  ["transport", ["", "http", "toString", null, {}, 1]],
  ["token", ["", 1, null, {}, "half a pair \udc00"]],
  ["interceptors", [{}, "x", null, () => {}]],
  ["backoff", [null, 1, "fast", []]],
  ["backoff.initialMs", [0, -1, "1", 1.5, null], (value) => ({ backoff: { initialMs: value } })],
  ["backoff.maxMs", [0, -1, "1", 1.5, null], (value) => ({ backoff: { maxMs: value } })],
  ["backoff.factor", [0, 0.9, 101, "2", null, Number.NaN], (value) => ({ backoff: { factor: value } })],
  ["backoff.jitter", [-0.1, 1.1, "0", null, Number.NaN], (value) => ({ backoff: { jitter: value } })],
  ["tls", [null, true, "pem", []]],
  ["tls.ca", ["", 1, {}, [], [1], [""]], (value) => ({ brokers: "https://host", tls: { ca: value } })],
  ["tls.cert", ["", 1, {}], (value) => ({ brokers: "https://host", tls: { cert: value, key: "k" } })],
  ["tls.key", ["", 1, {}], (value) => ({ brokers: "https://host", tls: { cert: "c", key: value } })],
  ["tls.serverName", ["", 1, null], (value) => ({ brokers: "https://host", tls: { serverName: value } })],
];

describe("wrong options are TypeErrors that name the option", () => {
  test.each(wrong)("%s", (path, values, around = (value) => ({ [path.replace(/\[.*/, "")]: value })) => {
    for (const value of values) {
      expect(complaint({ brokers, ...around(value) })).toContain(`"${path}"`);
    }
  });

  test("brokers left out", () => {
    expect(complaint({})).toContain('"brokers"');
  });

  test("options that do not exist", () => {
    expect(complaint({ brokers, tokn: "x" })).toContain('"tokn"');
    expect(complaint({ brokers, backoff: { initial: 1 } })).toContain('"initial"');
    expect(complaint({ brokers: "https://host", tls: { servername: "x" } })).toContain('"servername"');
  });

  test("no options at all", () => {
    for (const value of [null, undefined, 1, [brokers]]) {
      complaint(value);
    }
  });

  test("interceptors that are no functions", () => {
    for (const value of [["x"], [null], [{}]]) {
      expect(complaint({ brokers, interceptors: value })).toContain('"interceptors');
    }
  });

  // The certificates of authorities may be several; a certificate and its key are one each.
  test("several certificates of the client's own", () => {
    expect(complaint({ brokers: "https://host", tls: { cert: ["c"], key: "k" } })).toContain('"tls.cert"');
    expect(complaint({ brokers: "https://host", tls: { cert: "c", key: ["k"] } })).toContain('"tls.key"');
    expect(complaint({ brokers: "https://host", tls: { cert: [], key: "k" } })).toContain('"tls.cert"');
  });

  test("null is no PEM", () => {
    for (const name of ["ca", "cert", "key"]) {
      const pair = { cert: "c", key: "k" };
      expect(complaint({ brokers: "https://host", tls: { ...pair, [name]: null } })).toContain(`"tls.${name}"`);
    }
  });

  test("a certificate without its key, and a key without its certificate", () => {
    for (const tls of [{ cert: "c" }, { key: "k" }]) {
      const message = complaint({ brokers: "https://host", tls });
      expect(message).toContain('"tls.cert"');
      expect(message).toContain('"tls.key"');
    }
  });
});

describe("brokers", () => {
  const seeds = (given: ConnectOptions["brokers"], options: Partial<ConnectOptions> = {}) =>
    resolveOptions({ brokers: given, ...options }).seeds;

  test("one URL, in place of the options or in them, or several", () => {
    expect(resolveOptions(brokers).seeds).toEqual([brokers]);
    expect(seeds(brokers)).toEqual([brokers]);
    expect(seeds([brokers, "http://127.0.0.1:6651"])).toEqual([brokers, "http://127.0.0.1:6651"]);
  });

  test("without a scheme: http, or https when tls is given", () => {
    expect(seeds("broker:6650")).toEqual(["http://broker:6650"]);
    expect(seeds("broker:6650", { tls: {} })).toEqual(["https://broker:6650"]);
    expect(seeds("broker")).toEqual(["http://broker:6650"]);
  });

  test("the same broker in other words is the same broker", () => {
    expect(seeds(["b:6650", "http://b:6650", "http://B:6650/", " b:6650 ", "http://c:1", "c:1"])).toEqual([
      "http://b:6650",
      "http://c:1",
    ]);
  });

  test("secure only where all are", () => {
    expect(resolveOptions("https://b").secure).toBe(true);
    expect(resolveOptions({ brokers: ["https://b", "http://c"] }).secure).toBe(false);
    expect(resolveOptions("b").secure).toBe(false);
  });

  test.each([
    "http://user:s3cret@broker:6650",
    "http://user:s3@cret@broker:6650",
    "http://user:s3cret@broker:port",
    "https://s3cret@",
    "danube://s3cret@broker",
    "http://broker?token=s3cret",
    "http://bro ker?token=s3cret",
    "broker#s3cret",
  ])("%s is refused, and its password or token not repeated", (url) => {
    expect(complaint({ brokers: url })).not.toMatch(/s3|cret@/);
  });

  test("tls and http:// contradict each other", () => {
    const message = complaint({ brokers: ["https://a:1", "http://b:1"], tls: {} });
    expect(message).toContain('"tls"');
    expect(message).toContain("http://b:1");
    expect(message).toContain('"brokers"');
  });
});

describe("a token", () => {
  const sources = ["secret", () => "secret", async () => ({ token: "secret", expiresAtMs: 0 })];

  test.each(sources)("is refused when it would go to another machine in plaintext (%s)", (token) => {
    for (const url of ["http://broker.example:6650", "broker.example", "http://10.0.0.1:6650", "http://0.0.0.0:6650"]) {
      const message = complaint({ brokers: url, token });
      expect(message).toContain('"token"');
      expect(message).toContain('"allowInsecure"');
      expect(message).not.toContain("secret");
    }
    complaint({ brokers: ["https://a", "http://127.0.0.1:1", "http://b:1"], token });
  });

  test("goes to this machine, with TLS, or where it is allowed", () => {
    for (const url of ["http://127.0.0.1:6650", "http://localhost:6650", "http://[::1]:6650", "https://b.example"]) {
      expect(resolveOptions({ brokers: url, token: "secret" }).token).toBe("secret");
    }
    expect(resolveOptions({ brokers: "http://b.example", token: "secret", allowInsecure: true }).token).toBe("secret");
    expect(resolveOptions({ brokers: "b.example", token: "secret", tls: {} }).seeds).toEqual([
      "https://b.example:6650",
    ]);
  });
});

describe("what is resolved", () => {
  test("the defaults are those of the documentation", () => {
    expect(resolveOptions(brokers)).toMatchObject({
      allowInsecure: false,
      gateway: false,
      transport: "auto",
      attemptTimeoutMs: 10_000,
      createTimeoutMs: 60_000,
      sendTimeoutMs: 60_000,
      maxMessageBytes: 4_194_304,
      interceptors: [],
      tls: undefined,
      token: undefined,
      mapBrokerUrl: undefined,
      onEvent: undefined,
    });
    expect(brokerMessageLimit).toBe(4_194_304);
  });

  test("undefined means left out", () => {
    const names = [
      "tls",
      "token",
      "allowInsecure",
      "transport",
      "gateway",
      "mapBrokerUrl",
      "attemptTimeoutMs",
      "backoff",
    ];
    const options = Object.fromEntries([...names, "onEvent", "interceptors"].map((name) => [name, undefined]));
    const { backoff: _, ...resolved } = resolveOptions({ brokers, ...options });
    const { backoff: __, ...defaults } = resolveOptions(brokers);
    expect(resolved).toEqual(defaults);
  });

  test("the caller's object is neither changed nor kept", () => {
    const interceptors: Interceptor[] = [(next) => next];
    const tls = { ca: "pem" };
    const list = ["https://b:1", "https://b:1"];
    const options = { brokers: list, tls, interceptors, token: "t", backoff: { initialMs: 7 } };
    const before = structuredClone({ ...options, interceptors: [] });
    const resolved = resolveOptions(options);
    expect({ ...options, interceptors: [] }).toEqual(before);
    list.push("https://c:1");
    tls.ca = "other";
    interceptors.length = 0;
    expect(resolved.seeds).toEqual(["https://b:1"]);
    expect(resolved.tls).toEqual({ ca: "pem" });
    expect(resolved.interceptors).toHaveLength(1);
  });

  test("a frozen object will do", () => {
    expect(() => resolveOptions(Object.freeze({ brokers: Object.freeze([brokers]) as string[] }))).not.toThrow();
  });

  test("PEM may be text or bytes, and authorities several", () => {
    const tls = { ca: ["one", new Uint8Array([1])], cert: new Uint8Array([1]), key: "k", serverName: "b" };
    expect(resolveOptions({ brokers: "https://b", tls }).tls).toEqual(tls);
  });
});

describe("backoff", () => {
  const waits = (backoff: ConnectOptions["backoff"]) => resolveOptions({ brokers, backoff }).backoff;

  test("settings are passed on", () => {
    const backoff = waits({ initialMs: 10, factor: 3, maxMs: 50, jitter: 0 });
    expect([1, 2, 3].map(backoff)).toEqual([10, 30, 50]);
  });

  test("a function is asked with the number of failures", () => {
    expect([1, 2, 3].map(waits((attempt) => attempt * 100))).toEqual([100, 200, 300]);
    expect(waits(() => 0)(1)).toBe(0);
  });
});
