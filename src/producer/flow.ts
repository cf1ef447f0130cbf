import type { Deadlines } from "../lib/deadlines.ts";
import type { AttachContext } from "./attach.ts";
import type { Attachment } from "./attachment.ts";
import type { Entry } from "./entry.ts";
import { createGate, type Gate } from "./gate.ts";
import { createLane, type Lane } from "./lane.ts";
import type { ResolvedProducerOptions } from "./options.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { createPace } from "./pace.ts";

/** The parts of a producer that its client decides. */
export interface ProducerContext extends AttachContext {
  maxMessageBytes: number;
  /** Of all producers: one timer for however many there are. */
  deadlines: Deadlines<Entry>;
}

/** What a producer needs to send: made with its first message, since many producers never have one. */
export interface Flow {
  readonly gate: Gate;
  readonly outbox: Outbox;
  /** By partition. */
  readonly lanes: readonly Lane[];
}

/** The share of its time that a message may wait before `ready()` holds back the next ones. */
const lateShare = 0.25;

export function createFlow(
  { cluster, maxMessageBytes, deadlines }: ProducerContext,
  options: ResolvedProducerOptions,
  attachments: readonly Attachment[],
): Flow {
  const { topic, order, resend, maxInFlight, maxQueuedMessages: maxMessages, maxQueuedBytes: maxBytes } = options;
  // A broker may be too slow for what the queue could hold: its messages would be over before their turn came.
  const horizonMs = options.sendTimeoutMs * lateShare;
  const pace = createPace(horizonMs);
  const late = (messages: number) => !pace.allows(messages) || outbox.oldestAgeMs() > horizonMs;
  const gate = createGate({ maxMessages, maxBytes, maxMessageBytes, late, pace });
  const outbox = createOutbox(topic, gate, deadlines);
  return {
    gate,
    outbox,
    lanes: attachments.map((attachment) =>
      createLane(cluster, attachment, { topic: attachment.topic, order, resend, maxInFlight, maxMessageBytes }),
    ),
  };
}
