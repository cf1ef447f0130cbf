import { Code } from "@connectrpc/connect";
import { inTurn } from "../lib/in-turn.ts";
import { CallFailure } from "../transport/seam.ts";

// What every question to the seeds, asked in turn, has in common.

/**
 * What the first seed answers that does. Rejects with one `CallFailure` for all of them; with that of the first for which
 * `isFinal` says that the others would repeat it.
 */
export async function askInTurn<T>(
  seeds: readonly string[],
  ask: (url: string) => Promise<T>,
  isFinal: (reason: unknown) => boolean = anyWouldSay,
): Promise<T> {
  try {
    return await inTurn(seeds, ask, { patienceMs, isFinal });
  } catch (reason) {
    throw reason instanceof AggregateError ? summary(reason.errors as CallFailure[]) : reason;
  }
}

/** A seed that has not answered for so long is not waited for alone. */
export const patienceMs = 1_000;

const saidByAny: readonly (number | undefined)[] = [
  Code.InvalidArgument,
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.FailedPrecondition,
];

/** What a broker says about a topic, or about who asks, another one would say too. */
function anyWouldSay(reason: unknown): boolean {
  return !(reason instanceof CallFailure) || reason.kind === "aborted" || saidByAny.includes(reason.status);
}

/** One failure for all seeds: of the kind that gives most hope, with the words of each. */
function summary(failures: CallFailure[]): CallFailure {
  const [only] = failures;
  if (failures.length === 1 && only) {
    return only;
  }
  const hopeless = (failure: CallFailure) => failure.kind === "garbled" || failure.kind === "untrusted";
  const hope = failures.find((failure) => !hopeless(failure)) ?? (only as CallFailure);
  const words = failures.map((failure) => failure.message).join("; ");
  return new CallFailure(hope.kind, words, { status: hope.status, cause: new AggregateError(failures, words) });
}
