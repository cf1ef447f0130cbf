import type { DanubeError, DanubeEvent, MessageId, Order, Resend } from "@danube-messaging/client";

/** A message that was handed to `send`. */
interface Sent {
  readonly n: number;
  readonly key: string | undefined;
  state: "pending" | "acknowledged" | DanubeError;
}

/** A message as it arrived. */
export interface Received {
  /** The topic, or the partition. */
  topic: string;
  /** The payload. */
  text: string;
}

/** What a topic's messages came to. Everything but `duplicates` and the counts must be empty. */
export interface Account {
  sent: number;
  acknowledged: number;
  failed: Record<"not-sent" | "unknown" | "rejected", number>;
  /** Messages that were received twice, once for each time too many. */
  duplicates: number;
  /** Sends that were made again after an unknown outcome: so many duplicates can be explained. */
  resent: number;
  /** Acknowledged, and not received. */
  lost: number[];
  /** Of these, how many the broker has in its log: it has not delivered them. */
  undelivered: number;
  wrong: string[];
}

/**
 * Numbered messages of one topic, from `send` to the consumer: what the client says of each is held against what was received. The
 * payload is the number.
 */
export class Ledger {
  readonly #sent: Sent[] = [];
  readonly #order: Order;
  readonly #resend: Resend;
  #resent = 0;
  #pending = 0;

  constructor({ order, resend }: { order: Order; resend: Resend }) {
    this.#order = order;
    this.#resend = resend;
  }

  /** The next message's payload. */
  next(): string {
    return String(this.#sent.length);
  }

  /** Follows the message that was just sent. Never rejects. */
  async follow(sending: Promise<MessageId>, key?: string): Promise<void> {
    const message: Sent = { n: this.#sent.length, key, state: "pending" };
    this.#sent.push(message);
    this.#pending++;
    try {
      await sending;
      message.state = "acknowledged";
    } catch (error) {
      message.state = error as DanubeError;
    }
    this.#pending--;
  }

  /** An `onEvent` for events of this topic and its partitions. */
  note(event: DanubeEvent): void {
    if (event.type === "retrying" && event.error.outcome === "unknown") {
      this.#resent++;
    }
  }

  /** Messages that are not settled. */
  pending(): number {
    return this.#pending;
  }

  count(): number {
    return this.#sent.length;
  }

  /** `received`: by the consumers, in the order of arrival. `logged`: how many messages the broker's log has, where it tells. */
  account(received: readonly Received[], logged = 0): Account {
    const times = new Map<number, number>();
    const wrong: string[] = [];
    const failed = { "not-sent": 0, unknown: 0, rejected: 0 };
    const lost: number[] = [];
    let acknowledged = 0;
    let duplicates = 0;
    for (const { text } of received) {
      const n = Number(text);
      if (this.#sent[n] === undefined || String(n) !== text) {
        wrong.push(`${JSON.stringify(text)} was received, and never sent`);
      }
      times.set(n, (times.get(n) ?? 0) + 1);
    }
    for (const { n, state } of this.#sent) {
      const count = times.get(n) ?? 0;
      duplicates += Math.max(0, count - 1);
      if (state === "pending") {
        wrong.push(`#${n} is not settled`);
      } else if (state === "acknowledged") {
        acknowledged++;
        if (count === 0) {
          lost.push(n);
        }
      } else if (state.outcome === undefined || state.code === undefined) {
        wrong.push(`#${n} failed with ${String(state)}, which has no outcome`);
      } else {
        failed[state.outcome]++;
        if (state.outcome !== "unknown" && count > 0) {
          wrong.push(`#${n} is ${state.outcome} (${state.code}), and was received`);
        }
      }
      if (this.#resend === "never" && count > 1) {
        wrong.push(`#${n} was received ${count} times, and nothing is sent again`);
      }
    }
    if (duplicates > this.#resent) {
      wrong.push(`${duplicates} duplicates, and ${this.#resent} sends of unknown outcome were made again`);
    }
    wrong.push(...this.#disorder(received));
    const undelivered = Math.max(0, Math.min(lost.length, logged - received.length));
    return {
      sent: this.#sent.length,
      acknowledged,
      failed,
      duplicates,
      resent: this.#resent,
      lost,
      undelivered,
      wrong,
    };
  }

  /** Messages that were given up may surface later; all others arrive for the first time in the order of the calls. */
  #disorder(received: readonly Received[]): string[] {
    const newest = new Map<string, number>();
    const seen = new Set<number>();
    const wrong: string[] = [];
    for (const { topic, text } of this.#order === "none" ? [] : received) {
      const message = this.#sent[Number(text)];
      if (!message || seen.has(message.n) || message.state !== "acknowledged") {
        continue;
      }
      seen.add(message.n);
      // Messages without a key are in order as those of one key are.
      const strand = this.#order === "key" ? `${topic} ${message.key ?? ""}` : topic;
      const before = newest.get(strand) ?? -1;
      if (message.n < before) {
        wrong.push(`#${message.n} arrived behind #${before}`);
      }
      newest.set(strand, Math.max(before, message.n));
    }
    return wrong;
  }
}
