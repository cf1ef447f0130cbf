import { Code } from "@connectrpc/connect";
import { DanubeError, type DanubeErrorCode, type SendOutcome } from "../errors.ts";
import { inWords } from "../lib/foreign-code.ts";
import { undecodable } from "../protocol/foreign.ts";
import { CallFailure, type FailureKind } from "../transport/seam.ts";

// What each failure of each call means, and what recovery does about it. Brokers overload UNAVAILABLE,
// PERMISSION_DENIED and ALREADY_EXISTS, so some rows go by the text, without regard to case or to what stands
// around it. The first row that fits decides. No row makes a loop: "again" is counted, "locate" is bounded by
// the time of the call and slowed by the backoff.

export type Call =
  | "TopicLookup"
  | "TopicPartitions"
  | "CreateProducer"
  | "SendMessage"
  | "HealthCheck"
  | "Subscribe"
  | "ReceiveMessages"
  | "Ack"
  | "Authenticate"
  | RegistryCall;

/** The calls of the schema registry. */
export type RegistryCall =
  | "RegisterSchema"
  | "GetSchema"
  | "GetLatestSchema"
  | "ListVersions"
  | "CheckCompatibility"
  | "DeleteSchemaVersion"
  | "SetCompatibilityMode"
  | "ListSubjects"
  | TopicSchemaCall;

/** Those that only the owner of a topic answers. */
export type TopicSchemaCall = "ConfigureTopicSchema" | "UpdateTopicValidationPolicy" | "GetTopicSchemaConfig";

export type Action =
  /** Final: the caller gets the error. */
  | "fail"
  /** The same call to the same broker, a few times. */
  | "again"
  /** The same call, for as long as it takes: the broker did not begin with it. */
  | "repeat"
  /** Forget the owner and the producer, look up, create the producer, make the call again; until the time is over. */
  | "locate"
  /** The text is new to us: the broker's HealthCheck of the producer decides between "locate" and "fail". */
  | "ask";

export interface Row {
  /** The calls it is about; left out: every call. */
  calls?: readonly Call[];
  kind?: FailureKind;
  status?: Code;
  /** Must occur in the broker's message. */
  text?: RegExp;
  code: DanubeErrorCode;
  action: Action;
  /** What is known about the message when the call was SendMessage. Default: `"rejected"` for a status, else `"unknown"`. */
  outcome?: SendOutcome;
  /** What to do about it, where the broker's words do not tell. */
  hint?: string;
  /** The broker's own words, for the tests and the embedded broker; `…` stands for names and numbers. */
  words?: string;
}

const { InvalidArgument, NotFound, AlreadyExists, PermissionDenied, Unauthenticated, FailedPrecondition, OutOfRange } =
  Code;
const { Unavailable, ResourceExhausted, Unimplemented, Internal } = Code;

const create: readonly Call[] = ["CreateProducer"];
const send: readonly Call[] = ["SendMessage"];
const topicSchema: readonly TopicSchemaCall[] = [
  "ConfigureTopicSchema",
  "UpdateTopicValidationPolicy",
  "GetTopicSchemaConfig",
];
const registry: readonly RegistryCall[] = [
  "RegisterSchema",
  "GetSchema",
  "GetLatestSchema",
  "ListVersions",
  "CheckCompatibility",
  "DeleteSchemaVersion",
  "SetCompatibilityMode",
  "ListSubjects",
  ...topicSchema,
];

