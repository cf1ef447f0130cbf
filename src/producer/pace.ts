/** How fast messages get through, and so how many of them may wait and still be sent in their time. */
export interface Pace {
  /** There is something to send again. */
  begin(): void;
  /** A message is through. */
  step(): void;
  /** Whether one more than so many would come to its turn within the horizon. */
  allows(messages: number): boolean;
}

/** So many may wait before anything is known: enough to find out, and to keep every order busy until then. */
const atLeast = 64;
/** What one step counts for, beside those before it. */
const weight = 0.05;
/** A broker that is away is not a slow one. */
const longestMs = 1_000;

export function createPace(horizonMs: number, now: () => number = () => performance.now()): Pace {
  let averageMs: number | undefined;
  let since = 0;
  return {
    begin() {
      since = now();
    },
    step() {
      const at = now();
      const tookMs = Math.min(longestMs, at - since);
      since = at;
      averageMs = averageMs === undefined ? tookMs : averageMs + weight * (tookMs - averageMs);
    },
    allows: (messages) => messages < Math.max(atLeast, averageMs === undefined ? 0 : horizonMs / averageMs),
  };
}
