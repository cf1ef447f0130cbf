import type { Cluster } from "../cluster/cluster.ts";
import { maxTimeoutMs } from "../cluster/connections.ts";
import { judge, type Verdict } from "../cluster/error-table.ts";
import { recover } from "../cluster/recovery.ts";
import { DanubeError, withOutcome } from "../errors.ts";
import { CallFailure } from "../transport/seam.ts";
import type { Attached, Attachment } from "./attachment.ts";
import { Attempt, type AttemptListener } from "./attempt.ts";
import type { Entry, EntryLane } from "./entry.ts";
import { isFor, readdressed, sizeOf } from "./message.ts";
import { asUnknown, type Resend } from "./resend.ts";
import { createWindow, type Order } from "./window.ts";

export interface LaneOptions {
  topic: string;
  order: Order;
  resend: Resend;
  maxInFlight: number;
  maxMessageBytes: number;
}

/**
 * The messages of one topic (or partition) on their way to its owner: in the order asked for, as many at once as
 * allowed, each until it is acknowledged, refused, or its time is over.
 */
export interface Lane extends EntryLane {
  /** Takes a message. It is settled exactly once, later. */
  add(entry: Entry): void;
}

/** A try that failed, and with what. */
interface Failed {
  attempt: Attempt;
  reason: unknown;
}

export function createLane(cluster: Cluster, attachment: Attachment, options: LaneOptions): Lane {
  const { topic, order, resend, maxInFlight, maxMessageBytes } = options;
  const { connections, events, backoff } = cluster;
  const timeoutMs = Math.min(maxTimeoutMs, cluster.attemptTimeoutMs);
  // Since when messages were given up to a producer that has acknowledged none meanwhile.
  let doubt: { attached: Attached; since: number } | undefined;
  const window = createWindow<Entry>({ order, maxInFlight, keyOf: (entry) => entry.key, start });

  // As long as all goes well a message is one call, and nothing is waited for before it.
  const quick: AttemptListener = {
    acknowledged({ entry }) {
      doubt = undefined;
      entry.call = undefined;
      settle(entry, undefined);
      window.done(entry);
    },
    failed(attempt, reason) {
      attempt.entry.call = undefined;
      void deliver(attempt.entry, { attempt, reason });
    },
  };

  function start(entry: Entry): void {
    const attached = attachment.current();
    if (attached && isFor(entry.message, attached.address, attached.codec)) {
      const call = connections.call(new Attempt(entry, attached, timeoutMs, quick));
      // Before it begins: on the way there are functions of the user's, who may give the message up.
      entry.call = call;
      call.begin();
    } else {
      void deliver(entry, undefined);
    }
  }

  function settle(entry: Entry, error: DanubeError | undefined): void {
    if (!entry.open) {
      return;
    }
    // What waits behind others must not be kept for them.
    window.remove(entry);
    if (error?.code === "TIMEOUT" && entry.outcome === "unknown") {
      doubted(error);
    }
    entry.settle(error);
    const { call } = entry;
    if (call) {
      entry.call = undefined;
      call.cancel();
      // Not at once: those that are given up together must not begin one after the other.
      queueMicrotask(() => window.done(entry));
    }
  }

  /** Where messages have less time than an attempt may take, none comes to tell that its owner has gone silent. */
  function doubted(error: DanubeError): void {
    const attached = attachment.current();
    if (!attached) {
      return;
    }
    if (doubt?.attached !== attached) {
      doubt = { attached, since: Date.now() };
    } else if (Date.now() - doubt.since >= timeoutMs) {
      doubt = undefined;
      attachment.lost(attached, error);
    }
  }

  /** Sends a message until it is settled, by whatever there is to recover from. `tried`: the try that was made already. */
  async function deliver(entry: Entry, tried: Failed | undefined): Promise<void> {
    await send(entry, tried).then(
      () => settle(entry, undefined),
      (error: DanubeError) => settle(entry, withOutcome(error, entry.outcome)),
    );
    window.done(entry);
  }

  function send(entry: Entry, tried: Failed | undefined): Promise<void> {
    let failed = tried;
    let attempt: Attempt | undefined;

    async function sendOnce(): Promise<void> {
      attempt = failed?.attempt;
      if (failed) {
        const { reason } = failed;
        failed = undefined;
        throw reason;
      }
      const attached = await attachment.get(entry.signal);
      entry.message = readdressed(entry.message, attached.address, attached.codec);
      // The owner's name is part of the message, so a move can make it larger.
      const size = sizeOf(entry.message);
      if (size > maxMessageBytes) {
        throw tooLarge(size, maxMessageBytes);
      }
      await attemptOnce(attached);
    }

    function attemptOnce(attached: Attached): Promise<void> {
      const { signal } = entry;
      return new Promise((resolve, reject) => {
        const over = () => signal.removeEventListener("abort", abort);
        attempt = new Attempt(entry, attached, timeoutMs, {
          acknowledged() {
            doubt = undefined;
            over();
            resolve();
          },
          failed(_, reason) {
            over();
            reject(reason);
          },
        });
        const call = connections.call(attempt);
        const abort = () => {
          call.cancel();
          reject(new CallFailure("aborted", "the message was given up"));
        };
        if (signal.aborted) {
          abort();
        } else {
          signal.addEventListener("abort", abort);
          call.begin();
        }
      });
    }

    return recover(sendOnce, {
      backoff,
      events,
      topic,
      signal: entry.signal,
      judge: async (reason) => {
        if (!attempt) {
          // Failures on the way to the producer were judged, and recovered from, there.
          return judge("CreateProducer", reason, topic);
        }
        const verdict = judge("SendMessage", reason, topic);
        note(attempt, verdict.error);
        const decided = await decide(verdict, attempt.attached, entry.signal);
        // Of words that are new to us it is not known what they say of the message.
        const doubtful = verdict.action === "ask" && decided.action === "locate";
        return resend === "never" && (doubtful || entry.outcome === "unknown") ? giveUp(decided, attempt) : decided;
      },
      forget: (error) => attempt && attachment.lost(attempt.attached, error),
    });
  }

  /** The end of this message; the next one goes by what was learnt from it. */
  function giveUp({ error, action }: Verdict, { entry, attached }: Attempt): Verdict {
    entry.outcome = "unknown";
    if (action === "locate") {
      attachment.lost(attached, error);
    }
    return { error: action === "fail" ? error : asUnknown(error), action: "fail" };
  }

  /** Answers "ask": words that no row knows are judged by whether the broker still knows the producer. */
  async function decide(verdict: Verdict, attached: Attached, signal: AbortSignal): Promise<Verdict> {
    if (verdict.action !== "ask") {
      return verdict;
    }
    try {
      return { error: verdict.error, action: (await attachment.alive(attached, signal)) ? "fail" : "locate" };
    } catch {
      return { error: verdict.error, action: "locate" };
    }
  }

  return { add: window.add, drop: settle, trouble: attachment.trouble };
}

/** What is known about a message only ever gets less certain: one attempt of unknown outcome stays one. */
function note({ entry, before }: Attempt, error: DanubeError): void {
  entry.failure = error;
  entry.outcome = before === "unknown" ? "unknown" : (error.outcome ?? before);
}

export function tooLarge(size: number, limit: number): DanubeError {
  const message = `the encoded message has ${size} bytes, and the limit is ${limit} (payload, attributes, key and names together)`;
  return new DanubeError("MESSAGE_TOO_LARGE", message, { outcome: "not-sent" });
}
