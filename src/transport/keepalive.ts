import type { Connection } from "./http2/connection.ts";

/** How often is looked. */
const tickMs = 5_000;

/** With calls under way and nothing heard for so long, the peer is asked whether it lives (RFC 9113 §6.7). */
const quietMs = 20_000;

/** More than the five minutes that the strictest servers want by default (gRPC's for Go). */
const longestMs = 320_000;

/** What a broker is left alone for at least, which connections to it come and go under. */
export interface Quiet {
  ms(): number;
  /** The broker said that it was asked too often: twice as long from now on, as gRPC's clients do (its proposal A8). */
  double(): void;
}

/** By URL: those that never complained are not kept. */
export function createQuiets(): (url: string) => Quiet {
  const longer = new Map<string, number>();
  const ms = (url: string) => longer.get(url) ?? quietMs;
  return (url) => ({ ms: () => ms(url), double: () => void longer.set(url, Math.min(longestMs, 2 * ms(url))) });
}

/** What servers of gRPC say when they end a connection for its pings. */
export const tooManyPings = "too_many_pings";

/**
 * And given up when it has not answered for so many ticks. Not milliseconds: when this process was busy or asleep, ticks come
 * late, but not two of them before what came from the peer meanwhile.
 */
const patienceTicks = 2;

/** Ends a connection whose peer is gone without a word. Gives a function that stops it. */
export function watchOver(
  connection: Pick<Connection<never>, "load" | "ping" | "lastReceivedAt">,
  quiet: Pick<Quiet, "ms">,
  giveUp: () => void,
): () => void {
  let ticksSinceAsked: number | undefined;
  const timer = setInterval(() => {
    if (connection.load() === 0 || performance.now() - connection.lastReceivedAt() < quiet.ms()) {
      ticksSinceAsked = undefined;
    } else if (ticksSinceAsked === undefined) {
      ticksSinceAsked = 0;
      connection.ping();
    } else if (++ticksSinceAsked >= patienceTicks) {
      giveUp();
    }
  }, tickMs);
  // Where timers are numbers, it ends with the connection.
  (timer as { unref?: () => void }).unref?.();
  return () => clearInterval(timer);
}
