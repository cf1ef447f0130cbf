import { Code } from "@connectrpc/connect";
import type { Attempt, ErrorRow, Provoke } from "../row.ts";
import { creating } from "./create.ts";

// CreateProducer, when others come between its steps, and when the broker cannot do what it should.

const racers = 8;

/** Eight clients create the same new topic at once, again and again until a broker's answer begins with `words`. */
function racing(words: string, judged: (creates: Promise<unknown>[]) => Promise<Attempt>): Provoke {
  return async (context) => {
    const clients = Array.from({ length: racers }, (_, i) => {
      const { urls } = context;
      const turn = i % urls.length;
      return context.connect([], { brokers: [...urls.slice(turn), ...urls.slice(0, turn)], createTimeoutMs: 20_000 });
    });
    for (let round = 1; ; round++) {
      const topic = context.topic(`race-${round}`);
      const creates = clients.map((danube, i) => danube.createProducer({ topic, name: `racer-${i}` }));
      await Promise.allSettled(creates);
      if (round === 2_000 || context.wire.calls("CreateProducer").some((call) => call.words.startsWith(words))) {
        return { ...(await judged(creates)), calls: round * racers };
      }
    }
  };
}

export const createLuckRows: ErrorRow[] = [
  {
    id: "create-race",
    rpcs: ["CreateProducer"],
    when: "several create the topic at once, and another one was faster",
    status: Code.AlreadyExists,
    words: "Topic '…' already exists",
    error: { code: "UNAVAILABLE" },
    recovery: "time",
    setups: ["cluster"],
    provoke: racing("Topic ", async (creates) => ({ result: Promise.all(creates), passes: true })),
    onDemand: "it does one thing after the other",
  },
  {
    id: "create-race-conflict",
    rpcs: ["CreateProducer"],
    when: "the same; the broker takes the other one's topic for a partition of this one's: it is attached to",
    status: Code.AlreadyExists,
    words:
      "Cannot create topic '…': partitioned topics with this base name already exist (found 1 partitions). Delete the partitioned topics first.",
    recovery: "few",
    setups: ["cluster"],
    provoke: racing("Cannot create topic", async (creates) => ({ result: Promise.all(creates), passes: true })),
    onDemand: "it does one thing after the other",
  },
  {
    id: "create-limit-race",
    rpcs: ["CreateProducer"],
    when: "the same limit, reached by another producer while this one is created",
    status: Code.PermissionDenied,
    words: "Not able to create the Producer: Producer limit reached for topic …. Current: …, Limit: …",
    error: { code: "PRODUCER_LIMIT" },
    recovery: "none",
    setups: ["policies"],
    provoke: racing("Not able to create the Producer", async (creates) => {
      const results = await Promise.allSettled(creates);
      const failed = results.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
      return { result: Promise.reject(failed.find(({ message }) => message.includes("Not able"))), passes: false };
    }),
    onDemand: "it does one thing after the other",
  },
  {
    id: "create-unloaded",
    rpcs: ["CreateProducer"],
    when: "the topic is unloaded while the producer is created",
    status: Code.PermissionDenied,
    words: "Not able to create the Producer: Unable to find the topic: …",
    error: { code: "UNAVAILABLE" },
    recovery: "time",
    unreal: "the broker looks twice, within microseconds",
    onDemand: "it looks once",
  },
  {
    id: "create-id-taken",
    rpcs: ["CreateProducer"],
    when: "the random id of a producer is another one's",
    status: Code.PermissionDenied,
    words: "Not able to create the Producer:  the producer already exist",
    error: { code: "UNAVAILABLE" },
    recovery: "few",
    unreal: "of 2^64 ids",
    onDemand: "of 2^64 ids",
  },
  {
    id: "create-unwritten",
    rpcs: ["CreateProducer"],
    when: "the producer cannot be written to the metadata (the broker has it all the same, and gives it when asked again)",
    status: Code.PermissionDenied,
    words: "Not able to create the Producer: …",
    error: { code: "UNAVAILABLE" },
    recovery: "few",
    setups: ["no-quorum"],
    provoke: async (context) =>
      creating(context.connect().createProducer({ topic: context.kept.topic, name: context.subject() })),
    onDemand: "its metadata can always be written",
  },
  {
    id: "create-topic-unwritten",
    rpcs: ["CreateProducer"],
    when: "a new topic cannot be written to the metadata: the brokers have no leader at the moment",
    status: Code.Internal,
    words: "The broker unable to post the topic to metadata store, due to error: …",
    error: { code: "UNAVAILABLE" },
    recovery: "time",
    setups: ["no-quorum"],
    provoke: async (context) => ({
      result: context.connect().createProducer({ topic: context.topic() }),
      passes: false,
    }),
    onDemand: "its metadata can always be written",
  },
  {
    id: "create-unloadable",
    rpcs: ["CreateProducer"],
    when: "a new topic cannot be loaded; from then on it exists and nobody serves it",
    status: Code.Internal,
    words: "failed to load topic locally: …",
    error: { code: "UNAVAILABLE" },
    recovery: "time",
    setups: ["no-wal"],
    async provoke(context) {
      const creates = context.connect().createProducer({ topic: context.topic(), dispatch: "reliable" });
      return { result: creates, passes: false };
    },
    onDemand: "its topics can always be loaded",
  },
];
