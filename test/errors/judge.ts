import { DanubeError } from "@danube-messaging/client";
import type { Attempt, ErrorRow, Rpc } from "./row.ts";
import { statusName, type Wire } from "./wire.ts";

/** What came of a row, for one RPC. */
export interface Outcome {
  /** The broker's words, the names in them replaced by `…`. */
  words: string;
  /** What the caller got. */
  result: string;
  /** What is not as the row says; left out when all is. */
  differs?: string;
}

/** How many calls of the row may fail, and how many may be made to find the way: what recovery takes, and some to get there. */
const maxFailed = { none: 4, few: 14, time: 60 } as const;
const maxFinding = { none: 20, few: 20, time: 90 } as const;
/** What the judged client gives its calls, and how much longer they may take. */
export const callMs = 4_000;
const slackMs = 2_000;

export function matches(template: string, words: string): boolean {
  const pattern = template
    .split("…")
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("[\\s\\S]*");
  return new RegExp(`^${pattern}$`).test(words);
}

/** Waits for the call and compares everything about it with the row. */
export async function judged(
  row: ErrorRow,
  rpc: Rpc,
  wire: Wire,
  attempt: Attempt,
  anonymous: (words: string) => string,
): Promise<Outcome> {
  const startedAt = Date.now();
  const error = await attempt.result.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const tookMs = Date.now() - startedAt;
  const arrived = attempt.sent && (await attempt.sent.arrivals.count(attempt.sent.text, error === undefined));
  const seen = wire.calls(rpc).filter(({ status, words }) => status === row.status && matches(row.words, words));
  const failed = wire.calls(rpc).filter(({ status }) => status !== 0).length;
  const finding = wire.calls().filter((call) => call.rpc !== "SendMessage").length;
  const { calls = 1 } = attempt;
  const complaints = [
    seen.length === 0 ? `the answers were ${summary(wire, rpc, anonymous)}` : undefined,
    resultComplaint(row, rpc, attempt, error),
    arrived === undefined ? undefined : arrivalComplaint(row, error, arrived),
    tookMs > callMs + slackMs ? `it took ${tookMs} ms` : undefined,
    failed > maxFailed[row.recovery] * calls || finding > maxFinding[row.recovery] * calls
      ? `${failed} calls failed, and ${finding} were made to find the way`
      : undefined,
  ].filter((complaint) => complaint !== undefined);
  return {
    words: anonymous(seen[0]?.words ?? wire.calls(rpc).find(({ status }) => status !== 0)?.words ?? ""),
    result: describe(error, arrived),
    ...(complaints.length > 0 && { differs: complaints.join("; ") }),
  };
}

function resultComplaint(row: ErrorRow, rpc: Rpc, { passes }: Attempt, error: unknown): string | undefined {
  if (row.error === undefined || passes) {
    return error === undefined ? undefined : `it rejected with ${describe(error)}`;
  }
  if (!(error instanceof DanubeError)) {
    return error === undefined ? "it succeeded" : `it rejected with ${String(error)}`;
  }
  const { code } = row.error;
  // Only a send's error has one.
  const outcome = error.outcome === undefined && rpc !== "SendMessage" ? undefined : row.error.outcome;
  const cause = error.cause instanceof DanubeError ? error.cause : undefined;
  const inTime = row.recovery !== "time" || error.code !== "TIMEOUT";
  const known = inTime ? error.code : cause?.code;
  // The time may be over while the message is on its way once more.
  const sameOutcome = error.outcome === outcome || (!inTime && error.outcome === "unknown");
  if (known !== code || !sameOutcome || error.retryable !== (row.recovery !== "none")) {
    const wanted = [code, outcome, row.recovery === "none" ? "not retryable" : "retryable"].filter(Boolean).join(", ");
    return `it rejected with ${describe(error)} and not with ${wanted}`;
  }
  return undefined;
}

/** A message is there once when it was acknowledged; more often only when its fate had been unknown. */
function arrivalComplaint({ error }: ErrorRow, rejection: unknown, arrived: number): string | undefined {
  const unknown = [error?.outcome, (rejection as Partial<DanubeError> | undefined)?.outcome].includes("unknown");
  const least = rejection === undefined ? 1 : 0;
  const most = unknown ? Number.POSITIVE_INFINITY : least;
  return arrived >= least && arrived <= most ? undefined : `the message arrived ${arrived} times`;
}

function describe(error: unknown, arrived?: number): string {
  if (error === undefined) {
    return arrived === undefined ? "succeeds" : `sent; arrived ${arrived === 1 ? "once" : `${arrived} times`}`;
  }
  if (!(error instanceof DanubeError)) {
    return String(error);
  }
  const cause = error.code === "TIMEOUT" && error.cause instanceof DanubeError ? ` (${error.cause.code})` : "";
  return `${error.code}${cause}${error.outcome === undefined ? "" : `, ${error.outcome}`}${error.retryable ? ", retryable" : ""}`;
}

function summary(wire: Wire, rpc: Rpc, anonymous: (words: string) => string): string {
  const texts = wire.calls(rpc).map(({ status, words }) => `${statusName(status)} ${anonymous(words)}`.trim());
  return [...new Set(texts)].slice(0, 5).join(" | ") || "none";
}
