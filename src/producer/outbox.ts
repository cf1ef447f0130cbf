import { DanubeError } from "../errors.ts";
import type { Deadlines } from "../lib/deadlines.ts";
import { maxTimerMs } from "../lib/sleep.ts";
import { Entry, type Keeper } from "./entry.ts";
import type { Gate } from "./gate.ts";
import type { Lane } from "./lane.ts";
import type { Message } from "./message.ts";

/** The messages of a producer that are not settled: each is settled once, in its time. */
export interface Outbox {
  /** Resolves with `result` when the message is acknowledged, and rejects with what became of it otherwise. */
  post<T>(message: Message, timeoutMs: number, signal: AbortSignal | undefined, lane: Lane, result: T): Promise<T>;
  /** Resolves when everything posted before is settled. */
  flush(): Promise<void>;
  /** Settles everything that is left with what `error` makes of it. */
  giveUp(error: (entry: Entry) => DanubeError): void;
  /** For how long the oldest message has been here, in milliseconds; 0 when there is none. */
  oldestAgeMs(): number;
  acknowledged(): number;
  failed(): number;
}

/** An entry whose promise is somebody's. */
class Promised<T> extends Entry {
  readonly result: T;
  resolve: (result: T) => void = nobody;
  reject: (error: DanubeError) => void = nobody;

  constructor(
    message: Message,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    lane: Lane,
    keeper: Keeper,
    result: T,
  ) {
    super(message, timeoutMs, signal, lane, keeper);
    this.result = result;
  }

  // Whoever awaits a send goes on before whoever awaits the flush that it was the last of.
  override settle(error: DanubeError | undefined): void {
    if (error) {
      this.reject(error);
    } else {
      this.resolve(this.result);
    }
    super.settle(error);
  }
}

function nobody(): void {}

export function createOutbox(topic: string, gate: Gate, deadlines: Deadlines<Entry>): Outbox {
  const outstanding = deadlines.group();
  let flushes: { upTo: number; remaining: number; resolve(): void }[] = [];
  let newest = 0;
  let acknowledged = 0;
  let failed = 0;

  function timedOut({ lane, failure, outcome, timeoutMs }: Entry): DanubeError {
    const cause = lane.trouble() ?? failure;
    const waiting = outcome === "unknown" ? "the broker has not answered" : "others are before it";
    const message = `not acknowledged within ${timeoutMs} ms by ${topic}: ${cause?.message ?? waiting}`;
    return new DanubeError("TIMEOUT", message, { cause, outcome });
  }

  function noteFlushed(sequence: number): void {
    for (const waiting of flushes) {
      if (sequence <= waiting.upTo && --waiting.remaining === 0) {
        flushes = flushes.filter((other) => other !== waiting);
        waiting.resolve();
      }
    }
  }

  const keeper: Keeper = {
    settled(entry, error) {
      outstanding.delete(entry);
      gate.leave(entry.size, error === undefined);
      if (error) {
        failed++;
      } else {
        acknowledged++;
      }
      noteFlushed(entry.message.fields.sequence);
    },
    expired: (entry) => entry.drop(timedOut(entry)),
  };

  return {
    post(message, timeoutMs, signal, lane, result) {
      const entry = new Promised(message, timeoutMs, signal, lane, keeper, result);
      newest = message.fields.sequence;
      outstanding.add(entry);
      return new Promise((resolve, reject) => {
        entry.resolve = resolve;
        entry.reject = reject;
        lane.add(entry);
      });
    },
    flush: () =>
      outstanding.size() === 0
        ? Promise.resolve()
        : new Promise((resolve) => flushes.push({ upTo: newest, remaining: outstanding.size(), resolve })),
    giveUp(error) {
      for (const entry of [...outstanding]) {
        entry.drop(error(entry));
      }
    },
    oldestAgeMs() {
      const oldest = outstanding.oldest();
      return oldest ? Date.now() - oldest.message.fields.publishTime : 0;
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
