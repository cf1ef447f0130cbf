import { Code } from "@connectrpc/connect";
import { CallFailure } from "../transport/seam.ts";

// What every question to the seeds, asked in turn, has in common.

/** A seed that has not answered for so long is not waited for alone. */
export const patienceMs = 1_000;

const saidByAny: readonly (number | undefined)[] = [
  Code.InvalidArgument,
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.FailedPrecondition,
];

/** What a broker says about a topic, or about who asks, another one would say too. */
export function anyWouldSay(reason: unknown): boolean {
  return !(reason instanceof CallFailure) || reason.kind === "aborted" || saidByAny.includes(reason.status);
}

/** One failure for all seeds: of the kind that gives most hope, with the words of each. */
export function summary(failures: CallFailure[]): CallFailure {
  const [only] = failures;
  if (failures.length === 1 && only) {
    return only;
  }
  const hopeless = (failure: CallFailure) => failure.kind === "garbled" || failure.kind === "untrusted";
  const hope = failures.find((failure) => !hopeless(failure)) ?? (only as CallFailure);
  const words = failures.map((failure) => failure.message).join("; ");
  return new CallFailure(hope.kind, words, { status: hope.status, cause: new AggregateError(failures, words) });
}
