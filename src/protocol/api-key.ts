import { AuthService } from "../../gen/danube_0_4/danube_api_pb.ts";
import type { Connections } from "../cluster/connections.ts";
import type { ExpiringToken } from "../cluster/credentials.ts";
import { judge } from "../cluster/error-table.ts";
import type { Seeds } from "../cluster/seeds.ts";
import { directly } from "../cluster/transports.ts";
import { CallFailure } from "../transport/seam.ts";
import { isAnswer } from "./foreign.ts";

export interface ApiKeyOptions {
  seeds: Seeds;
  connections: Connections;
  attemptTimeoutMs: number;
}

/** Brokers do not say how long a token is good. The clients of their time keep it for an hour. */
const keptForMs = 3_600_000;

/** Exchanges an API key for a token, with the first seed that answers (Authenticate, until 0.10). */
export function apiKeyTokens(
  apiKey: string,
  options: ApiKeyOptions,
): (abandoned: AbortSignal) => Promise<ExpiringToken> {
  const { seeds, connections, attemptTimeoutMs: timeoutMs } = options;
  return async (signal) => {
    const limits = { timeoutMs, signal, withoutToken: true };
    const ask = (url: string) => connections.unary(directly(url), AuthService.method.authenticate, { apiKey }, limits);
    try {
      const { token } = await seeds.ask(ask);
      return { token, expiresAtMs: Date.now() + keptForMs };
    } catch (reason) {
      const { error, action } = judge("Authenticate", reason, "the API key");
      if (isAnswer(reason) && action === "fail") {
        throw error;
      }
      // Of the call that needs the token nothing was sent, whatever became of this one.
      const passes = reason instanceof CallFailure && action !== "fail";
      throw passes ? new CallFailure("unreachable", `no token: ${error.message}`, { cause: reason }) : reason;
    }
  };
}
