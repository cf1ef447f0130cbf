import { Code, ConnectError } from "@connectrpc/connect";
import { has, type Version } from "../protocol/features.ts";
import type { Failures } from "./failures.ts";
import type { BrokerOptions } from "./types.ts";

/**
 * Who is let in, at all brokers of a cluster. Real ones until 0.10 take the whole header for the token, and refuse `Bearer`,
 * which their own clients send. Real ones that exchange API keys know none; these know those that they are given.
 */
export interface Credentials {
  /** Throws unless the call may go on. */
  check(authorization: string | null): void;
  /** A new token for an API key. */
  exchange(apiKey: string): string;
}

export function createCredentials(options: BrokerOptions, version: Version, failures: Failures): Credentials {
  const { tokens, apiKeys = [] } = options;
  const everybody = tokens === undefined && options.apiKeys === undefined;
  const alone = has(version, "tokenAlone");
  const header = (token: string) => (alone ? token : `Bearer ${token}`);
  const good = new Set(tokens?.map(header));
  const missing = alone ? "Authorization token is missing" : "Authentication credentials are missing";

  return {
    check(authorization) {
      if (everybody) {
        return;
      }
      if (authorization === null) {
        throw new ConnectError(missing, Code.Unauthenticated);
      }
      if (!good.has(authorization)) {
        throw new ConnectError("Invalid token", Code.Unauthenticated);
      }
    },
    exchange(apiKey) {
      if (!apiKeys.includes(apiKey)) {
        throw failures.of("Invalid API key", Code.InvalidArgument);
      }
      const token = crypto.randomUUID();
      good.add(header(token));
      return token;
    },
  };
}
