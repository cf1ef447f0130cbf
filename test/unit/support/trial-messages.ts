import type { DanubeError, MessageId, Producer } from "../../../src/index.ts";
import type { SentMessage } from "./chaos-brokers.ts";
import type { Random } from "./random.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** A message, and everything that became of it. Moments are counted, not measured: of two, the later is larger. */
export interface Sent {
  /** Counts the calls of `send`. */
  readonly n: number;
  readonly text: string;
  readonly key: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  /** Whether the producer took it into its queue. */
  taken: boolean;
  state: "pending" | "resolved" | "rejected";
  settledAt: number;
  id: MessageId | undefined;
  error: DanubeError | undefined;
  /** The moments at which a broker accepted it. */
  readonly accepted: number[];
  /** Where. */
  topic: string | undefined;
}

export interface TrialMessages {
  /** By their numbers. */
  readonly sent: readonly Sent[];
  /** Sends a random message; not `wild`: with nothing that could end it before its time. */
  send(producer: Producer, wild?: boolean): void;
  /** A broker took one. */
  accepted(message: SentMessage): void;
  pending(): Sent[];
}

export interface TrialMessagesOptions {
  random: Random;
  time: VirtualTime;
  limits: { maxQueuedMessages: number; maxQueuedBytes: number };
  /** The time of a send that says nothing about it, and how much later it may settle. */
  sendTimeoutMs: number;
  slackMs: number;
  /** What the client says that its queue holds. */
  queued(): { messages: number; bytes: number };
  note(line: string): void;
  complain(what: string): void;
}

/** Sends messages and keeps book of them. Says at once what can be said at once. */
export function trialMessages(options: TrialMessagesOptions): TrialMessages {
  const { random, time, limits, sendTimeoutMs, slackMs, queued, note, complain } = options;
  const sent: Sent[] = [];
  let moment = 0;

  function invent(): Sent {
    const n = sent.length;
    const filler = "x".repeat(random.below(random.below(10) === 0 ? 1_000 : 100));
    const attributes: Record<string, string> = random.below(3) === 0 ? { n: String(n) } : {};
    const key = random.pick([undefined, undefined, "", "a", "b", "c"]);
    const yet = { taken: false, state: "pending", settledAt: 0, id: undefined, error: undefined } as const;
    return { n, text: `${n}:${filler}`, key, attributes, ...yet, accepted: [], topic: undefined };
  }

  function randomSignal(message: Sent): AbortSignal | undefined {
    if (random.below(5) > 0) {
      return undefined;
    }
    const controller = new AbortController();
    const ms = random.below(70) - 7;
    if (ms < 0) {
      controller.abort();
      return controller.signal;
    }
    const check = () => message.state === "pending" && complain(`#${message.n} was aborted, and is not settled`);
    time.later(() => {
      controller.abort();
      time.later(check, 0);
    }, ms);
    return controller.signal;
  }

  function watch(message: Sent, result: Promise<MessageId>, due: number): void {
    const settle = (state: Sent["state"], outcome: { id?: MessageId; error?: DanubeError }) => {
      Object.assign(message, { state, settledAt: ++moment, ...outcome });
      note(`  ${state} #${message.n} ${message.error?.code ?? ""} ${message.error?.outcome ?? ""}`);
      if (Date.now() > due) {
        complain(`#${message.n} was settled ${Date.now() - due} ms after its time`);
      }
    };
    result.then(
      (id) => settle("resolved", { id }),
      (error: DanubeError) => settle("rejected", { error }),
    );
  }

  return {
    sent,
    send(producer, wild = true) {
      const message = invent();
      const { n, text, key, attributes } = message;
      sent.push(message);
      const before = queued();
      const timeoutMs = wild && random.below(4) === 0 ? 1 + random.below(60) : undefined;
      const signal = wild ? randomSignal(message) : undefined;
      const given = { payload: new TextEncoder().encode(text), attributes: { ...attributes } };
      const result = producer.send(given.payload, { key, attributes: given.attributes, timeoutMs, signal });
      // What the caller does with its own memory afterwards is its own affair.
      given.payload.fill(0);
      given.attributes["late"] = "yes";

      message.taken = queued().messages > before.messages;
      const what = `key ${key}, ${text.length} bytes, timeoutMs ${timeoutMs}`;
      note(`send #${n} ${what}, ${message.taken ? "taken" : "refused"}`);
      watch(message, result, Date.now() + (timeoutMs ?? sendTimeoutMs) + slackMs);
      result.catch(({ code }: DanubeError) => {
        // 1,000: more than any message.
        const full = before.messages >= limits.maxQueuedMessages || before.bytes + 1_000 > limits.maxQueuedBytes;
        if (code === "QUEUE_FULL" && !full) {
          complain(`#${n} was refused with ${before.messages} messages, ${before.bytes} bytes in the queue`);
        }
      });
    },
    accepted({ msgId, payload, attributes, routingKey }) {
      const text = new TextDecoder().decode(payload);
      const message = sent[Number.parseInt(text, 10)];
      note(`  accepted #${message?.n}`);
      if (!message || text !== message.text || routingKey !== message.key || !same(attributes, message.attributes)) {
        complain(`what was accepted as #${message?.n} is not what was sent`);
        return;
      }
      message.topic ??= msgId.topicName;
      if (message.topic !== msgId.topicName) {
        complain(`#${message.n} was sent to ${message.topic} and to ${msgId.topicName}`);
      }
      message.accepted.push(++moment);
    },
    pending: () => sent.filter(({ state }) => state === "pending"),
  };
}

function same(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
