import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { type Call, errorTable, judge, type RegistryCall, type Row } from "../../../src/cluster/error-table.ts";
import { DanubeError, type DanubeErrorCode } from "../../../src/errors.ts";
import { CallFailure, type FailureKind } from "../../../src/transport/seam.ts";

const registryCalls: readonly RegistryCall[] = [
  "RegisterSchema",
  "GetSchema",
  "GetLatestSchema",
  "ListVersions",
  "CheckCompatibility",
  "DeleteSchemaVersion",
  "SetCompatibilityMode",
  "ConfigureTopicSchema",
  "UpdateTopicValidationPolicy",
  "GetTopicSchemaConfig",
  "ListSubjects",
];
const allCalls: readonly Call[] = [
  ...registryCalls,
  "TopicLookup",
  "TopicPartitions",
  "CreateProducer",
  "SendMessage",
  "HealthCheck",
  "Subscribe",
  "ReceiveMessages",
  "Ack",
];
const topic = "/default/orders";
// What `…` may stand for: names, numbers and words that no row looks for.
const fillings = ["orders", "/default/orders-7", "42", "18446744073709551615"];

const status = (code: Code, message: string) => new CallFailure("status", message, { status: code });
const fill = (words: string, filling: string) => words.replaceAll("…", filling);

/** A failure that is about this row: in its own words, or in none where it has none. */
function example(row: Row, words: string): CallFailure {
  return row.kind === undefined || row.kind === "status"
    ? status(row.status ?? Code.DataLoss, words)
    : new CallFailure(row.kind, words);
}

/** Whether judge() decides by exactly this row: it takes over what is written there for a moment. */
function decidedBy(row: Row, call: Call, failure: CallFailure): boolean {
  const mutable = row as { code: string };
  const { code } = row;
  mutable.code = "THIS ROW";
  try {
    return (judge(call, failure, topic).error.code as string) === "THIS ROW";
  } finally {
    mutable.code = code;
  }
}

const name = ({ calls, kind, status: code, words, text }: Row) =>
  [calls?.join("/") ?? "any call", kind ?? (code && Code[code]), words ?? text?.source].filter(Boolean).join(", ");
const spoken = errorTable
  .filter((row) => row.words !== undefined)
  .map((row) => ({ row, words: row.words as string, name: name(row) }));

describe("the brokers' own words", () => {
  test.each(spoken)("$name", ({ row, words }) => {
    for (const call of row.calls ?? allCalls) {
      for (const filling of fillings) {
        const plain = fill(words, filling);
        const spellings = [
          plain,
          plain.toUpperCase(),
          plain.toLowerCase(),
          `broker 10.0.0.1: ${plain}`,
          `${plain} (attempt 3)`,
        ];
        for (const text of spellings) {
          const { error, action } = judge(call, example(row, text), topic);
          expect({ text, code: error.code, action }).toEqual({ text, code: row.code, action: row.action });
          expect(decidedBy(row, call, example(row, text))).toBe(true);
        }
      }
    }
  });
});

describe("every row is reached", () => {
  // Of the rows without words: a text of theirs. The others take any.
  const texts = new Map([["not found in registry", "Topic /default/orders not found in registry"]]);

  test.each(errorTable.map((row) => ({ row, name: name(row) })))("$name", ({ row }) => {
    const text = fill(row.words ?? texts.get(row.text?.source ?? "") ?? "words that no row knows", "orders");
    const reached = (row.calls ?? allCalls).filter((call) => decidedBy(row, call, example(row, text)));
    expect(reached).not.toEqual([]);
  });
});

