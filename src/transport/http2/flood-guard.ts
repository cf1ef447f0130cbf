import { ErrorCode } from "./constants.ts";
import { ConnectionError } from "./failures.ts";

/** Frames that cost us something and bring nothing: so many at once, and so many a second after that. */
const burst = 1_000;
const perSecond = 100;

/**
 * Counts the frames by which a peer could keep us busy at little cost of its own (RFC 9113 §10.5): PING, SETTINGS, PRIORITY,
 * empty DATA, frames of streams that are over. Throws {@link ConnectionError} when they are too many.
 */
export function createFloodGuard(now: () => number): () => void {
  let allowed = burst;
  let since = now();
  return () => {
    if (--allowed >= 0) {
      return;
    }
    const at = now();
    allowed = Math.min(burst, ((at - since) / 1_000) * perSecond) - 1;
    since = at;
    if (allowed < 0) {
      throw new ConnectionError(ErrorCode.enhanceYourCalm, "a flood of frames that bring nothing");
    }
  };
}
