import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { TopicLookupResponse_LookupType as LookupType } from "../../../gen/danube/danube_api_pb.ts";
import { type BrokerTransport, CallFailure } from "../../../src/transport/seam.ts";
import { drawFault } from "./chaos-faults.ts";
import type { Random } from "./random.ts";

/** What SendMessage carries. */
export interface SentMessage {
  msgId: { producerId: bigint; topicName: string };
  producerName: string;
  payload: Uint8Array;
  attributes: Record<string, string>;
  routingKey?: string;
}

export interface ChaosOptions {
  random: Random;
  /** Does `work` after so many milliseconds. */
  later(work: () => void, ms: number): void;
  accept(message: SentMessage): void;
  log(line: string): void;
}

export interface ChaosBrokers {
  readonly urls: readonly string[];
  readonly transport: (url: string) => BrokerTransport;
  /** The share of calls that fail, and whether failures are among them that no retry helps against. */
  readonly weather: { faults: number; final: boolean };
  change(weather: ChaosBrokers["weather"]): void;
  /** Gives a topic to another broker. */
  move(topic: string): void;
  /** A broker ends with everything it has in memory, and comes back later. */
  kill(url: string): void;
  /** Calls that the client waits for: of a method, or of all. */
  inFlight(method?: string): number;
  /** The most that were in flight at once: SendMessage by topic and by key, CreateProducer by topic. */
  readonly peaks: { topic: number; key: number; creating: number };
  /** Calls of SendMessage that were given up before they were made. */
  wasted(): number;
  /** Transports that are not closed. */
  open(): number;
}

interface Call {
  readonly url: string;
  readonly method: string;
  readonly topic: string;
  readonly key: string | undefined;
  fail(failure: CallFailure): void;
}

/** A request of any of the methods. */
interface Request extends Partial<SentMessage> {
  topic?: string;
  topicName?: string;
  id?: bigint;
}