describe("what brokers say besides the words in the table", () => {
  test.each<[Call, Code, string, DanubeErrorCode, string]>([
    [
      "CreateProducer",
      Code.AlreadyExists,
      "Cannot create partitioned topic '/default/a-part-0': a non-partitioned topic '/default/a' already exists.",
      "TOPIC_CONFLICT",
      "fail",
    ],
    ["CreateProducer", Code.Internal, "failed to load topic locally: no such file", "UNAVAILABLE", "locate"],
    ["TopicLookup", Code.Unauthenticated, "Authentication credentials are missing", "UNAUTHENTICATED", "fail"],
    ["HealthCheck", Code.Unimplemented, "", "UNSUPPORTED", "fail"],
    [
      "CreateProducer",
      Code.Internal,
      "ProducerRequest.dispatch_strategy: invalid wire type: Varint (expected LengthDelimited)",
      "PROTOCOL",
      "fail",
    ],
    [
      "SendMessage",
      Code.PermissionDenied,
      "Unable to publish the message: Message missing schema_id",
      "SCHEMA_REJECTED",
      "fail",
    ],
    [
      "SendMessage",
      Code.PermissionDenied,
      "Unable to publish the message: Schema subject mismatch: a, b",
      "SCHEMA_REJECTED",
      "fail",
    ],
    [
      "SendMessage",
      Code.PermissionDenied,
      "Unable to publish the message: Schema ID 7 not found in registry",
      "SCHEMA_REJECTED",
      "again",
    ],
    [
      "SendMessage",
      Code.PermissionDenied,
      "Unable to publish the message: Topic /default/a requires schema but none is configured",
      "SCHEMA_REJECTED",
      "fail",
    ],
    [
      "SendMessage",
      Code.PermissionDenied,
      "Unable to publish the message: Schema version not found: 3",
      "SCHEMA_REJECTED",
      "fail",
    ],
    [
      "SendMessage",
      Code.PermissionDenied,
      "Unable to publish the message: write buffer is full",
      "UNAVAILABLE",
      "again",
    ],
    [
      "SendMessage",
      Code.PermissionDenied,
      'no binding grants Produce on Topic("/default/a") for service_account:x',
      "PERMISSION_DENIED",
      "fail",
    ],
    [
      "SendMessage",
      Code.PermissionDenied,
      "Unable to publish the message: Failed to create validator: what is this",
      "SCHEMA_REJECTED",
      "fail",
    ],
    ["GetSchema", Code.NotFound, "Schema not found for ID: 7", "SCHEMA_NOT_FOUND", "fail"],
    ["ListVersions", Code.NotFound, "Subject not found: a", "SCHEMA_NOT_FOUND", "fail"],
    ["RegisterSchema", Code.Internal, "Failed to register schema: Unknown schema type: xml", "SCHEMA_REJECTED", "fail"],
    ["RegisterSchema", Code.Internal, "Failed to register schema: Invalid Avro schema: no", "SCHEMA_REJECTED", "fail"],
    ["RegisterSchema", Code.Internal, "Failed to register schema: the disk is full", "UNAVAILABLE", "again"],
    ["CheckCompatibility", Code.Internal, "Failed to check compatibility: Invalid JSON", "SCHEMA_REJECTED", "fail"],
    [
      "SetCompatibilityMode",
      Code.Internal,
      "Failed to set compatibility mode: Schema metadata not found for subject: a",
      "SCHEMA_NOT_FOUND",
      "fail",
    ],
    [
      "DeleteSchemaVersion",
      Code.Internal,
      "Failed to delete schema version: Unknown error occurred: connect to leader failed: transport error",
      "UNAVAILABLE",
      "locate",
    ],
    ["ConfigureTopicSchema", Code.NotFound, "Topic '/default/a' not found on this broker", "UNAVAILABLE", "locate"],
    ["ConfigureTopicSchema", Code.InvalidArgument, "Invalid validation policy: 'a'", "UNSUPPORTED", "fail"],
    [
      "UpdateTopicValidationPolicy",
      Code.FailedPrecondition,
      "Topic '/default/a' has no schema subject configured.",
      "SCHEMA_NOT_FOUND",
      "fail",
    ],
    ["GetTopicSchemaConfig", Code.PermissionDenied, "no binding grants ManageSchema", "PERMISSION_DENIED", "fail"],
    ["ListSubjects", Code.Unimplemented, "", "UNSUPPORTED", "fail"],
  ])("%s, %s: %s", (call, code, text, expected, action) => {
    const verdict = judge(call, status(code, text), topic);
    expect({ code: verdict.error.code, action: verdict.action }).toEqual({ code: expected, action });
  });
});

describe("texts that no row knows", () => {
  test("SendMessage, PERMISSION_DENIED: the producer's health decides", () => {
    for (const text of ["", "Unable to publish the message: the disk is full", "something else altogether"]) {
      expect(judge("SendMessage", status(Code.PermissionDenied, text), topic)).toMatchObject({
        action: "ask",
        error: { code: "PERMISSION_DENIED", outcome: "rejected" },
      });
    }
  });

  test("SendMessage, any code at all: never an endless loop", () => {
    const numbers = Object.values(Code).filter((code) => typeof code === "number");
    for (const code of [...numbers, 0, 99]) {
      const { error, action } = judge("SendMessage", status(code, "what is this"), topic);
      expect(error).toBeInstanceOf(DanubeError);
      expect(["fail", "again", "repeat", "locate", "ask"]).toContain(action);
      expect(error.message).toContain("what is this");
    }
  });

  test("PERMISSION_DENIED of any other call is final", () => {
    for (const call of allCalls.filter((other) => other !== "SendMessage")) {
      expect(judge(call, status(Code.PermissionDenied, "no"), topic)).toMatchObject({
        action: "fail",
        error: { code: "PERMISSION_DENIED", retryable: false },
      });
    }
  });

  test("a code that gRPC does not have is PROTOCOL", () => {
    expect(judge("TopicLookup", status(99 as Code, "?"), topic)).toMatchObject({
      action: "fail",
      error: { code: "PROTOCOL" },
    });
  });
});

