import { DanubeError } from "../errors.ts";
import { singleFlight } from "../lib/single-flight.ts";
import { createTokenForm, type TokenForm } from "../protocol/token-form.ts";
import { isLoopback } from "./addresses.ts";

/** A JWT with the time until which it may be kept. */
export interface ExpiringToken {
  /** The JWT, without `Bearer`. */
  token: string;
  /** Milliseconds since 1970. */
  expiresAtMs: number;
}

/** A JWT, or a function that gives one; see `ConnectOptions.token`. */
export type TokenSource = string | (() => string | ExpiringToken | Promise<string | ExpiringToken>);

/**
 * Where the tokens of a client come from. Rejects with `DanubeError`, or with the `CallFailure` of asking for one. The signal:
 * nobody waits any more.
 */
export type Tokens = string | ((abandoned: AbortSignal) => Promise<string | ExpiringToken>);

export interface Credentials {
  /**
   * The `authorization` header for a call to `url`; `undefined` when there is no token; a function that gets it when
   * the token has to be asked for. Throws `UNAUTHENTICATED` when it must not be sent there.
   */
  authorization(url: string): string | undefined | ((signal: AbortSignal) => Promise<string>);
  /** A broker refused this header, for the first, second, … time in one call. Whether there is another one to try. */
  refused(header: string, times: number): boolean;
  /** `text` without the tokens of late, should it repeat one. */
  hide(text: string): string;
}

export interface CredentialsOptions {
  /** Whether the token may be sent without TLS to other machines. */
  allowInsecure: boolean;
  /** Default: behind `Bearer`, until a broker shows otherwise. */
  form?: TokenForm | undefined;
  /** What tokens are given for: to be hidden as they are. */
  apiKey?: string | undefined;
}

/** So many tokens are hidden: calls that are under way may have one that was replaced since. */
const remembered = 8;
/** What is shorter is no secret, and could be a part of any word. */
const shortestSecret = 8;

/** Tokens are renewed this long before they expire, so that none expires on its way. */
const expiryMarginMs = 5_000;

/**
 * Keeps the token: asks the function once however many calls wait, keeps what it gave until it expires or a broker
 * refuses it, and never sends it in plaintext to another machine.
 */
export function createCredentials(source: Tokens | undefined, options: CredentialsOptions): Credentials {
  const { allowInsecure, form = createTokenForm({ alone: false }), apiKey } = options;
  const canRenew = typeof source === "function";
  let kept: ExpiringToken | undefined;
  let used: string[] = [];
  const renewal = singleFlight<"token", string>();

  async function renew(abandoned: AbortSignal): Promise<string> {
    const before = kept;
    try {
      const given = canRenew ? await source(abandoned) : (source as string);
      const { token, expiresAtMs } =
        typeof given === "object" && given !== null ? given : { token: given, expiresAtMs: Number.POSITIVE_INFINITY };
      if (!isToken(token)) {
        throw new DanubeError("UNAUTHENTICATED", `the token is not ${tokenForm}`);
      }
      if (typeof expiresAtMs !== "number" || Number.isNaN(expiresAtMs)) {
        throw new DanubeError("UNAUTHENTICATED", `the token's "expiresAtMs" is no number`);
      }
      kept = { token, expiresAtMs };
      used = [token, ...used.filter((other) => other !== token)].slice(0, remembered);
      return form.header(token);
    } catch (error) {
      // The old token, for as long as it is good.
      if (before && kept === before && Date.now() < before.expiresAtMs) {
        return form.header(before.token);
      }
      throw error;
    }
  }

  return {
    authorization(url) {
      if (source === undefined) {
        return undefined;
      }
      if (!allowInsecure && url.startsWith("http:") && !isLoopback(url)) {
        const message = `the token is not sent to ${url} without TLS; use https:// or set allowInsecure`;
        throw new DanubeError("UNAUTHENTICATED", message, { outcome: "not-sent" });
      }
      if (kept && Date.now() < kept.expiresAtMs - expiryMarginMs) {
        return form.header(kept.token);
      }
      return (signal) => renewal("token", renew, signal);
    },
    refused(header, times) {
      // The token is renewed first, if it can be, and then put in the other form.
      const changing = canRenew ? 2 : 1;
      if (!kept || form.header(kept.token) !== header) {
        // Another call that was refused has seen to it.
        return times <= changing;
      }
      if (times < changing) {
        kept = undefined;
        return true;
      }
      // A form that is refused as well is left again.
      form.change();
      return times === changing;
    },
    hide(text) {
      const secrets = [...used, apiKey ?? ""].filter(({ length }) => length >= shortestSecret);
      return secrets.reduce((hidden, secret) => hidden.replaceAll(secret, "[secret]"), text);
    },
  };
}

/** The tokens of the user's own making. */
export function tokensOf(source: TokenSource): Tokens {
  if (typeof source === "string") {
    return source;
  }
  return async () => {
    try {
      return await source();
    } catch (cause) {
      // Without the function's own words, which may hold secrets; they are in the cause for who looks there.
      throw new DanubeError("UNAUTHENTICATED", "the token function failed", { cause, retryable: true });
    }
  };
}

/** What a token must be, for the end of a sentence. */
export const tokenForm = "printable ASCII without spaces, of 16,384 characters at most";

/** Anything else would be an invalid header, or another header; and all headers of a call that is longer are refused by brokers. */
export function isToken(token: unknown): token is string {
  return typeof token === "string" && token.length <= 16_384 && /^[\x21-\x7e]+$/.test(token);
}
