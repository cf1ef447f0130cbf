import { Code } from "@connectrpc/connect";
import type {
  ConfigureTopicSchemaRequest,
  RegisterSchemaRequest,
  UpdateTopicValidationPolicyRequest,
} from "../../../gen/danube_schema/schema_registry_pb.ts";
import { calling, calls } from "../calls.ts";
import type { ErrorRow } from "../row.ts";
import { changed, once } from "../wire.ts";

// The calls that only the owner of a topic answers.

export const topicSchemaRows: ErrorRow[] = [
  {
    id: "topic-not-here",
    rpcs: ["ConfigureTopicSchema", "UpdateTopicValidationPolicy", "GetTopicSchemaConfig"],
    when: "this broker does not serve the topic: its owner is looked up anew",
    status: Code.NotFound,
    words: "Topic '…' not found on this broker",
    error: { code: "UNAVAILABLE" },
    recovery: "time",
    provoke: (context, rpc) =>
      calling(context, rpc, [
        once(changed<{ topicName: string }>(rpc, (request) => (request.topicName = context.topic("elsewhere")))),
      ]),
  },
  {
    id: "topic-policy",
    rpcs: ["ConfigureTopicSchema", "UpdateTopicValidationPolicy"],
    when: "a policy that there is none of (the library throws before it asks)",
    status: Code.InvalidArgument,
    words: "Invalid validation policy: 'perhaps'. Must be 'none', 'warn', or 'enforce'",
    error: { code: "UNSUPPORTED" },
    recovery: "none",
    provoke: (context, rpc) =>
      calling(context, rpc, [
        changed<UpdateTopicValidationPolicyRequest>(rpc, (request) => (request.validationPolicy = "perhaps")),
      ]),
  },
  {
    id: "configure-subject",
    rpcs: ["ConfigureTopicSchema"],
    when: "a subject that this broker has not heard of yet (configureTopic finds out before whether there is one)",
    status: Code.NotFound,
    words: "Schema subject '…' not found in registry: Schema metadata not found for subject: …",
    error: { code: "SCHEMA_NOT_FOUND" },
    recovery: "few",
    provoke: (context, rpc) => {
      const subject = context.subject("unknown");
      const lie = changed<ConfigureTopicSchemaRequest>(rpc, (request) => (request.schemaSubject = subject));
      return calling(context, rpc, [lie]);
    },
  },
  {
    id: "configure-slash",
    rpcs: ["ConfigureTopicSchema"],
    when: "a registered subject that begins with a slash, which topics do not find (the library takes none)",
    status: Code.Internal,
    words:
      "Failed to set schema subject '/…': Schema subject '/…' not found in registry. Please register schema first.",
    error: { code: "SCHEMA_NOT_FOUND" },
    recovery: "few",
    async provoke(context) {
      const subject = `/${context.subject("slash")}`;
      const register = changed<RegisterSchemaRequest>("RegisterSchema", (request) => (request.subject = subject));
      await context.connect([register]).schemas.register("slash", { type: "string" });
      const configure = changed<ConfigureTopicSchemaRequest>(
        "ConfigureTopicSchema",
        (request) => (request.schemaSubject = subject),
      );
      return calling(context, "ConfigureTopicSchema", [configure]);
    },
  },
  {
    id: "policy-no-subject",
    rpcs: ["UpdateTopicValidationPolicy"],
    when: "a topic without a subject; it follows the new policy all the same, until it is loaded again",
    status: Code.FailedPrecondition,
    words: "Topic '…' has no schema subject configured. Use ConfigureTopicSchema first.",
    error: { code: "SCHEMA_NOT_FOUND" },
    recovery: "none",
    async provoke(context) {
      const topic = context.topic();
      await context.other().createProducer({ topic });
      return { result: context.connect().schemas.validationPolicy(topic, { policy: "enforce" }), passes: false };
    },
  },
  {
    id: "topic-schema-unwritten",
    rpcs: ["ConfigureTopicSchema", "UpdateTopicValidationPolicy"],
    when: "the metadata cannot be written, as with RegisterSchema; the topic follows it all the same, until it is loaded again",
    status: Code.Internal,
    words: "Failed to persist …: Unknown error occurred: …",
    error: { code: "UNAVAILABLE" },
    recovery: "time",
    setups: ["no-quorum"],
    provoke: async (context, rpc) => ({
      result: calls[rpc](context.connect(), { ...context.kept, schemaId: 0n }),
      passes: false,
    }),
    onDemand: "its metadata can always be written",
  },
];