// biome-ignore format: a table, with a row a line
export const errorTable: readonly Row[] = [
  // The way to the broker.
  { kind: "unreachable", code: "UNAVAILABLE", action: "locate", outcome: "not-sent" },
  { kind: "silent", code: "UNAVAILABLE", action: "locate" },
  { kind: "refused", code: "UNAVAILABLE", action: "repeat", outcome: "not-sent" },
  { kind: "lost", code: "UNAVAILABLE", action: "locate" },
  // Its handler crashed, most likely, and would again.
  { kind: "reset", code: "UNAVAILABLE", action: "again" },
  { kind: "deadline", code: "TIMEOUT", action: "locate" },
  { kind: "aborted", code: "CANCELED", action: "fail" },
  { kind: "untrusted", code: "PROTOCOL", action: "fail", outcome: "not-sent" },
  { kind: "garbled", code: "PROTOCOL", action: "fail" },

  // Any call: who asks, and whether broker and client understand each other.
  { status: Unauthenticated, code: "UNAUTHENTICATED", action: "fail", words: "Invalid token" },
  { status: FailedPrecondition, text: /JWT support is not enabled/i, code: "UNAUTHENTICATED", action: "fail", words: "JWT support is not enabled" },
  { status: PermissionDenied, text: /no binding grants/i, code: "PERMISSION_DENIED", action: "fail", words: 'no binding grants Produce on Topic("…") for service_account:…' },
  { status: OutOfRange, text: /message length too large/i, code: "MESSAGE_TOO_LARGE", action: "fail", words: "Error, decoded message length too large: found … bytes, the limit is: … bytes" },
  { calls: ["Authenticate"], status: InvalidArgument, text: /api key/i, code: "UNAUTHENTICATED", action: "fail", words: "Invalid API key" },
  { calls: ["Authenticate"], status: Unimplemented, code: "UNSUPPORTED", action: "fail", hint: 'brokers from 0.11 on exchange no API keys: give a JWT as "token"' },
  { calls: registry, status: Unimplemented, code: "UNSUPPORTED", action: "fail", hint: "brokers before 0.6 have no schema registry, and not all of later ones have all of its calls" },
  { status: Unimplemented, code: "UNSUPPORTED", action: "fail", hint: "the broker does not have the call" },
  { status: Internal, text: undecodable, code: "PROTOCOL", action: "fail", words: "failed to decode Protobuf message: …" },
  { calls: ["TopicLookup", "TopicPartitions", "CreateProducer", "Subscribe"], status: InvalidArgument, text: /invalid format/i, code: "INVALID_TOPIC", action: "fail", words: "The topic: … has an invalid format, should be: /namespace_name/topic_name" },

  // TopicLookup's NOT_FOUND is an answer, not a failure: cluster/lookup.ts.

  // CreateProducer.
  { calls: create, status: Unavailable, text: /find the namespace/i, code: "NAMESPACE_NOT_FOUND", action: "fail", words: "Unable to find the namespace …, the topic can be created only for an exisiting namespace" },
  { calls: create, status: Unavailable, text: /metadata was created/i, code: "UNAVAILABLE", action: "locate", words: "The topic metadata was created, need to redo the lookup to find the correct broker" },
  { calls: create, status: Unavailable, text: /served by another broker/i, code: "UNAVAILABLE", action: "locate", words: "The topic exists but is served by another broker, redo the Lookup request" },
  { calls: create, status: NotFound, text: /find the topic/i, code: "TOPIC_NOT_FOUND", action: "fail", words: "Unable to find the topic: …" },
  { calls: create, status: AlreadyExists, text: /cannot create/i, code: "TOPIC_CONFLICT", action: "fail", words: "Cannot create topic '…': partitioned topics with this base name already exist (found … partitions). Delete the partitioned topics first." },
  // Two clients created it at once, and the other one was faster.
  { calls: create, status: AlreadyExists, code: "UNAVAILABLE", action: "locate", words: "Topic '…' already exists" },
  { calls: create, status: FailedPrecondition, text: /dispatch strategy does not match/i, code: "DISPATCH_MISMATCH", action: "fail", words: "Producer requested dispatch strategy does not match topic strategy" },
  { calls: create, status: FailedPrecondition, text: /uses schema subject/i, code: "SCHEMA_MISMATCH", action: "fail", words: "Topic '…' uses schema subject '…', cannot use '…'. Only admin can change topic schema." },
  // Subjects are asked for before; one that is there takes a moment to get about in a cluster.
  { calls: create, status: FailedPrecondition, text: /failed to assign schema|schema \S+ not found in registry/i, code: "SCHEMA_NOT_FOUND", action: "again", words: "Failed to assign schema '…' to topic '…': …. Ensure schema is registered first." },
  { calls: create, status: ResourceExhausted, text: /producer limit/i, code: "PRODUCER_LIMIT", action: "fail", words: "Producer limit reached for topic …. Current: …, Limit: …" },
  { calls: create, status: PermissionDenied, text: /producer limit/i, code: "PRODUCER_LIMIT", action: "fail", words: "Not able to create the Producer: Producer limit reached for topic …. Current: …, Limit: …" },
  // The topic was unloaded between two steps of the broker's.
  { calls: create, status: PermissionDenied, text: /unable to find the topic/i, code: "UNAVAILABLE", action: "locate", words: "Not able to create the Producer: Unable to find the topic: …" },
  { calls: create, status: PermissionDenied, text: /exclusive/i, code: "EXCLUSIVE_PRODUCER", action: "fail", words: "Not able to create the Producer: the topic … has an exclusive producer" },
  { calls: create, status: PermissionDenied, text: /not able to create the producer/i, code: "UNAVAILABLE", action: "again", words: "Not able to create the Producer: …" },
  // While the brokers elect a leader, nothing can be written to the metadata.
  { calls: create, status: Internal, text: /unable to post|failed to load topic/i, code: "UNAVAILABLE", action: "locate", words: "The broker unable to post the topic to metadata store, due to error: …" },

  // SendMessage. All but three of its failures are PERMISSION_DENIED "Unable to publish the message: …".
  { calls: send, status: NotFound, text: /producer with id/i, code: "UNAVAILABLE", action: "locate", words: "The producer with id … does not exist" },
  { calls: send, status: InvalidArgument, text: /exceeds maximum allowed/i, code: "MESSAGE_TOO_LARGE", action: "fail", words: "Message size … exceeds maximum allowed … for topic …" },
  { calls: send, status: PermissionDenied, text: /exceeds maximum allowed/i, code: "MESSAGE_TOO_LARGE", action: "fail", words: "Unable to publish the message: Message size … exceeds maximum allowed … for topic …" },
  { calls: send, status: PermissionDenied, text: /draining or closed/i, code: "UNAVAILABLE", action: "locate", words: "Unable to publish the message: Topic … is draining or closed; retry lookup/moved" },
  { calls: send, status: PermissionDenied, text: /not attached to topic/i, code: "UNAVAILABLE", action: "locate", words: "Unable to publish the message: the producer with id … is not attached to topic name: …" },
  // The number gets about in a cluster after the subject.
  { calls: send, status: PermissionDenied, text: /schema id \S+ not found/i, code: "SCHEMA_REJECTED", action: "again", words: "Unable to publish the message: Schema ID … not found in registry" },
  { calls: send, status: PermissionDenied, text: /missing schema_id|schema subject mismatch|requires schema|payload validation failed|schema version not found|failed to create validator/i, code: "SCHEMA_REJECTED", action: "fail", words: "Unable to publish the message: Payload validation failed: …" },
  { calls: send, status: PermissionDenied, text: /topic \S+ not found in (registry|worker)/i, code: "UNAVAILABLE", action: "locate", words: "Unable to publish the message: Topic … not found in registry" },
  { calls: send, status: PermissionDenied, text: /WAL is not configured/i, code: "UNAVAILABLE", action: "again", words: "Unable to publish the message: WAL is not configured for a reliable topic" },
  // The message may be in the log already.
  { calls: send, status: PermissionDenied, text: /wal writer|write buffer/i, code: "UNAVAILABLE", action: "again", outcome: "unknown", words: "Unable to publish the message: wal writer channel closed" },
  { calls: send, status: PermissionDenied, code: "PERMISSION_DENIED", action: "ask", words: "Unable to publish the message: …" },
  { calls: send, status: NotFound, code: "UNAVAILABLE", action: "ask" },

  // The registry. Whatever goes wrong while it works is INTERNAL "Failed to …: …".
  { calls: topicSchema, status: NotFound, text: /not found on this broker/i, code: "UNAVAILABLE", action: "locate", words: "Topic '…' not found on this broker" },
  { calls: topicSchema, status: FailedPrecondition, text: /no schema subject/i, code: "SCHEMA_NOT_FOUND", action: "fail", words: "Topic '…' has no schema subject configured. Use ConfigureTopicSchema first." },
  // As with CreateProducer: one that is there takes a moment to get about.
  { calls: topicSchema, status: NotFound, text: /schema subject/i, code: "SCHEMA_NOT_FOUND", action: "again", words: "Schema subject '…' not found in registry: Schema metadata not found for subject: …" },
  { calls: registry, status: NotFound, code: "SCHEMA_NOT_FOUND", action: "fail", words: "Schema not found for subject: …" },
  { calls: registry, status: Internal, text: /not compatible/i, code: "SCHEMA_INCOMPATIBLE", action: "fail", words: "Failed to register schema: Schema is not compatible with subject '…' (mode: …): …" },
  { calls: registry, status: Internal, text: /metadata not found|no existing versions|no versions found/i, code: "SCHEMA_NOT_FOUND", action: "fail", words: "Failed to check compatibility: Schema metadata not found for subject: …" },
  { calls: registry, status: Internal, text: /unknown schema type|invalid (avro|json|utf-8)|failed to parse/i, code: "SCHEMA_REJECTED", action: "fail", words: "Failed to register schema: Invalid JSON Schema: …" },
  { calls: topicSchema, status: Internal, text: /failed to set schema subject/i, code: "SCHEMA_NOT_FOUND", action: "again", words: "Failed to set schema subject '…': Schema subject '…' not found in registry. Please register schema first." },
  // The version is written, and the broker has not seen it come back from the others, or sees another one in its place.
  { calls: registry, status: Internal, text: /version not found after/i, code: "UNAVAILABLE", action: "again", words: "Version not found after registration" },
  { calls: registry, status: Internal, text: /timed out waiting/i, code: "UNAVAILABLE", action: "again", words: "Failed to register schema: Timed out waiting for local schema metadata for subject '…' to reach version …" },
  { calls: registry, status: Internal, text: /unknown error occurred|leader unknown|to leader/i, code: "UNAVAILABLE", action: "locate", words: "Failed to register schema: Unknown error occurred: raft propose failed: leader unknown (election in progress?)" },
  { calls: registry, status: Internal, text: /failed to/i, code: "UNAVAILABLE", action: "again", words: "Failed to persist schema config: …" },
  // What it takes is checked before it is asked: this broker knows fewer words.
  { calls: registry, status: InvalidArgument, code: "UNSUPPORTED", action: "fail", words: "Invalid compatibility mode: …" },

  // Reading back.
  { calls: ["Subscribe"], status: PermissionDenied, text: /exclusive/i, code: "EXCLUSIVE_CONSUMER", action: "fail", words: "Not able to subscribe to the topic … due to Not allowed to add the Consumer: …, the Exclusive subscription can't be shared with other consumers" },
  { calls: ["Subscribe"], status: PermissionDenied, text: /not found in registry/i, code: "UNAVAILABLE", action: "locate" },
  { calls: ["Subscribe"], status: NotFound, code: "TOPIC_NOT_FOUND", action: "fail", words: "Unable to find the topic: …" },
  { calls: ["ReceiveMessages"], status: NotFound, code: "UNAVAILABLE", action: "locate", words: "The consumer with the id … does not exist" },

  // What is left of the codes, in gRPC's own sense of them.
  { status: Unavailable, code: "UNAVAILABLE", action: "locate", outcome: "unknown" },
  { status: Code.Canceled, code: "UNAVAILABLE", action: "locate", outcome: "unknown" },
  { status: Code.Aborted, code: "UNAVAILABLE", action: "locate", outcome: "unknown" },
  { status: Code.DeadlineExceeded, code: "TIMEOUT", action: "locate", outcome: "unknown" },
  { status: ResourceExhausted, code: "UNAVAILABLE", action: "again" },
  { status: PermissionDenied, code: "PERMISSION_DENIED", action: "fail" },
  { calls: send, kind: "status", code: "PROTOCOL", action: "ask", outcome: "unknown" },
  { kind: "status", code: "PROTOCOL", action: "fail" },
];

