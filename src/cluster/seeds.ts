import { Code } from "@connectrpc/connect";
import { inTurn } from "../lib/in-turn.ts";
import { CallFailure } from "../transport/seam.ts";

/** The brokers that are asked what any broker knows. */
export interface Seeds {
  readonly urls: readonly string[];
  /**
   * What the first seed answers that does, in turn, beginning with the one that answered last. Rejects with one
   * `CallFailure` for all of them; with that of the first for which `isFinal` says that the others would repeat it.
   */
  ask<T>(ask: (url: string) => Promise<T>, isFinal?: (reason: unknown) => boolean): Promise<T>;
}

export function createSeeds(urls: readonly string[]): Seeds {
  let first = 0;
  // When each answered last. One that answers others is busy, and would not be less so if a second one were asked as much.
  const answeredAt = new Map<string, number>();
  const isBusy = (url: string) => Date.now() - (answeredAt.get(url) ?? 0) < patienceMs;
  /** Who asked has gone, and had no answer: they may have less time than a seed is waited for, and would never come to the second one. */
  const leaveAside = (url: string, askedAt: number) => {
    if (urls[first] === url && (answeredAt.get(url) ?? 0) < askedAt) {
      first = (first + 1) % urls.length;
    }
  };
  return {
    urls,
    async ask(ask, isFinal = anyWouldSay) {
      const order = [...urls.slice(first), ...urls.slice(0, first)];
      const noting = async (url: string) => {
        const askedAt = Date.now();
        const answer = await ask(url).catch((reason) => {
          if (reason instanceof CallFailure && reason.kind === "aborted") {
            leaveAside(url, askedAt);
          }
          throw reason;
        });
        first = urls.indexOf(url);
        answeredAt.set(url, Date.now());
        return answer;
      };
      try {
        return await inTurn(order, noting, { patienceMs, isBusy, isFinal });
      } catch (reason) {
        throw reason instanceof AggregateError ? summary(reason.errors as CallFailure[]) : reason;
      }
    },
  };
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
  const words = [...new Set(failures.map((failure) => failure.message))].filter(Boolean).join("; ");
  return new CallFailure(hope.kind, words, { status: hope.status, cause: new AggregateError(failures, words) });
}
