import type { Connection } from "./http2/connection.ts";

/** With calls under way and nothing heard for so long, the peer is asked whether it lives (RFC 9113 §6.7). */
const quietMs = 20_000;

/** And given up when it has not answered for so long. */
const patienceMs = 10_000;

/** Ends a connection whose peer is gone without a word. Gives a function that stops it. */
export function watchOver(
  connection: Pick<Connection<never>, "load" | "ping" | "lastReceivedAt">,
  giveUp: () => void,
): () => void {
  let askedAt: number | undefined;
  const timer = setInterval(() => {
    const now = performance.now();
    if (connection.load() === 0 || now - connection.lastReceivedAt() < quietMs) {
      askedAt = undefined;
      return;
    }
    if (askedAt === undefined) {
      askedAt = now;
      connection.ping(() => {});
    } else if (now - askedAt >= patienceMs) {
      giveUp();
    }
  }, patienceMs / 2);
  // Where timers are numbers, none keeps a process alive.
  (timer as { unref?: () => void }).unref?.();
  return () => clearInterval(timer);
}