/** A failure, understood. */
export interface Verdict {
  error: DanubeError;
  action: Action;
}

/**
 * Looks `reason` up in the table. What is no {@link CallFailure} is final and passed on as it is. `topic` is what the
 * call was about: a topic, or a schema's subject.
 */
export function judge(call: Call, reason: unknown, topic: string): Verdict {
  if (reason instanceof DanubeError) {
    // Already understood: that of a token function that failed may pass.
    return { error: reason, action: reason.retryable ? "again" : "fail" };
  }
  if (!(reason instanceof CallFailure)) {
    return {
      error: new DanubeError("PROTOCOL", `${call} for ${topic}: ${inWords(reason)}`, { cause: reason }),
      action: "fail",
    };
  }
  const words = withoutName(reason.message, topic);
  const row = errorTable.find((candidate) => fits(candidate, call, reason, words)) as Row;
  const outcome =
    call === "SendMessage" ? (row.outcome ?? (reason.kind === "status" ? "rejected" : "unknown")) : undefined;
  const why = [reason.message, row.hint].filter(Boolean).join("; ");
  const error = new DanubeError(row.code, `${call} for ${topic}: ${why}`, {
    cause: reason,
    outcome,
    retryable: row.action !== "fail" && row.action !== "ask",
  });
  return { error, action: row.action };
}

function fits(row: Row, call: Call, failure: CallFailure, words: string): boolean {
  return (
    (row.calls === undefined || row.calls.includes(call)) &&
    (row.kind === undefined ? failure.kind === "status" : row.kind === failure.kind) &&
    (row.status === undefined || row.status === failure.status) &&
    (row.text === undefined || row.text.test(words))
  );
}

/** A topic may be called anything, also "exclusive", and a subject "schema": names are no part of the broker's words. */
function withoutName(message: string, name: string): string {
  if (name.startsWith("/")) {
    return message.replaceAll(name, "…");
  }
  // Subjects may be as short as a letter: only what stands where brokers put them, in quotes or at the end.
  const plain = name === "" ? message : message.replaceAll(`'${name}'`, "'…'");
  return plain.endsWith(`: ${name}`) ? `${plain.slice(0, -name.length)}…` : plain;
}
