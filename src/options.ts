import type { Interceptor } from "@connectrpc/connect";
import { isLoopback, normaliseUrl } from "./cluster/addresses.ts";
import { isToken, type TokenSource, tokenForm } from "./cluster/credentials.ts";
import type { DanubeEvent } from "./events.ts";
import { type Backoff, type BackoffOptions, exponentialBackoff } from "./lib/backoff.ts";
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNonEmptyString,
  checkOneOf,
  checkOptions,
} from "./lib/check.ts";
import { atOnce } from "./lib/foreign-code.ts";
import { type Generation, generations } from "./protocol/generation.ts";
import type { BrokerTransport, TlsOptions } from "./transport/seam.ts";
import { type TransportName, transportNames } from "./transport/select.ts";
import type { TransportFactory } from "./transport/translate.ts";

/** What {@link connect} is told. Only `brokers` is needed. */
export interface ConnectOptions {
  /**
   * Brokers to ask first, tried in turn: `"http://host:6650"`, `"https://host:6650"`, or `"host:6650"`, which means
   * https when `tls` is given and http otherwise. Any broker of a cluster finds the others; name all of them, so that
   * the client also starts when one is down.
   */
  brokers: string | readonly string[];
  /** TLS settings, for `https://` brokers. Default: the runtime's own authorities, no client certificate. */
  tls?: TlsOptions | undefined;
  /**
   * The JWT that goes with every call (`authorization: Bearer …`, or alone as brokers until 0.10 want it), or a function that gives it, alone or with its
   * expiry. What the function gave is kept until it expires or a broker answers UNAUTHENTICATED, and then asked for
   * again, once however many calls wait. The Rust and Go clients call it `with_token`, `WithTokenSupplier`.
   */
  token?: TokenSource | undefined;
  /**
   * The API key of brokers until 0.10, which is exchanged for a JWT (Authenticate) that is kept for an hour, or until a
   * broker answers UNAUTHENTICATED. Instead of `token`; later brokers refuse it with `UNSUPPORTED`.
   */
  apiKey?: string | undefined;
  /**
   * The generation of the brokers, by its first version: `"0.4"` has schemas and retention in CreateProducer, `"0.5"` only
   * schemas, `"0.6"` and later the schema registry. Default: found out, by the first CreateProducer that a broker does
   * not understand, and again when that changes. Brokers of another one than was given here are `PROTOCOL`.
   */
  protocol?: Generation | undefined;
  /** Allows `token` and `apiKey` to be sent without TLS to other machines. Default `false`. */
  allowInsecure?: boolean | undefined;
  /**
   * How calls are carried: `"auto"` (default), a name, or a function that makes a transport for a broker's URL: any
   * Connect transport will do; a {@link BrokerTransport} also has an end and tells how calls failed.
   */
  transport?: TransportName | TransportFactory | undefined;
  /**
   * Every call goes to the URL in `brokers`, which passes it on to the broker named in the `x-danube-broker-url`
   * header: for gateways whose brokers do not know that they are behind one. Default `false`; proxies that Danube
   * knows of (`--connect-url`) need nothing here.
   */
  gateway?: boolean | undefined;
  /**
   * Rewrites the addresses that brokers advertise, where those mean nothing on this machine (container names). One that throws
   * refuses the address: `PROTOCOL`, and nobody is dialled.
   */
  mapBrokerUrl?: ((url: string) => string) | undefined;
  /** Milliseconds for one call to one broker. Default 10,000. */
  attemptTimeoutMs?: number | undefined;
  /** Milliseconds from `createProducer` to its end, waiting and recovery included. Default 60,000. */
  createTimeoutMs?: number | undefined;
  /**
   * Milliseconds from `send` to its end, waiting and recovery included. Default 60,000: a Danube cluster takes
   * 33 to 40 s to give the topics of a dead broker to others.
   */
  sendTimeoutMs?: number | undefined;
  /** The waits between tries, or a function of the number of failures that gives them in milliseconds. */
  backoff?: BackoffOptions | Backoff | undefined;
  /** The largest encoded message, in bytes. Default 4,194,304, the limit of brokers up to 0.15.1. */
  maxMessageBytes?: number | undefined;
  /** Told everything that happens. Without it, warnings are printed with `console.warn`, each once. */
  onEvent?: ((event: DanubeEvent) => void) | undefined;
  /** Connect interceptors, around every call. */
  interceptors?: readonly Interceptor[] | undefined;
}

/** {@link ConnectOptions} with nothing left open. */
export interface ResolvedOptions {
  seeds: string[];
  secure: boolean;
  tls: TlsOptions | undefined;
  token: TokenSource | undefined;
  apiKey: string | undefined;
  protocol: Generation | undefined;
  allowInsecure: boolean;
  transport: TransportName | TransportFactory;
  gateway: boolean;
  mapBrokerUrl: ((url: string) => string) | undefined;
  attemptTimeoutMs: number;
  createTimeoutMs: number;
  sendTimeoutMs: number;
  backoff: Backoff;
  maxMessageBytes: number;
  onEvent: ((event: DanubeEvent) => void) | undefined;
  interceptors: Interceptor[];
}

// biome-ignore format: a list of words
const names = [
  "brokers", "tls", "token", "apiKey", "protocol", "allowInsecure", "transport", "gateway", "mapBrokerUrl", "attemptTimeoutMs", "createTimeoutMs",
  "sendTimeoutMs", "backoff", "maxMessageBytes", "onEvent", "interceptors",
] as const satisfies (keyof ConnectOptions)[];

/** The limit of a gRPC message in brokers up to 0.15.1: tonic's default, not raised. */
export const brokerMessageLimit = 4_194_304;

