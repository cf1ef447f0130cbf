import { Code } from "@connectrpc/connect";
import { type Schema, text } from "@danube-messaging/client";
import type { StreamMessage } from "../../../gen/danube/danube_api_pb.ts";
import { sendUntilRefused } from "../calls.ts";
import type { Attempt, ErrorRow, RowContext } from "../row.ts";
import { changed, type Tamper } from "../wire.ts";

// What brokers have against messages because of their schema: all of it is final, and the message was not taken.

const refused = (words: string) => ({
  rpcs: ["SendMessage"] as const,
  status: Code.PermissionDenied,
  words: `Unable to publish the message: ${words}`,
  error: { code: "SCHEMA_REJECTED", outcome: "rejected" } as const,
  recovery: "none" as const,
});

/** Sends one message to a topic that enforces its subject; `configure` comes between the producer and the message. */
async function enforced(
  context: RowContext,
  schema: Schema<string, unknown> | undefined,
  configure: (topic: string) => Promise<void>,
  tampers: Tamper[] = [],
): Promise<Attempt> {
  const topic = context.topic();
  const { send } = await context.connect(tampers).createProducer({ topic, dispatch: "reliable", schema });
  const arrivals = await context.read(topic);
  await configure(topic);
  return { result: send("the message"), passes: false, sent: { text: "the message", arrivals } };
}

/** A schema whose payloads are not what its type says. */
function misfit(subject: string, type: Schema<string>["type"], definition?: string): Schema<string, unknown> {
  const bytes = type === "json_schema" ? new TextEncoder().encode("7") : new Uint8Array([0xff, 0xfe]);
  return { subject, type, definition, encode: () => bytes };
}

const validated =
  (type: Schema<string>["type"], definition?: string) =>
  (context: RowContext): Promise<Attempt> => {
    const subject = context.subject();
    return enforced(context, misfit(subject, type, definition), (topic) =>
      context.other().schemas.configureTopic(topic, { subject, policy: "enforce", payloadValidation: true }),
    );
  };

export const sendSchemaRows: ErrorRow[] = [
  {
    id: "send-unmarked",
    ...refused("Message missing schema_id for topic … (expected subject: …)"),
    when: "the topic enforces its subject, and the message has no schema",
    async provoke(context) {
      const subject = context.subject();
      const { schemas } = context.other();
      await schemas.register(subject, { type: "string" });
      return enforced(context, undefined, (topic) => schemas.configureTopic(topic, { subject, policy: "enforce" }));
    },
  },
  {
    id: "send-other-subject",
    ...refused(
      "Schema subject mismatch for topic …: message schema_id=… belongs to subject '…', but topic requires '…'",
    ),
    when: "the topic enforces another subject than the message's",
    async provoke(context) {
      const subject = context.subject("other");
      const { schemas } = context.other();
      await schemas.register(subject, { type: "string" });
      return enforced(context, text(context.subject()), (topic) =>
        schemas.configureTopic(topic, { subject, policy: "enforce" }),
      );
    },
  },
  {
    id: "send-unknown-schema",
    ...refused("Schema ID … not found in registry"),
    when: "the message's schema id is nobody's, or this broker has not heard of it yet; also where the topic only warns",
    recovery: "few",
    async provoke(context) {
      const mark = changed<StreamMessage>("SendMessage", (message) => (message.schemaId = 2n ** 50n));
      return enforced(context, text(context.subject()), async () => {}, [mark]);
    },
  },
  {
    id: "send-no-subject",
    ...refused("Topic … requires schema but none is configured"),
    when: "the topic enforces, and has no subject",
    provoke: (context) =>
      enforced(context, undefined, (topic) =>
        // It says that there is no subject, and enforces all the same.
        context
          .other()
          .schemas.validationPolicy(topic, { policy: "enforce" })
          .catch(() => {}),
      ),
  },
  {
    id: "send-not-text",
    ...refused("Payload validation failed: Invalid UTF-8 string: …"),
    when: "payload validation: string",
    provoke: validated("string"),
  },
  {
    id: "send-not-number",
    ...refused("Payload validation failed: Invalid number: expected 4 or 8 bytes, got 2"),
    when: "payload validation: number",
    provoke: validated("number"),
  },
  {
    id: "send-not-json",
    ...refused("Payload validation failed: JSON Schema validation failed: …"),
    when: "payload validation: json_schema",
    provoke: validated("json_schema", '{"type":"object"}'),
  },
  {
    id: "send-not-avro",
    ...refused("Payload validation failed: …"),
    when: "payload validation: avro, which must be an object container file",
    provoke: validated("avro", '"string"'),
  },
  {
    id: "send-version-gone",
    ...refused("Schema version not found: …/1 - Schema version 1 not found for subject: …"),
    when: "payload validation: the message's version was deleted",
    async provoke(context) {
      const [topic, subject] = [context.topic(), context.subject()];
      const { schemas } = context.other();
      const { send } = await context.connect().createProducer({ topic, schema: text(subject) });
      await schemas.configureTopic(topic, { subject, policy: "enforce", payloadValidation: true });
      await schemas.delete(subject, 1);
      return { result: (await sendUntilRefused(context, send)).result, passes: false };
    },
  },
  {
    id: "send-no-validator",
    ...refused("Failed to create validator: …"),
    when: "payload validation: the definition is none for the validator",
    unreal: "the registry takes no such definition",
    onDemand: "the registry takes no such definition",
  },
];
