import { Code } from "@connectrpc/connect";
import { text } from "@danube-messaging/client";
import {
  type DispatchStrategy,
  TopicLookupResponse_LookupType as LookupType,
  type ProducerRequest,
  type TopicLookupRequest,
  type TopicLookupResponse,
  type TopicPartitionsResponse,
} from "../../../gen/danube/danube_api_pb.ts";
import { calling } from "../calls.ts";
import type { Attempt, ErrorRow } from "../row.ts";
import { answered, changed, once } from "../wire.ts";
import { badName } from "./lookup.ts";

// CreateProducer. `createProducer` has no outcome.

/** The producer's own message shows that it was created where the topic is served. */
export function creating(result: Promise<{ send(payload: string): Promise<unknown> }>): Attempt {
  return { result: result.then(({ send }) => send("x")), passes: true };
}

export const createRows: ErrorRow[] = [
  {
    id: "create-name",
    rpcs: ["CreateProducer"],
    when: "a name that is none (createProducer throws before it asks)",
    status: Code.InvalidArgument,
    words: badName,
    error: { code: "INVALID_TOPIC" },
    recovery: "none",
    provoke: (context, rpc) =>
      calling(context, rpc, [changed<ProducerRequest>(rpc, (request) => (request.topicName = "/default/no name"))]),
  },
  {
    id: "create-dispatch-unknown",
    rpcs: ["CreateProducer"],
    when: "a new topic with a dispatch strategy that there is none of",
    status: Code.InvalidArgument,
    words: "Dispatch strategy is missing",
    error: { code: "PROTOCOL" },
    recovery: "none",
    async provoke(context, rpc) {
      const spoil = changed<ProducerRequest>(rpc, (request) => (request.dispatchStrategy = 7 as DispatchStrategy));
      return { result: context.connect([spoil]).createProducer({ topic: context.topic() }), passes: false };
    },
  },
  {
    id: "create-elsewhere",
    rpcs: ["CreateProducer"],
    when: "the topic is another broker's, or its owner has not loaded it yet",
    status: Code.Unavailable,
    words: "The topic exists but is served by another broker, redo the Lookup request",
    error: { code: "UNAVAILABLE" },
    recovery: "time",
    setups: ["cluster"],
    async provoke(context) {
      const topic = context.topic();
      const other = context.other();
      await other.createProducer({ topic });
      const owner = other.status().owners[0]?.url;
      // The first broker that is asked calls itself the owner.
      const boast = answered<TopicLookupResponse>(
        "TopicLookup",
        (answer) => (answer.responseType = LookupType.Connect),
      );
      const seed = context.urls.find((url) => url !== owner) as string;
      const danube = context.connect([once(boast)], { brokers: [seed, ...context.urls] });
      return creating(danube.createProducer({ topic }));
    },
  },
  {
    id: "create-pending",
    rpcs: ["CreateProducer"],
    when: "the topic was just created in a cluster",
    status: Code.Unavailable,
    words: "The topic metadata was created, need to redo the lookup to find the correct broker",
    error: { code: "UNAVAILABLE" },
    recovery: "time",
    setups: ["cluster"],
    provoke: async (context) => creating(context.connect().createProducer({ topic: context.topic() })),
  },
  {
    id: "create-namespace",
    rpcs: ["CreateProducer"],
    when: "the namespace does not exist",
    status: Code.Unavailable,
    words: "Unable to find the namespace …, the topic can be created only for an exisiting namespace",
    error: { code: "NAMESPACE_NOT_FOUND" },
    recovery: "none",
    provoke: async (context) => ({
      result: context.connect().createProducer({ topic: `/${context.subject("ns")}/topic` }),
      passes: false,
    }),
  },
  {
    id: "create-none",
    rpcs: ["CreateProducer"],
    when: "the topic does not exist, and brokers do not create topics (auto_create_topics: false)",
    status: Code.NotFound,
    words: "Unable to find the topic: …",
    error: { code: "TOPIC_NOT_FOUND" },
    recovery: "none",
    setups: ["no-auto-create"],
    provoke: async (context) => ({
      result: context.connect().createProducer({ topic: context.topic() }),
      passes: false,
    }),
  },
  {
    id: "create-beside-longer",
    rpcs: ["CreateProducer"],
    when: "a new plain topic that another one begins with",
    status: Code.AlreadyExists,
    words:
      "Cannot create topic '…': partitioned topics with this base name already exist (found … partitions). Delete the partitioned topics first.",
    error: { code: "TOPIC_CONFLICT" },
    recovery: "none",
    async provoke(context) {
      const topic = context.topic();
      await context.other().createProducer({ topic: `${topic}-longer` });
      return { result: context.connect().createProducer({ topic }), passes: false };
    },
  },
  {
    id: "create-beside-partitions",
    rpcs: ["CreateProducer"],
    when: "a plain topic where there is a partitioned one: its partitions are adopted",
    status: Code.AlreadyExists,
    words:
      "Cannot create topic '…': partitioned topics with this base name already exist (found 2 partitions). Delete the partitioned topics first.",
    recovery: "few",
    async provoke(context) {
      const topic = context.topic();
      await context.other().createProducer({ topic, partitions: 2 });
      // The client asks for just this name before it creates: it is told that there is nothing, and then what there is.
      let asked = 0;
      const count = changed<TopicLookupRequest>(
        "TopicPartitions",
        (request) => (asked += request.topic === topic ? 1 : 0),
      );
      const none = answered<TopicPartitionsResponse>("TopicPartitions", (answer) => {
        answer.partitions = asked === 1 ? [] : answer.partitions;
      });
      return creating(context.connect([{ ...count, ...none }]).createProducer({ topic }));
    },
  },
  {
    id: "create-beside-plain",
    rpcs: ["CreateProducer"],
    when: "a partition where there is a plain topic (createProducer finds out before it asks)",
    status: Code.AlreadyExists,
    words:
      "Cannot create partitioned topic '…': a non-partitioned topic '…' already exists. Delete the non-partitioned topic first.",
    error: { code: "TOPIC_CONFLICT" },
    recovery: "none",
    async provoke(context) {
      const topic = context.topic();
      await context.other().createProducer({ topic });
      const none = answered<TopicPartitionsResponse>("TopicPartitions", (answer) => (answer.partitions = []));
      return { result: context.connect([none]).createProducer({ topic, partitions: 1 }), passes: false };
    },
  },
  {
    id: "create-dispatch",
    rpcs: ["CreateProducer"],
    when: "the topic has the other dispatch strategy, and one was asked for",
    status: Code.FailedPrecondition,
    words: "Producer requested dispatch strategy does not match topic strategy",
    error: { code: "DISPATCH_MISMATCH" },
    recovery: "none",
    async provoke(context) {
      const topic = context.topic();
      await context.other().createProducer({ topic, dispatch: "reliable" });
      return { result: context.connect().createProducer({ topic, dispatch: "non-reliable" }), passes: false };
    },
  },
  {
    id: "create-dispatch-adopted",
    rpcs: ["CreateProducer"],
    when: "the topic has the other dispatch strategy, and none was asked for: it is adopted",
    status: Code.FailedPrecondition,
    words: "Producer requested dispatch strategy does not match topic strategy",
    recovery: "none",
    async provoke(context) {
      const topic = context.topic();
      await context.other().createProducer({ topic, dispatch: "reliable" });
      return creating(context.connect().createProducer({ topic }));
    },
  },
  {
    id: "create-subject",
    rpcs: ["CreateProducer"],
    when: "the topic belongs to another schema subject",
    status: Code.FailedPrecondition,
    words: "Topic '…' uses schema subject '…', cannot use '…'. Only admin can change topic schema.",
    error: { code: "SCHEMA_MISMATCH" },
    recovery: "none",
    async provoke(context) {
      const topic = context.topic();
      await context.other().createProducer({ topic, schema: text(context.subject("first")) });
      const schema = text(context.subject("second"));
      return { result: context.connect().createProducer({ topic, schema }), passes: false };
    },
  },
  {
    id: "create-subject-missing",
    rpcs: ["CreateProducer"],
    when: "the producer's subject is not registered, or this broker has not heard of it yet",
    status: Code.FailedPrecondition,
    words:
      "Failed to assign schema '…' to topic '…': Schema subject '…' not found in registry. Please register schema first.. Ensure schema is registered first.",
    error: { code: "SCHEMA_NOT_FOUND" },
    recovery: "few",
    async provoke(context) {
      const topic = context.topic();
      await context.other().createProducer({ topic });
      const unknown = context.subject("unknown");
      const lie = changed<ProducerRequest>("CreateProducer", ({ schemaRef }) => {
        Object.assign(schemaRef ?? {}, { subject: unknown });
      });
      return {
        result: context.connect([lie]).createProducer({ topic, schema: text(context.subject()) }),
        passes: false,
      };
    },
  },
  {
    id: "create-limit",
    rpcs: ["CreateProducer"],
    when: "the namespace's max_producers_per_topic is reached, in brokers that never forget a producer",
    status: Code.ResourceExhausted,
    words: "Producer limit reached for topic …. Current: 1, Limit: 1",
    error: { code: "PRODUCER_LIMIT" },
    recovery: "none",
    setups: ["policies"],
    async provoke(context) {
      const topic = context.topic();
      await context.other().createProducer({ topic, name: "first" });
      return { result: context.connect().createProducer({ topic, name: "second" }), passes: false };
    },
  },
  {
    id: "create-exclusive",
    rpcs: ["CreateProducer"],
    when: "another producer is exclusive",
    status: Code.PermissionDenied,
    words: "Not able to create the Producer: the topic … has an exclusive producer",
    error: { code: "EXCLUSIVE_PRODUCER" },
    recovery: "none",
    unreal: "brokers up to 0.15.1 store the access mode and enforce nothing; the words are ours",
    onDemand: "by itself only with enforceExclusive: test/faults/recovery.test.ts",
  },
];