export function resolveOptions(given: ConnectOptions | string): ResolvedOptions {
  const options = typeof given === "string" ? { brokers: given } : given;
  checkOptions("the options of connect()", options, names);
  const {
    brokers,
    tls,
    token,
    apiKey,
    protocol,
    transport = "auto",
    mapBrokerUrl,
    onEvent,
    interceptors = [],
  } = options;
  const {
    allowInsecure = false,
    gateway = false,
    attemptTimeoutMs = 10_000,
    maxMessageBytes = brokerMessageLimit,
  } = options;
  const { createTimeoutMs = 60_000, sendTimeoutMs = 60_000 } = options;

  checkBoolean("allowInsecure", allowInsecure);
  checkBoolean("gateway", gateway);
  for (const [name, value] of Object.entries({ attemptTimeoutMs, createTimeoutMs, sendTimeoutMs, maxMessageBytes })) {
    checkInteger(name, value, 1);
  }
  for (const [name, value] of Object.entries({ mapBrokerUrl, onEvent })) {
    if (value !== undefined) {
      checkFunction(name, value);
    }
  }
  if (typeof transport !== "function") {
    checkOneOf("transport", transport, transportNames);
  }
  if (!Array.isArray(interceptors) || !interceptors.every((one) => typeof one === "function")) {
    throw new TypeError(`"interceptors" must be an array of functions`);
  }
  if (token !== undefined && typeof token !== "function") {
    checkNonEmptyString("token", token);
    if (!isToken(token)) {
      throw new TypeError(`"token" must be ${tokenForm}`);
    }
  }
  if (apiKey !== undefined) {
    checkNonEmptyString("apiKey", apiKey);
    if (token !== undefined) {
      throw new TypeError(`"apiKey" and "token" exclude each other`);
    }
  }
  if (protocol !== undefined) {
    checkOneOf("protocol", protocol, generations);
  }
  checkTls(tls);

  const seeds = resolveSeeds(brokers, tls !== undefined);
  for (const seed of seeds) {
    if (tls && seed.startsWith("http:")) {
      throw new TypeError(`"tls" is given, and ${seed} in "brokers" says that there is none: write https://`);
    }
    const secret = token !== undefined ? "token" : apiKey !== undefined ? "apiKey" : undefined;
    if (secret && seed.startsWith("http:") && !isLoopback(seed) && !allowInsecure) {
      throw new TypeError(`"${secret}" would be sent to ${seed} without TLS: write https://, or set "allowInsecure"`);
    }
  }
  return {
    seeds,
    secure: seeds.every((seed) => seed.startsWith("https:")),
    tls: tls && { ...tls },
    token,
    apiKey,
    protocol,
    allowInsecure,
    transport,
    gateway,
    mapBrokerUrl,
    attemptTimeoutMs,
    createTimeoutMs,
    sendTimeoutMs,
    backoff: resolveBackoff(options.backoff),
    maxMessageBytes,
    onEvent,
    interceptors: interceptors.map(
      (one: Interceptor): Interceptor =>
        (next) =>
          atOnce(one(next)),
    ),
  };
}

function resolveSeeds(brokers: unknown, secure: boolean): string[] {
  const list = typeof brokers === "string" ? [brokers] : brokers;
  if (!Array.isArray(list) || list.length === 0) {
    throw new TypeError(`"brokers" must be a URL or a non-empty array of URLs`);
  }
  const seeds = list.map((address, i) => {
    checkNonEmptyString(`brokers[${i}]`, address);
    try {
      return normaliseUrl(address, secure);
    } catch (error) {
      throw new TypeError(
        `"brokers" has ${JSON.stringify(withoutSecrets(address))}, which is no broker URL: ${(error as Error).message}`,
      );
    }
  });
  return [...new Set(seeds)];
}

/** Passwords stand before the host, and tokens behind a question mark. */
function withoutSecrets(address: string): string {
  return address.replace(/^.*@/s, "…@").replace(/[?#].*$/s, "?…");
}

function checkTls(tls: TlsOptions | undefined): void {
  if (tls === undefined) {
    return;
  }
  checkOptions('"tls"', tls, ["ca", "cert", "key", "serverName"]);
  for (const name of ["ca", "cert", "key"] as const) {
    const value: unknown = tls[name];
    const values = name === "ca" && Array.isArray(value) ? value : [value];
    const isPem = (one: unknown) => (typeof one === "string" && one !== "") || one instanceof Uint8Array;
    // With an empty list Bun goes by its own authorities.
    if (value !== undefined && (values.length === 0 || !values.every(isPem))) {
      throw new TypeError(`"tls.${name}" must be the PEM itself, a string or bytes`);
    }
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw new TypeError(`"tls.cert" and "tls.key" go together`);
  }
  if (tls.serverName !== undefined) {
    checkNonEmptyString("tls.serverName", tls.serverName);
  }
}

function resolveBackoff(backoff: ConnectOptions["backoff"]): Backoff {
  if (typeof backoff === "function") {
    return backoff;
  }
  if (backoff !== undefined) {
    checkOptions('"backoff"', backoff, ["initialMs", "maxMs", "factor", "jitter"]);
    for (const name of ["initialMs", "maxMs"] as const) {
      if (backoff[name] !== undefined) {
        checkInteger(`backoff.${name}`, backoff[name], 1);
      }
    }
    for (const [name, min, max] of [
      ["factor", 1, 100],
      ["jitter", 0, 1],
    ] as const) {
      const value = backoff[name];
      if (value !== undefined && !(typeof value === "number" && value >= min && value <= max)) {
        throw new TypeError(`"backoff.${name}" must be a number from ${min} to ${max}`);
      }
    }
  }
  return exponentialBackoff(backoff);
}
