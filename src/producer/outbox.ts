import { DanubeError } from "../errors.ts";
import type { Deadlines } from "../lib/deadlines.ts";
import { maxTimerMs } from "../lib/sleep.ts";
import type { Gate } from "./gate.ts";
import type { Entry, Lane } from "./lane.ts";
import type { Address, Content } from "./message.ts";

/** A message that was accepted, and the lane that it goes by. */
export interface Posting {
  content: Content;
  size: number;
  /** What `size` was counted with. */
  address: Address;
  timeoutMs: number;
  signal: AbortSignal | undefined;
  lane: Lane;
  /** The latest failure on the lane's way to its owner. */
  trouble(): DanubeError | undefined;
}

/** The messages of a producer that are not settled: each is settled once, in its time. */
export interface Outbox {
  /** Resolves with `result` when the message is acknowledged, and rejects with what became of it otherwise. */
  post<T>(posting: Posting, result: T): Promise<T>;
  /** Resolves when everything posted before is settled. */
  flush(): Promise<void>;
  /** Settles everything that is left with what `error` makes of it. */
  giveUp(error: (entry: Entry) => DanubeError): void;
  /** For how long the oldest message has been here, in milliseconds; 0 when there is none. */
  oldestAgeMs(): number;
  acknowledged(): bigint;
  failed(): bigint;
}

export function createOutbox(topic: string, gate: Gate, deadlines: Deadlines<Entry>): Outbox {
  const outstanding = new Map<Entry, Posting>();
  let flushes: { upTo: bigint; remaining: number; resolve(): void }[] = [];
  let newest = 0n;
  let acknowledged = 0n;
  let failed = 0n;

  function drop(entry: Entry, error: DanubeError): void {
    outstanding.get(entry)?.lane.drop(entry, error);
  }

  function timedOut(entry: Entry): DanubeError {
    const cause = outstanding.get(entry)?.trouble() ?? entry.failure;
    const waiting = entry.outcome === "unknown" ? "the broker has not answered" : "others are before it";
    const message = `not acknowledged within ${entry.timeoutMs} ms by ${topic}: ${cause?.message ?? waiting}`;
    return new DanubeError("TIMEOUT", message, { cause, outcome: entry.outcome });
  }

  function settled(sequence: bigint): void {
    for (const waiting of flushes) {
      if (sequence <= waiting.upTo && --waiting.remaining === 0) {
        flushes = flushes.filter((other) => other !== waiting);
        waiting.resolve();
      }
    }
  }

  const expire = (entry: Entry) => drop(entry, timedOut(entry));

  return {
    post<T>(posting: Posting, result: T) {
      const { content, size, address, timeoutMs, signal, lane } = posting;
      return new Promise<T>((resolve, reject) => {
        const abort = () => {
          const message = "the message was given up";
          drop(entry, new DanubeError("CANCELED", message, { cause: signal?.reason, outcome: entry.outcome }));
        };
        const entry: Entry = {
          content,
          size,
          timeoutMs,
          deadline: content.publishTime + timeoutMs,
          expire,
          ended: new AbortController(),
          open: true,
          address,
          outcome: "not-sent",
          failure: undefined,
          settle(error) {
            signal?.removeEventListener("abort", abort);
            outstanding.delete(entry);
            deadlines.delete(entry);
            gate.leave(size, error === undefined);
            if (error) {
              failed++;
              reject(error);
            } else {
              acknowledged++;
              resolve(result);
            }
            settled(content.sequence);
          },
        };
        newest = content.sequence;
        outstanding.set(entry, posting);
        deadlines.add(entry);
        signal?.addEventListener("abort", abort, { once: true });
        lane.add(entry);
      });
    },
    flush: () =>
      outstanding.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => flushes.push({ upTo: newest, remaining: outstanding.size, resolve })),
    giveUp(error) {
      for (const entry of [...outstanding.keys()]) {
        drop(entry, error(entry));
      }
    },
    oldestAgeMs() {
      const [oldest] = outstanding.keys();
      return oldest ? Date.now() - oldest.content.publishTime : 0;
    },
    acknowledged: () => acknowledged,
    failed: () => failed,
  };
}

/** A close that is under way: ends when the outbox is empty, or is made to. */
export interface Closing {
  done: Promise<void>;
  /** Gives up what is left after so many milliseconds; the earliest of several counts. */
  giveUpAfter(timeoutMs: number): void;
}

export function closeOutbox(topic: string, outbox: Outbox): Closing {
  let timers: ReturnType<typeof setTimeout>[] | undefined = [];
  const done = outbox.flush().then(() => {
    timers?.forEach(clearTimeout);
    timers = undefined;
  });
  const giveUp = () =>
    outbox.giveUp((entry) => {
      const message = `the producer of ${topic} was closed before the message was acknowledged`;
      return new DanubeError("CLOSED", message, { cause: entry.failure, outcome: entry.outcome });
    });
  return {
    done,
    giveUpAfter(timeoutMs) {
      timers?.push(setTimeout(giveUp, Math.min(maxTimerMs, timeoutMs)));
    },
  };
}
