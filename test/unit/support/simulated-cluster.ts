import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { TopicLookupResponse_LookupType as LookupType } from "../../../gen/danube/danube_api_pb.ts";
import { type BrokerTransport, CallFailure } from "../../../src/transport/seam.ts";

export interface SimulatedCluster {
  /** Three of the brokers. */
  readonly seeds: readonly string[];
  readonly topics: readonly string[];
  readonly transport: (url: string) => BrokerTransport;
  /** Calls so far: of a method, or of all of them. */
  calls(method?: string): number;
  /** The URLs of the transports that are not closed, in order; one twice where there are two to a broker. */
  open(): string[];
  /** The URLs of the brokers that live, in order. */
  alive(): string[];
  /** The topics of a broker. */
  topicsOf(url: string): string[];
  /** Gives a topic to another broker. The old one knows its producer no more. */
  move(topic: string): void;
  /** Ends a broker with every call on it. Its topics are served by nobody until {@link SimulatedCluster.failOver}. */
  kill(url: string): void;
  /** Gives the topics of dead brokers to living ones. */
  failOver(): void;
  /** How often topics went to another broker. */
  moves(): number;
}

/** A request of any of the methods. */
interface Request {
  topic?: string;
  topicName?: string;
  msgId?: { producerId: bigint; topicName: string };
}

/**
 * Many brokers without a network, on which the topics are spread evenly. They serve them as Danube does: any broker knows
 * the owner of each, and only that one takes producers and messages.
 *
 * It says the same at any size for the same cost, and holds nothing more for a call: what grows is the client's. So there are numbers in
 * arrays where brokers have tables, and a producer's id is the topic's number and how often that has moved.
 */
export function simulatedCluster(brokers: number, topicCount: number): SimulatedCluster {
  const urls = Array.from({ length: brokers }, (_, i) => `http://broker-${i}:6650`);
  const topics = Array.from({ length: topicCount }, (_, i) => topicName(i));
  const owners = Uint32Array.from(topics, (_, i) => i % brokers);
  const moves = new Uint32Array(topicCount);
  // The id of the topic's producer; 0: there is none.
  const producers = new Float64Array(topicCount);
  const dead = new Uint8Array(brokers);
  const transports = new Set<{ url: string }>();
  const counts = new Map<string, number>();

  function isKnown(topic: string): boolean {
    return topics[numberIn(topic)] === topic;
  }

  /** The names that begin so, which follow each other. */
  function namesFrom(prefix: string): string[] {
    const digits = prefix.slice(start.length);
    const range = 10 ** (digitCount - digits.length);
    const from = Number(digits) * range;
    return start.startsWith(prefix) ? [...topics] : topics.slice(from, from + range);
  }

  const answers: Record<string, (broker: number, request: Request) => Record<string, unknown>> = {
    TopicLookup(broker, { topic = "" }) {
      if (!isKnown(topic)) {
        throw refusal(Code.NotFound, `Unable to find the requested topic: ${topic}`);
      }
      const owner = owners[numberIn(topic)] as number;
      const url = urls[owner];
      const responseType = owner === broker ? LookupType.Connect : LookupType.Redirect;
      return { responseType, connectUrl: url, brokerUrl: url };
    },
    TopicPartitions: (_, { topic = "" }) => ({ partitions: isKnown(topic) ? [topic] : namesFrom(topic) }),
    CreateProducer(broker, { topicName: topic = "" }) {
      const number = numberIn(topic);
      if (!isKnown(topic) || owners[number] !== broker) {
        throw refusal(Code.Unavailable, "The topic exists but is served by another broker, redo the Lookup request");
      }
      producers[number] = 1 + number + (moves[number] as number) * topicCount;
      return { producerId: BigInt(producers[number]) };
    },
    SendMessage(broker, { msgId: { producerId, topicName: topic } = { producerId: 0n, topicName: "" } }) {
      const number = numberIn(topic);
      if (owners[number] !== broker || producerId === 0n || Number(producerId) !== producers[number]) {
        throw refusal(Code.NotFound, `The producer with id ${producerId} does not exist`);
      }
      return {};
    },
  };

  function transport(url: string): BrokerTransport {
    const broker = urls.indexOf(url);
    const self = { url };
    transports.add(self);
    const unary = async ({ name, output }: { name: string; output: DescMessage }, ...rest: unknown[]) => {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      const reached = broker >= 0 && dead[broker] === 0;
      // Long enough for a broker to die meanwhile.
      await undefined;
      if (!reached) {
        throw new CallFailure("unreachable", `cannot connect to ${url}`);
      }
      if (dead[broker] !== 0) {
        throw new CallFailure("lost", "the broker ended");
      }
      const message = answers[name]?.(broker, rest[3] as Request);
      return { stream: false, message: create(output, message as MessageInitShape<DescMessage>) };
    };
    const stream = () => Promise.reject(new Error("the simulated brokers have no streams"));
    return { unary, stream, close: () => void transports.delete(self) } as unknown as BrokerTransport;
  }

  function give(number: number): void {
    let next = owners[number] as number;
    do {
      next = (next + 1) % brokers;
    } while (dead[next] !== 0);
    owners[number] = next;
    moves[number] = (moves[number] as number) + 1;
    producers[number] = 0;
  }

  return {
    seeds: [0, 1, 2].map((part) => urls[Math.floor((part * brokers) / 3)] as string),
    topics,
    transport,
    calls: (method) =>
      method === undefined ? [...counts.values()].reduce((sum, count) => sum + count, 0) : (counts.get(method) ?? 0),
    open: () => [...transports].map(({ url }) => url).sort(),
    alive: () => urls.filter((_, broker) => dead[broker] === 0).sort(),
    topicsOf: (url) => topics.filter((_, number) => urls[owners[number] as number] === url),
    move: (topic) => give(numberIn(topic)),
    kill(url) {
      dead[urls.indexOf(url)] = 1;
    },
    failOver() {
      for (const [number, owner] of owners.entries()) {
        if (dead[owner] !== 0) {
          give(number);
        }
      }
    },
    moves: () => moves.reduce((sum, count) => sum + count, 0),
  };
}

const start = "/default/topic-";
const digitCount = 6;

/** All are of one length, so that none begins as another does. */
function topicName(number: number): string {
  return start + String(number).padStart(digitCount, "0");
}

function numberIn(topic: string): number {
  return Number(topic.slice(start.length));
}

function refusal(status: Code, message: string): CallFailure {
  return new CallFailure("status", message, { status });
}
