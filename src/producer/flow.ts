import type { Deadlines } from "../lib/deadlines.ts";
import type { AttachContext } from "./attach.ts";
import type { Attachment } from "./attachment.ts";
import { createGate, type Gate } from "./gate.ts";
import { createLane, type Entry, type Lane } from "./lane.ts";
import type { ResolvedProducerOptions } from "./options.ts";
import { createOutbox, type Outbox } from "./outbox.ts";

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

export function createFlow(
  { cluster, maxMessageBytes, deadlines }: ProducerContext,
  options: ResolvedProducerOptions,
  attachments: readonly Attachment[],
): Flow {
  const { topic, order, maxInFlight, maxQueuedMessages: maxMessages, maxQueuedBytes: maxBytes } = options;
  const gate = createGate({ maxMessages, maxBytes, maxMessageBytes });
  return {
    gate,
    outbox: createOutbox(topic, gate, deadlines),
    lanes: attachments.map((attachment) =>
      createLane(cluster, attachment, { topic: attachment.topic, order, maxInFlight, maxMessageBytes }),
    ),
  };
}
