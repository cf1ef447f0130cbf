import { ProducerService } from "../../gen/danube/danube_api_pb.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { judge, type Verdict } from "../cluster/error-table.ts";
import { recover } from "../cluster/recovery.ts";
import { DanubeError, type SendOutcome, withOutcome } from "../errors.ts";
import type { Attached, Attachment } from "./attachment.ts";
import { type Address, type Content, encodedSize, recoded, toStreamMessage } from "./message.ts";
import { encodeRequest } from "./message-encoder.ts";
import { createWindow, type Order, type Waiting } from "./window.ts";

/** A message between `send` and its settlement. */
export interface Entry extends Waiting {
  readonly content: Content;
  /** Bytes of the encoded message, as counted against the queue. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly deadline: number;
  readonly timeoutMs: number;
  /** Gives the message up because its time is over. */
  readonly expire: (entry: Entry) => void;
  /** Ends what is being done for the message, when it is given up. */
  readonly ended: AbortController;
  /** Until it is settled. */
  open: boolean;
  /** What `size` was counted with. */
  readonly address: Address;
  /** What would be known about the message if it were given up now. */
  outcome: SendOutcome;
  /** The latest failure. */
  failure: DanubeError | undefined;
  settle(result: DanubeError | undefined): void;
}

export interface LaneOptions {
  topic: string;
  order: Order;
  maxInFlight: number;
  maxMessageBytes: number;
}

/**
 * The messages of one topic (or partition) on their way to its owner: in the order asked for, as many at once as
 * allowed, each until it is acknowledged, refused, or its time is over.
 */
export interface Lane {
  /** Takes a message. Its `settle` is called exactly once, later. */
  add(entry: Entry): void;
  /** Settles a message that is still under way with an error. */
  drop(entry: Entry, error: DanubeError): void;
}

/** One try to send one message. */
interface Attempt {
  /** The producer it was sent to; `undefined` while there is none. */
  attached: Attached | undefined;
  /** The message's outcome before this try. */
  before: SendOutcome;
}

export function createLane(cluster: Cluster, attachment: Attachment, options: LaneOptions): Lane {
  const { topic, order, maxInFlight, maxMessageBytes } = options;
  const { connections, events, backoff, attemptTimeoutMs } = cluster;
  const window = createWindow<Entry>({
    order,
    maxInFlight,
    keyOf: (entry) => entry.content.key,
    start: (entry) => void deliver(entry),
  });

  function settle(entry: Entry, error: DanubeError | undefined): void {
    if (entry.open) {
      entry.open = false;
      // What waits behind others must not be kept for them.
      window.remove(entry);
      entry.settle(error);
      if (error) {
        entry.ended.abort();
      }
    }
  }

  async function deliver(entry: Entry): Promise<void> {
    await send(entry).then(
      () => settle(entry, undefined),
      (error: DanubeError) => settle(entry, withOutcome(error, entry.outcome)),
    );
    window.done(entry);
  }

  function send(entry: Entry): Promise<void> {
    const attempt: Attempt = { attached: undefined, before: entry.outcome };
    return recover(() => sendOnce(entry, attempt), {
      backoff,
      events,
      topic,
      signal: entry.ended.signal,
      judge: async (reason) => {
        if (!attempt.attached) {
          // Failures on the way to the producer were judged, and recovered from, there.
          return judge("CreateProducer", reason, topic);
        }
        const verdict = judge("SendMessage", reason, topic);
        note(entry, attempt, verdict.error);
        return decide(verdict, attempt.attached, entry.ended.signal);
      },
      forget: (error) => attempt.attached && attachment.lost(attempt.attached, error),
    });
  }

  async function sendOnce(entry: Entry, attempt: Attempt): Promise<void> {
    attempt.attached = undefined;
    const attached = await attachment.get(entry.ended.signal);
    const { address } = attached;
    const content = recoded(entry.content, attached.codec);
    // The owner's name is part of the message, so a move can make it larger.
    const size = address === entry.address && content === entry.content ? entry.size : encodedSize(content, address);
    if (size > maxMessageBytes) {
      throw tooLarge(size, maxMessageBytes);
    }
    attempt.attached = attached;
    attempt.before = entry.outcome;
    // The message's own deadline comes by the signal: it says nothing about the broker, and this time-out does.
    await connections.unaryBytes(
      attached.owner.target,
      ProducerService.method.sendMessage,
      { message: () => toStreamMessage(content, address), bytes: () => encodeRequest(content, address) },
      {
        timeoutMs: attemptTimeoutMs,
        signal: entry.ended.signal,
        onSending: () => {
          entry.outcome = "unknown";
        },
      },
    );
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

  return { add: window.add, drop: settle };
}

/** What is known about a message only ever gets less certain: one attempt of unknown outcome stays one. */
function note(entry: Entry, attempt: Attempt, error: DanubeError): void {
  entry.failure = error;
  entry.outcome = attempt.before === "unknown" ? "unknown" : (error.outcome ?? attempt.before);
}

export function tooLarge(size: number, limit: number): DanubeError {
  const message = `the encoded message has ${size} bytes, and the limit is ${limit} (payload, attributes, key and names together)`;
  return new DanubeError("MESSAGE_TOO_LARGE", message, { outcome: "not-sent" });
}
