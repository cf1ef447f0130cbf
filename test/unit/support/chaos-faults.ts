import { Code } from "@connectrpc/connect";
import { CallFailure } from "../../../src/transport/seam.ts";
import type { Random } from "./random.ts";

// What can go wrong with a call, written down apart from the error table, so that the one can be held against the other.

export interface Fault {
  /** What the client is told; `undefined`: nothing, until its time is over. */
  failure: CallFailure | undefined;
  /** Whether the broker acts on the call: not at all, before the client is told, or some time after. */
  acts: "never" | "before" | "late";
}

type Status = readonly [code: Code, message: string];

/** Calls that do not reach a broker. Nothing has happened there. */
const barred = ["unreachable", "refused"] as const;
/** Calls whose connection breaks somewhere on the way there and back. */
const broken = ["lost", "silent"] as const;

const publish = (why: string): Status => [Code.PermissionDenied, `Unable to publish the message: ${why}`];

/** The broker answers, and has not taken the message. All of them pass. */
const refusals: readonly Status[] = [
  [Code.NotFound, "The producer with id 1 does not exist"],
  [Code.ResourceExhausted, "too many requests"],
  publish("Topic /default/t is draining or closed; retry lookup/moved"),
  publish("the producer with id 1 is not attached to topic name: /default/t"),
  publish("Topic /default/t not found in registry"),
  publish("WAL is not configured for a reliable topic"),
  publish("words that nobody has heard"),
];
/** The same, and final. */
const verdicts: readonly Status[] = [
  [Code.Unauthenticated, "Invalid token"],
  [Code.PermissionDenied, 'no binding grants Produce on Topic("/default/t")'],
  [Code.InvalidArgument, "Message size 9 exceeds maximum allowed 8 for topic /default/t"],
  [Code.OutOfRange, "Error, decoded message length too large: found 9 bytes, the limit is: 8 bytes"],
  [Code.Internal, "failed to decode Protobuf message: invalid tag value: 0"],
  [Code.Unimplemented, "no such method"],
  publish("Payload validation failed: not what the schema says"),
];
/** The broker, or a proxy, answers, and the message may have been taken. */
const doubts: readonly Status[] = [
  [Code.Unavailable, "upstream connect error"],
  [Code.Canceled, "stream closed"],
  [Code.Aborted, "aborted"],
  [Code.DeadlineExceeded, "too late"],
  [Code.Unknown, "transport error"],
  publish("wal writer channel closed"),
  publish("write buffer is full"),
];

/** Of the other calls: what passes, and now and then what does not. */
const elsewhere: Record<string, readonly Status[]> = {
  TopicLookup: [[Code.Unavailable, "starting"]],
  TopicPartitions: [[Code.Unavailable, "starting"]],
  HealthCheck: [[Code.Internal, "no"]],
  CreateProducer: [
    [Code.Unavailable, "The topic metadata was created, need to redo the lookup to find the correct broker"],
    [Code.Unavailable, "The topic exists but is served by another broker, redo the Lookup request"],
    [Code.PermissionDenied, "Not able to create the Producer: Unable to find the topic: /default/t"],
    [Code.Internal, "The broker unable to post the topic to metadata store, due to error: timeout"],
    [Code.AlreadyExists, "Topic '/default/t' already exists"],
  ],
};

/** A fault for a call of `method`. `final` lets there be such as no retry helps against. */
export function drawFault(random: Random, method: string, final: boolean): Fault {
  const acts = () => random.pick(["never", "before", "late"] as const);
  const status = ([code, message]: Status): CallFailure => new CallFailure("status", message, { status: code });
  const sending = method === "SendMessage";
  const faults: (() => Fault)[] = [
    () => ({ failure: new CallFailure(random.pick(barred), "no way there"), acts: "never" }),
    () => ({ failure: new CallFailure(random.pick(broken), "the connection broke"), acts: acts() }),
    () => ({ failure: undefined, acts: acts() }),
    () => ({ failure: status(random.pick(sending ? refusals : (elsewhere[method] ?? refusals))), acts: "never" }),
  ];
  if (sending) {
    faults.push(() => ({ failure: status(random.pick(doubts)), acts: acts() }));
  }
  if (final && random.below(8) === 0) {
    return random.pick<Fault>([
      { failure: status(random.pick(verdicts)), acts: "never" },
      { failure: new CallFailure("untrusted", "who are you?"), acts: "never" },
      { failure: new CallFailure("garbled", "<html>"), acts: acts() },
    ]);
  }
  return random.pick(faults)();
}
