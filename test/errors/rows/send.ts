import { Code } from "@connectrpc/connect";
import type { StreamMessage } from "../../../gen/danube/danube_api_pb.ts";
import { sending, sendUntilRefused } from "../calls.ts";
import type { ErrorRow, Provoke } from "../row.ts";
import { changed, once } from "../wire.ts";

// SendMessage, but for what is about schemas.

type MessageIdPart = NonNullable<StreamMessage["msgId"]>;

/** Sends one message whose first try goes out with another id. */
const mislabelled = (change: (id: MessageIdPart) => void): Provoke => {
  const tamper = changed<StreamMessage>("SendMessage", ({ msgId }) => msgId && change(msgId));
  return (context) => sending(context, [once(tamper)]);
};

/** No status comes: the stream ends. What is said of that is the runtime's. */
const crashed = {
  status: Code.Canceled,
  words: "…",
  error: { code: "UNAVAILABLE", outcome: "unknown" },
  recovery: "time",
} as const;

const noBuffer = "no write buffer was set up (Valkey)";

export const sendRows: ErrorRow[] = [
  {
    id: "send-unknown-producer",
    rpcs: ["SendMessage"],
    when: "the producer is unknown: the broker was restarted, or the topic moved or deleted",
    status: Code.NotFound,
    words: "The producer with id … does not exist",
    error: { code: "UNAVAILABLE", outcome: "rejected" },
    recovery: "time",
    provoke: mislabelled((id) => (id.producerId = 99n)),
  },
  {
    id: "send-deleted",
    rpcs: ["SendMessage"],
    when: "the topic was deleted: it is created again",
    status: Code.NotFound,
    words: "The producer with id … does not exist",
    error: { code: "UNAVAILABLE", outcome: "rejected" },
    recovery: "time",
    setups: ["cluster"],
    async provoke(context) {
      const topic = context.topic();
      const { send } = await context.connect().createProducer({ topic, dispatch: "reliable" });
      await context.admin.remove(topic);
      return { result: (await sendUntilRefused(context, send)).result, passes: true };
    },
    onDemand: "it deletes no topics",
  },
  {
    id: "send-gone",
    rpcs: ["SendMessage"],
    when: "the topic is gone, and the broker still knows the producer (deleted on a standalone broker): it is created again",
    status: Code.PermissionDenied,
    words: "Unable to publish the message: Topic … not found in registry",
    error: { code: "UNAVAILABLE", outcome: "rejected" },
    recovery: "time",
    setups: ["standalone"],
    async provoke(context) {
      const topic = context.topic();
      const { send } = await context
        .connect([], { backoff: () => 1_000 })
        .createProducer({ topic, dispatch: "reliable" });
      await context.admin.remove(topic);
      const failed = context.wire.failed("SendMessage");
      const result = send("the message");
      // Consumers read what comes after them: in the first wait somebody else creates the topic and reads.
      await failed;
      await context.other().createProducer({ topic, dispatch: "reliable", name: "other" });
      return { result, passes: true, sent: { text: "the message", arrivals: await context.read(topic) } };
    },
    onDemand: "it deletes no topics",
  },
  {
    id: "send-not-attached",
    rpcs: ["SendMessage"],
    when: "the producer is one of another instance of the topic (deleted and created again)",
    status: Code.PermissionDenied,
    words: "Unable to publish the message: the producer with id … is not attached to topic name: …",
    error: { code: "UNAVAILABLE", outcome: "rejected" },
    recovery: "time",
    setups: ["standalone"],
    async provoke(context) {
      const topic = context.topic();
      const { send } = await context.connect().createProducer({ topic, dispatch: "reliable" });
      await context.admin.remove(topic);
      await context.other().createProducer({ topic, dispatch: "reliable", name: "other" });
      const arrivals = await context.read(topic);
      return { result: send("the message"), passes: true, sent: { text: "the message", arrivals } };
    },
    onDemand: "it deletes no topics",
  },
  {
    id: "send-other-topic",
    rpcs: ["SendMessage"],
    when: "the producer is another topic's",
    status: Code.PermissionDenied,
    words: "Unable to publish the message: the producer with id … is not attached to topic name: …",
    error: { code: "UNAVAILABLE", outcome: "rejected" },
    recovery: "time",
    setups: ["standalone"],
    async provoke(context) {
      const other = context.topic("other");
      const ids: bigint[] = [];
      const listen = changed<StreamMessage>("SendMessage", ({ msgId }) => ids.push(msgId?.producerId ?? 0n));
      const listening = context.connect([once(listen)]);
      await (await listening.createProducer({ topic: other, dispatch: "reliable" })).send("x");
      return sendingAs(ids[0] as bigint)(context, "SendMessage");
    },
  },
  {
    id: "send-draining",
    rpcs: ["SendMessage"],
    when: "the topic is being unloaded",
    status: Code.PermissionDenied,
    words: "Unable to publish the message: Topic … is draining or closed; retry lookup/moved",
    error: { code: "UNAVAILABLE", outcome: "rejected" },
    recovery: "time",
    setups: ["cluster"],
    async provoke(context) {
      // The broker refuses for a few milliseconds: somebody must be sending then.
      for (let turn = 0; ; turn++) {
        const topic = context.topic(`t${turn}`);
        const { send } = await context.connect().createProducer({ topic, dispatch: "reliable" });
        const arrivals = await context.read(topic);
        // A subscription that has acknowledged nothing begins anew on the next owner.
        await send("before");
        await arrivals.count("before", true);
        const refused = sendUntilRefused(context, send);
        await context.admin.unload(topic);
        const { text, result } = await refused;
        const draining = context.wire.calls("SendMessage").some(({ words }) => words.includes("draining"));
        if (draining || turn === 9) {
          return { result, passes: true, sent: { text, arrivals } };
        }
        await result;
      }
    },
  },
  {
    id: "send-policy",
    rpcs: ["SendMessage"],
    when: "the payload is beyond the namespace's max_message_size",
    status: Code.InvalidArgument,
    words: "Message size 1001 exceeds maximum allowed 1000 for topic …",
    error: { code: "MESSAGE_TOO_LARGE", outcome: "rejected" },
    recovery: "none",
    setups: ["policies"],
    async provoke(context) {
      const topic = context.topic();
      const { send } = await context.connect().createProducer({ topic, dispatch: "reliable" });
      return { result: send("x".repeat(1_001)), passes: false };
    },
  },
  {
    id: "send-policy-late",
    rpcs: ["SendMessage"],
    when: "the same, found out in the second of the broker's two checks",
    status: Code.PermissionDenied,
    words: "Unable to publish the message: Message size … exceeds maximum allowed … for topic …",
    error: { code: "MESSAGE_TOO_LARGE", outcome: "rejected" },
    recovery: "none",
    unreal: "what the second check refuses, the first has refused",
    onDemand: "what the second check refuses, the first has refused",
  },
  {
    id: "send-no-log",
    rpcs: ["SendMessage"],
    when: "a reliable topic without a log",
    status: Code.PermissionDenied,
    words: "Unable to publish the message: WAL is not configured for a reliable topic",
    error: { code: "UNAVAILABLE", outcome: "rejected" },
    recovery: "few",
    unreal: "a topic is not loaded without it (see CreateProducer)",
    onDemand: "its log cannot be missing",
  },
  {
    id: "send-log-closed",
    rpcs: ["SendMessage"],
    when: "the log's writer has ended; the message may be written",
    status: Code.PermissionDenied,
    words: "Unable to publish the message: Other: wal writer channel closed",
    error: { code: "UNAVAILABLE", outcome: "unknown" },
    recovery: "few",
    unreal: "it ends after the topic has begun to refuse, within microseconds",
    onDemand: "its log cannot end",
  },
  {
    id: "send-log-encoding",
    rpcs: ["SendMessage"],
    when: "the message cannot be encoded for the log",
    status: Code.PermissionDenied,
    words: "Unable to publish the message: I/O error: bincode serialize failed: …",
    error: { code: "PERMISSION_DENIED", outcome: "rejected" },
    recovery: "none",
    unreal: "every message can be",
    onDemand: "its log encodes nothing",
  },
  {
    id: "send-buffer",
    rpcs: ["SendMessage"],
    when: "the write buffer in front of the log fails; the message may be in it",
    status: Code.PermissionDenied,
    words: "Unable to publish the message: Other: write buffer …",
    error: { code: "UNAVAILABLE", outcome: "unknown" },
    recovery: "few",
    unreal: noBuffer,
    onDemand: "it has no write buffer",
  },
  {
    id: "send-new-words",
    rpcs: ["SendMessage"],
    when: "any other reason: the broker is asked (HealthCheck) whether it still knows the producer, and is believed",
    status: Code.PermissionDenied,
    words: "Unable to publish the message: …",
    error: { code: "PERMISSION_DENIED", outcome: "rejected" },
    recovery: "none",
    unreal: "all that 0.15.1 says is known",
    onDemand: "all that it says is known",
  },
  {
    id: "send-no-id",
    rpcs: ["SendMessage"],
    when: "a message without an id (the library gives each one): the broker's handler crashes, as with Protobuf below",
    ...crashed,
    async provoke(context) {
      const drop = changed<{ msgId: unknown }>("SendMessage", (message) => (message.msgId = undefined));
      return { ...(await sending(context, [drop])), passes: false };
    },
  },
  {
    id: "send-protobuf",
    rpcs: ["SendMessage"],
    when: "payload validation: protobuf; the broker's handler crashes and resets the stream, which looks as if it had died: the message is sent again for as long as it has time",
    ...crashed,
    async provoke(context) {
      const [topic, subject] = [context.topic(), context.subject()];
      const schema = {
        subject,
        type: "protobuf" as const,
        definition: "message M {}",
        encode: (_: string) => new Uint8Array(),
      };
      const { send } = await context.connect().createProducer({ topic, schema });
      const { schemas } = context.other();
      await schemas.configureTopic(topic, { subject, policy: "enforce", payloadValidation: true });
      return { result: send("anything"), passes: false };
    },
  },
];

function sendingAs(producerId: bigint): Provoke {
  return mislabelled((id) => (id.producerId = producerId));
}
