import { HealthCheck, HealthCheckRequest_ClientType } from "../../gen/danube/danube_api_pb.ts";
import { DanubeError } from "../errors.ts";
import { inTurn } from "../lib/in-turn.ts";
import { timeLimit } from "../lib/time-limit.ts";
import type { Connections } from "./connections.ts";
import { judge } from "./error-table.ts";
import { patienceMs } from "./seeds.ts";
import { directly } from "./transports.ts";

/**
 * Resolves when one of `seeds` answers a HealthCheck; asks each once, in turn. Any broker answers for an id that it
 * does not know, and needs no permission for it but to be known itself. Ends with `closing`.
 */
export async function firstAnswer(
  seeds: readonly string[],
  connections: Connections,
  timeoutMs: number,
  closing: AbortSignal,
): Promise<void> {
  const request = { client: HealthCheckRequest_ClientType.Producer, id: 0n };
  // The last one is asked when the others were waited for, and a token may be waited for before. A little more, so that each tells
  // by itself that it is late.
  const limit = timeLimit(2 * timeoutMs + seeds.length * patienceMs, closing);
  const { signal } = limit;
  const check = (url: string) =>
    connections.unary(directly(url), HealthCheck.method.healthCheck, request, { timeoutMs, signal });
  try {
    await inTurn(seeds, check, { patienceMs, isFinal: () => false });
  } catch (reason) {
    const errors = (reason as AggregateError).errors.map(
      (failure) => judge("HealthCheck", failure, "the client").error,
    );
    // One that would pass is the one to tell: it says that trying again is worth it.
    const telling = errors.find((error) => error.retryable) ?? (errors[0] as DanubeError);
    const code = telling.code === "TIMEOUT" || limit.isOver() ? "UNAVAILABLE" : telling.code;
    const message = `no broker answers: ${errors.map((error) => error.message).join("; ")}`;
    throw new DanubeError(code, message, { cause: errors.length > 1 ? new AggregateError(errors, message) : telling });
  } finally {
    // Those that were slower.
    limit.end();
  }
}
