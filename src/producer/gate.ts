import type { Pace } from "./pace.ts";

/** What a producer's queue may hold. */
export interface GateLimits {
  maxMessages: number;
  maxBytes: number;
  /** The largest message: whoever was told that there is room has room for one of these. */
  maxMessageBytes: number;
  /** Whether one more than so many messages would not be sent in its time. */
  late(messages: number): boolean;
  pace: Pick<Pace, "begin" | "step">;
}

/** Counts what is queued, and lets senders wait for room. */
export interface Gate {
  /** Takes a message into account, or returns `false` when there is no room for it. */
  enter(size: number): boolean;
  /** A message is through, or was given up, which says nothing about the pace. */
  leave(size: number, through?: boolean): void;
  /** Resolves when there is room for a message, and time. */
  ready(): Promise<void>;
  /** Lets everybody go who waits: there is nothing to wait for any more. */
  open(): void;
  messages(): number;
  bytes(): number;
}

export function createGate({ maxMessages, maxBytes, maxMessageBytes, late, pace }: GateLimits): Gate {
  let messages = 0;
  let bytes = 0;
  // Told that there is room, and yet to come: many may ask at once for the one place that is left.
  let promised = 0;
  let forgetting: ReturnType<typeof setTimeout> | undefined;
  let waiting: (() => void)[] = [];

  function hasRoom(): boolean {
    const count = messages + promised;
    // One message is always let in, so that a limit below the size of a message does not stop everything.
    return count === 0 || (count < maxMessages && bytes + (promised + 1) * maxMessageBytes <= maxBytes && !late(count));
  }

  function promise(): void {
    promised++;
    // Whoever has not come by the next turn of the event loop will not.
    forgetting ??= setTimeout(() => {
      forgetting = undefined;
      promised = 0;
      admit();
    }, 0);
  }

  function admit(): void {
    while (waiting.length > 0 && hasRoom()) {
      promise();
      waiting.shift()?.();
    }
  }

  return {
    enter(size) {
      if (messages > 0 && (messages >= maxMessages || bytes + size > maxBytes)) {
        return false;
      }
      promised = Math.max(0, promised - 1);
      if (messages === 0) {
        pace.begin();
      }
      messages++;
      bytes += size;
      return true;
    },
    leave(size, through = true) {
      messages--;
      if (through) {
        pace.step();
      }
      bytes -= size;
      admit();
    },
    ready() {
      if (waiting.length === 0 && hasRoom()) {
        promise();
        return Promise.resolve();
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    open() {
      clearTimeout(forgetting);
      forgetting = undefined;
      const all = waiting;
      waiting = [];
      for (const resolve of all) {
        resolve();
      }
    },
    messages: () => messages,
    bytes: () => bytes,
  };
}