// Brokers repeat names, and the names are the users' own.
describe("a topic's name is no reason", () => {
  const named = "/default/exclusive-offers";

  test("CreateProducer, an unknown trouble with a topic that is called exclusive", () => {
    const text = `Not able to create the Producer: ${named} could not be locked`;
    expect(judge("CreateProducer", status(Code.PermissionDenied, text), named)).toMatchObject({
      action: "again",
      error: { code: "UNAVAILABLE" },
    });
  });

  test("Subscribe, the same topic not loaded", () => {
    const text = `Not able to subscribe to the topic ${named} due to Topic ${named} not found in registry`;
    expect(judge("Subscribe", status(Code.PermissionDenied, text), named)).toMatchObject({
      action: "locate",
      error: { code: "UNAVAILABLE" },
    });
  });
});

describe("what became of the message", () => {
  const outcomes: [FailureKind, string][] = [
    ["unreachable", "not-sent"],
    ["refused", "not-sent"],
    ["untrusted", "not-sent"],
    ["silent", "unknown"],
    ["lost", "unknown"],
    ["reset", "unknown"],
    ["deadline", "unknown"],
    ["aborted", "unknown"],
    ["garbled", "unknown"],
  ];

  test.each(outcomes)("%s: %s", (kind, outcome) => {
    expect(judge("SendMessage", new CallFailure(kind, "x"), topic).error.outcome).toBe(outcome);
  });

  test("a status is a refusal, unless what answered may not have been the broker", () => {
    const outcome = (code: Code, text = "x") => judge("SendMessage", status(code, text), topic).error.outcome;
    for (const code of [Code.NotFound, Code.PermissionDenied, Code.Unauthenticated, Code.OutOfRange]) {
      expect(outcome(code, "message length too large")).toBe("rejected");
    }
    expect(outcome(Code.InvalidArgument, "Message size 9 exceeds maximum allowed 8 for topic /a/b")).toBe("rejected");
    for (const code of [
      Code.Unavailable,
      Code.Canceled,
      Code.Aborted,
      Code.DeadlineExceeded,
      Code.Unknown,
      Code.Internal,
    ]) {
      expect(outcome(code)).toBe("unknown");
    }
    // The log is written by another task than the one that answers.
    expect(outcome(Code.PermissionDenied, "Unable to publish the message: wal writer channel closed")).toBe("unknown");
  });

  test("there is none for other calls", () => {
    for (const call of allCalls.filter((other) => other !== "SendMessage")) {
      expect(judge(call, new CallFailure("unreachable", "x"), topic).error.outcome).toBeUndefined();
    }
  });
});

describe("judge", () => {
  test("the error tells call, topic and the broker's words, and has the failure as its cause", () => {
    const failure = status(Code.NotFound, "The producer with id 7 does not exist");
    const { error } = judge("SendMessage", failure, topic);
    expect(error.message).toBe(`SendMessage for ${topic}: The producer with id 7 does not exist`);
    expect(error.cause).toBe(failure);
  });

  test("retryable is what recovery would try again", () => {
    for (const row of errorTable) {
      const call = row.calls?.[0] ?? "TopicLookup";
      const { error, action } = judge(call, example(row, fill(row.words ?? "", "orders")), topic);
      expect(error.retryable).toBe(action !== "fail" && action !== "ask");
    }
  });

  test("a DanubeError is final and stays itself", () => {
    const error = new DanubeError("UNAUTHENTICATED", "no token");
    const verdict = judge("SendMessage", error, topic);
    expect(verdict.action).toBe("fail");
    expect(verdict.error).toBe(error);
  });

  test("anything else is final", () => {
    for (const reason of [new Error("bug"), "text", undefined, null]) {
      const verdict = judge("SendMessage", reason, topic);
      expect(verdict).toMatchObject({ action: "fail", error: { code: "PROTOCOL" } });
    }
  });
});