/** Three brokers without a network. They serve topics as Danube does, and calls to them go wrong in every way. */
export function chaosBrokers({ random, later, accept, log }: ChaosOptions): ChaosBrokers {
  const urls = ["http://a:1", "http://b:1", "http://c:1"];
  const down = new Set<string>();
  const owners = new Map<string, string>();
  // By broker: the topic of each producer it knows.
  const producers = new Map(urls.map((url) => [url, new Map<bigint, { topic: string; name: string }>()]));
  const calls = new Set<Call>();
  const weather = { faults: 0, final: false };
  const peaks = { topic: 0, key: 0, creating: 0 };
  let ids = 0n;
  let transports = 0;
  let wasted = 0;

  const known = (url: string) => producers.get(url) as Map<bigint, { topic: string; name: string }>;
  const soon = (work: () => void) => later(work, random.below(3));

  const answers: Record<string, (url: string, request: Request) => Record<string, unknown>> = {
    TopicLookup(url, { topic = "" }) {
      const owner = owners.get(topic);
      if (owner === undefined) {
        throw refusal(Code.NotFound, `Unable to find the requested topic: ${topic}`);
      }
      const responseType = owner === url ? LookupType.Connect : LookupType.Redirect;
      return { responseType, connectUrl: owner, brokerUrl: owner };
    },
    TopicPartitions: (_, { topic = "" }) => ({
      partitions: owners.has(topic) ? [topic] : [...owners.keys()].filter((name) => name.startsWith(topic)),
    }),
    CreateProducer(url, { topicName: topic = "", producerName: name = "" }) {
      if ((owners.get(topic) ?? url) !== url) {
        throw refusal(Code.Unavailable, "The topic exists but is served by another broker, redo the Lookup request");
      }
      owners.set(topic, url);
      const same = [...known(url)].find(([, producer]) => producer.topic === topic && producer.name === name);
      const producerId = same?.[0] ?? ++ids;
      known(url).set(producerId, { topic, name });
      return { producerId };
    },
    SendMessage(url, request) {
      const message = request as SentMessage;
      const { producerId, topicName } = message.msgId;
      const producer = known(url).get(producerId);
      if (producer?.topic !== topicName || producer.name !== message.producerName) {
        throw refusal(Code.NotFound, `The producer with id ${producerId} does not exist`);
      }
      if (owners.get(topicName) !== url) {
        const why = `Topic ${topicName} is draining or closed; retry lookup/moved`;
        throw refusal(Code.PermissionDenied, `Unable to publish the message: ${why}`);
      }
      accept(message);
      return {};
    },
    HealthCheck: (url, { id = 0n }) => ({ status: known(url).has(id) ? 0 : 1 }),
  };

  /** Lets a call go its way: there, back, or astray. */
  function travel(call: Call, act: () => Record<string, unknown>, answer: (message: Record<string, unknown>) => void) {
    // Calls that are given up may still be on their way.
    const ghost = random.below(2) === 0;
    const attempt = (then: (message: Record<string, unknown>) => void) => {
      try {
        if (!down.has(call.url) && (ghost || calls.has(call))) {
          then(act());
        }
      } catch (reason) {
        soon(() => call.fail(reason as CallFailure));
      }
    };
    const fault = random.next() < weather.faults ? drawFault(random, call.method, weather.final) : undefined;
    const { failure, acts } = fault ?? { failure: undefined, acts: "before" };
    const tell = () => failure && call.fail(failure);
    if (down.has(call.url)) {
      soon(() => call.fail(new CallFailure("unreachable", `cannot connect to ${call.url}`)));
    } else if (!fault) {
      soon(() => attempt((message) => soon(() => answer(message))));
    } else {
      log(`  ${call.method} to ${call.url}: ${failure?.message ?? "no answer"}, acts ${acts}`);
      soon(() => {
        if (acts === "before") {
          attempt(() => {});
        }
        soon(tell);
        if (acts === "late") {
          later(() => attempt(() => {}), random.below(40));
        }
      });
    }
  }

  const inFlight = (is: (call: Call) => boolean) => [...calls].filter(is).length;

  function notePeaks({ method, topic, key }: Call): void {
    const there = (call: Call) => call.method === method && call.topic === topic;
    if (method === "SendMessage") {
      peaks.topic = Math.max(peaks.topic, inFlight(there));
      peaks.key = Math.max(
        peaks.key,
        inFlight((call) => there(call) && call.key === key),
      );
    } else if (method === "CreateProducer") {
      peaks.creating = Math.max(peaks.creating, inFlight(there));
    }
  }

  function transport(url: string): BrokerTransport {
    transports++;
    let closed = false;
    const unary = (
      { name, output }: { name: string; output: DescMessage },
      signal: AbortSignal | undefined,
      timeoutMs: number,
      _header: unknown,
      request: Request,
    ) =>
      new Promise((resolve, reject) => {
        const settle = (end: () => void) => {
          if (calls.delete(call)) {
            clearTimeout(timer);
            signal?.removeEventListener("abort", aborted);
            end();
          }
        };
        const call: Call = {
          url,
          method: name,
          topic: request.topic ?? request.topicName ?? request.msgId?.topicName ?? "",
          key: request.routingKey,
          fail: (failure) => settle(() => reject(failure)),
        };
        const aborted = () => call.fail(new CallFailure("aborted", "the call was aborted"));
        const timer = setTimeout(() => call.fail(new CallFailure("deadline", "no answer in time")), timeoutMs);
        calls.add(call);
        notePeaks(call);
        signal?.addEventListener("abort", aborted, { once: true });
        if (signal?.aborted) {
          wasted += name === "SendMessage" ? 1 : 0;
          aborted();
        } else if (closed) {
          call.fail(new CallFailure("lost", "the transport is closed"));
        } else {
          const answer = (message: Record<string, unknown>) =>
            settle(() => resolve({ message: create(output, message as MessageInitShape<DescMessage>) }));
          travel(call, () => answers[name]?.(url, request) ?? {}, answer);
        }
      });
    const close = () => {
      transports -= closed ? 0 : 1;
      closed = true;
    };
    return { unary, close } as unknown as BrokerTransport;
  }

  const another = (url: string | undefined) => random.pick(urls.filter((one) => one !== url && !down.has(one)));

  return {
    urls,
    transport,
    weather,
    change: (to) => void Object.assign(weather, to),
    move(topic) {
      const from = owners.get(topic);
      if (from === undefined) {
        return;
      }
      owners.set(topic, another(from));
      // The old one either has unloaded the topic, or is about to.
      for (const [id, producer] of random.below(2) === 0 ? known(from) : []) {
        if (producer.topic === topic) {
          known(from).delete(id);
        }
      }
      log(`move ${topic} from ${from} to ${owners.get(topic)}`);
    },
    kill(url) {
      if (down.size > 0) {
        return;
      }
      log(`kill ${url}`);
      down.add(url);
      known(url).clear();
      for (const call of [...calls].filter((one) => one.url === url)) {
        call.fail(new CallFailure("lost", "the broker ended"));
      }
      const moved = [...owners].filter(([, owner]) => owner === url && random.below(2) === 0);
      later(() => {
        for (const [topic] of moved) {
          owners.set(topic, another(url));
        }
      }, random.below(30));
      later(() => {
        log(`${url} is back`);
        down.delete(url);
      }, random.below(60));
    },
    inFlight: (method) => inFlight((call) => method === undefined || call.method === method),
    peaks,
    wasted: () => wasted,
    open: () => transports,
  };
}

function refusal(status: Code, message: string): CallFailure {
  return new CallFailure("status", message, { status });
}
