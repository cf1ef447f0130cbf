import { ErrorCode } from "./constants.ts";
import { ConnectionError } from "./failures.ts";

/** Frames that cost us something and bring nothing: so many at once, and so many a second after that. */
const burst = 10_000;
const perSecond = 330;

/** And so many for each frame of a request: servers answer these by what is lawful, and as frequent as they are. */
const perRequestFrame = 3;

/** See {@link createFloodGuard}. */
export interface FloodGuard {
  /** Counts a frame that brings nothing. Throws {@link ConnectionError} when they are too many. */
  count(): void;
  /**
   * We sent a frame of a request. Some servers measure the way by a PING for every DATA that finds none under way (grpc-go), open
   * windows of streams that are over, or reset streams that they have answered.
   */
  sent(): void;
}

/**
 * Counts the frames by which a peer could keep us busy at little cost of its own (RFC 9113 §10.5): PING, SETTINGS, PRIORITY,
 * empty DATA, frames of streams that are over.
 */
export function createFloodGuard(now: () => number): FloodGuard {
  let allowed = burst;
  let since = now();
  return {
    count() {
      if (--allowed >= 0) {
        return;
      }
      const at = now();
      allowed = Math.min(burst, ((at - since) / 1_000) * perSecond) - 1;
      since = at;
      if (allowed < 0) {
        throw new ConnectionError(ErrorCode.enhanceYourCalm, "a flood of frames that bring nothing");
      }
    },
    sent() {
      if (allowed < burst) {
        allowed += perRequestFrame;
      }
    },
  };
}
