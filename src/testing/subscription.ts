import { create } from "@bufbuild/protobuf";
import { type StreamMessage, StreamMessageSchema } from "../../gen/danube/danube_api_pb.ts";

// As much of Danube's dispatch as it takes to read back what was published: Exclusive (and Failover, which is the
// same in brokers up to 0.15.1) and Shared.

/** A message with its place in the topic. */
export interface Stored {
  offset: bigint;
  message: StreamMessage;
}

export interface Consumer {
  readonly id: bigint;
  readonly name: string;
  /** Non-reliable messages that came before the first stream. */
  readonly early: Stored[];
  /** The open ReceiveMessages stream. */
  deliver: ((stored: Stored) => void) | undefined;
  /** Ends that stream. */
  end: (() => void) | undefined;
}

export interface Subscription {
  readonly name: string;
  readonly exclusive: boolean;
  readonly consumers: Consumer[];
  /** Something new may be deliverable. */
  wake(): void;
  ack(offset: bigint): void;
  nack(offset: bigint): void;
  /** Of a reliable topic: everything before this offset is acknowledged. */
  cursor(): bigint;
}

/** Brokers buffer this many non-reliable messages for a consumer that has not opened its stream. */
const maxEarly = 4;

/** Brokers keep this many delivered messages of a reliable subscription unacknowledged. */
const maxUnacked = 10;

/** Delivers what is in `log` from `start` on, each message until it is acknowledged. */
export function reliableSubscription(name: string, exclusive: boolean, log: Stored[], start: bigint): Subscription {
  const consumers: Consumer[] = [];
  // Delivered, and to whom.
  const unacked = new Map<bigint, Consumer>();
  const acked = new Set<bigint>();
  let cursor = start;
  let next = start;
  let turn = 0;

  function wake(): void {
    for (const [offset, consumer] of unacked) {
      if (!consumer.deliver) {
        unacked.delete(offset);
        next = earlier(offset, next);
      }
    }
    while (unacked.size < maxUnacked) {
      const stored = log[Number(next)];
      const consumer = pick(consumers, turn);
      if (!stored || !consumer) {
        return;
      }
      next++;
      if (!acked.has(stored.offset) && !unacked.has(stored.offset)) {
        turn++;
        unacked.set(stored.offset, consumer);
        consumer.deliver?.(stored);
      }
    }
  }

  return {
    name,
    exclusive,
    consumers,
    wake,
    ack(offset) {
      unacked.delete(offset);
      acked.add(offset);
      while (acked.delete(cursor)) {
        cursor++;
      }
      wake();
    },
    nack(offset) {
      if (unacked.delete(offset)) {
        next = earlier(offset, next);
        wake();
      }
    },
    cursor: () => cursor,
  };
}

function earlier(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** Hands each message to whoever is attached at that moment. */
export function nonReliableSubscription(
  name: string,
  exclusive: boolean,
): Subscription & { publish(stored: Stored): void } {
  const consumers: Consumer[] = [];
  let turn = 0;
  return {
    name,
    exclusive,
    consumers,
    publish(stored) {
      const consumer = pick(consumers, turn++) ?? consumers[0];
      if (consumer?.deliver) {
        consumer.deliver(stored);
      } else if (consumer && consumer.early.length < maxEarly) {
        consumer.early.push(stored);
      }
    },
    wake() {},
    ack() {},
    nack() {},
    cursor: () => 0n,
  };
}

/** The consumer whose turn it is among those with an open stream. */
function pick(consumers: readonly Consumer[], turn: number): Consumer | undefined {
  const attached = consumers.filter((consumer) => consumer.deliver);
  return attached[turn % attached.length];
}

/** What a consumer gets: the message as published, with its offset. */
export function delivered({ offset, message }: Stored): StreamMessage {
  const copy = create(StreamMessageSchema, message);
  return { ...copy, msgId: { ...(message.msgId as NonNullable<StreamMessage["msgId"]>), topicOffset: offset } };
}
