import { Code } from "@connectrpc/connect";
import type {
  HealthCheckRequest_ClientType as ClientType,
  HealthCheckRequest,
  TopicLookupRequest,
  TopicPartitionsResponse,
} from "../../../gen/danube/danube_api_pb.ts";
import { calling, sendUntilRefused } from "../calls.ts";
import type { ErrorRow } from "../row.ts";
import { answered, changed } from "../wire.ts";

export const badName = "The topic: … has an invalid format, should be: /namespace_name/topic_name";

export const lookupRows: ErrorRow[] = [
  {
    id: "lookup-name",
    rpcs: ["TopicLookup", "TopicPartitions"],
    when: "a name that is none (createProducer throws before it asks)",
    status: Code.InvalidArgument,
    words: badName,
    error: { code: "INVALID_TOPIC" },
    recovery: "none",
    provoke: (context, rpc) =>
      calling(context, rpc, [changed<TopicLookupRequest>(rpc, (request) => (request.topic = "/default/no name"))]),
  },
  {
    id: "lookup-unknown",
    rpcs: ["TopicLookup"],
    when: "a topic that does not exist: it is created through the seed that said so",
    status: Code.NotFound,
    words: "Unable to find the requested topic: …",
    recovery: "none",
    provoke: async (context) => {
      const danube = context.connect();
      const { send } = await danube.createProducer({ topic: context.topic() });
      return { result: send("x"), passes: true };
    },
  },
  {
    id: "lookup-no-owner",
    rpcs: ["TopicLookup"],
    when: "a topic that exists and that no broker serves (a non-reliable one was unloaded)",
    status: Code.NotFound,
    words: "Unable to find the requested topic: …",
    error: { code: "UNAVAILABLE", outcome: "rejected" },
    recovery: "time",
    setups: ["cluster"],
    provoke: async (context) => {
      const topic = context.topic();
      const { send } = await context.connect().createProducer({ topic, dispatch: "non-reliable" });
      await context.admin.unload(topic);
      return { ...(await sendUntilRefused(context, send)), passes: false };
    },
  },
  {
    id: "partitions-unknown",
    rpcs: ["TopicPartitions"],
    when: "a topic that does not exist: an empty list, which schemas.topicConfig calls TOPIC_NOT_FOUND",
    status: 0,
    words: "",
    error: { code: "TOPIC_NOT_FOUND" },
    recovery: "none",
    provoke: async (context) => ({
      result: context.connect().schemas.topicConfig(context.topic()),
      passes: false,
    }),
  },
  {
    id: "partitions-foreign",
    rpcs: ["TopicPartitions"],
    when: "a topic that does not exist, and that others begin with: their names, which do not count",
    status: 0,
    words: "",
    error: { code: "TOPIC_NOT_FOUND" },
    recovery: "none",
    provoke: async (context) => {
      const topic = context.topic();
      await context.other().createProducer({ topic: `${topic}-longer` });
      const listed: string[] = [];
      const look = answered<TopicPartitionsResponse>("TopicPartitions", ({ partitions }) => listed.push(...partitions));
      const asking = context.connect([look]).schemas.topicConfig(topic);
      const result = asking.finally(() => {
        if (!listed.includes(`${topic}-longer`)) {
          throw new Error(`the broker listed ${listed.join() || "nothing"}`);
        }
      });
      return { result, passes: false };
    },
  },
  {
    id: "health-kind",
    rpcs: ["HealthCheck"],
    when: "a client that is neither producer nor consumer (the library asks for producers)",
    status: Code.InvalidArgument,
    words: "Invalid client type",
    error: { code: "PROTOCOL" },
    recovery: "none",
    provoke: (context, rpc) =>
      calling(context, rpc, [changed<HealthCheckRequest>(rpc, (request) => (request.client = 7 as ClientType))]),
  },
  {
    id: "health-unknown",
    rpcs: ["HealthCheck"],
    when: "a producer that does not exist: OK, with status CLOSE; what ready() asks for",
    status: 0,
    words: "",
    recovery: "none",
    provoke: (context, rpc) => calling(context, rpc),
  },
];
