import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { TopicLookupResponse_LookupType as LookupType } from "../../../gen/danube/danube_api_pb.ts";
import { type BrokerTransport, CallFailure } from "../../../src/transport/seam.ts";

export interface LifetimeOptions {
  /** Does `work` after so many milliseconds. */
  later(work: () => void, ms: number): void;
  /** Transports as a user's interceptor can make them: they take no notice of signals, time-outs, nor of their own end. */
  deaf?: boolean | undefined;
  /** The first lookup does not reach its broker. */
  firstLookupFails?: boolean | undefined;
  /** Topics whose owner is the second broker; others are created by who is asked. */
  elsewhere?: readonly string[] | undefined;
}

export interface LifetimeBrokers {
  readonly urls: readonly string[];
  readonly transport: (url: string) => BrokerTransport;
  /** From now on no call is answered; those under way neither. */
  silence(silent: boolean): void;
  /** Ends the owner of a topic, which another broker gets a little later. */
  killOwner(topic: string): void;
  /** The calls under way, by their methods. */
  inFlight(): string[];
  /** Transports that are not closed. */
  open(): number;
}

interface Call {
  readonly url: string;
  readonly method: string;
  fail(failure: CallFailure): void;
}

/** Requests of all methods. */
interface Request {
  topic?: string;
  topicName?: string;
}

const takesMs = 1;
const failoverMs = 5;

/** Two brokers without a network that do always the same: each answer takes a millisecond. */
export function lifetimeBrokers({ later, deaf, firstLookupFails, elsewhere = [] }: LifetimeOptions): LifetimeBrokers {
  const urls = ["http://a:1", "http://b:1"];
  const [, second = ""] = urls;
  const down = new Set<string>();
  const owners = new Map(elsewhere.map((topic) => [topic, second]));
  const calls = new Set<Call>();
  let producers = 0n;
  let transports = 0;
  let silent = false;
  let lookupFails = firstLookupFails === true;

  const schema = { subject: "s", schemaId: 1n, version: 1, schemaType: "string", compatibilityMode: "full" };
  const answers: Record<string, (url: string, request: Request) => Record<string, unknown>> = {
    TopicLookup(url, { topic = "" }) {
      const owner = owners.get(topic);
      if (owner === undefined) {
        throw new CallFailure("status", `Unable to find the requested topic: ${topic}`, { status: Code.NotFound });
      }
      const responseType = owner === url ? LookupType.Connect : LookupType.Redirect;
      return { responseType, connectUrl: owner, brokerUrl: owner };
    },
    TopicPartitions: (_, { topic = "" }) => ({
      partitions: [...owners.keys()].filter((name) => name.startsWith(topic)),
    }),
    CreateProducer(url, { topicName = "" }) {
      owners.set(topicName, owners.get(topicName) ?? url);
      return { producerId: ++producers };
    },
    RegisterSchema: () => ({ ...schema, isNewVersion: true }),
    Authenticate: () => ({ token: "t" }),
    // Of the registry, or of a topic at brokers that have none.
    GetSchema: () => ({ ...schema, schema: { name: "s", typeSchema: 1 } }),
    GetLatestSchema: () => schema,
    CheckCompatibility: () => ({ isCompatible: true }),
    GetTopicSchemaConfig: () => ({ schemaSubject: "s", validationPolicy: "warn" }),
  };

  function travel(call: Call, answer: () => void): void {
    if (silent) {
      return;
    }
    later(() => {
      const cut = lookupFails && call.method === "TopicLookup";
      if (cut || down.has(call.url)) {
        lookupFails &&= !cut;
        call.fail(new CallFailure("unreachable", `cannot connect to ${call.url}`));
      } else if (!silent) {
        answer();
      }
    }, takesMs);
  }

  function transport(url: string): BrokerTransport {
    const own = new Set<Call>();
    let closed = false;
    transports++;
    const unary = (
      { name, output }: { name: string; output: DescMessage },
      signal: AbortSignal | undefined,
      timeoutMs: number,
      _header: unknown,
      request: Request,
    ) =>
      new Promise((resolve, reject) => {
        const settle = (end: () => void) => {
          own.delete(call);
          if (calls.delete(call)) {
            clearTimeout(timer);
            signal?.removeEventListener("abort", aborted);
            end();
          }
        };
        const call: Call = { url, method: name, fail: (failure) => settle(() => reject(failure)) };
        const aborted = () => call.fail(new CallFailure("aborted", "the call was aborted"));
        const late = () => call.fail(new CallFailure("deadline", "no answer in time"));
        const timer = deaf ? undefined : setTimeout(late, timeoutMs);
        calls.add(call);
        own.add(call);
        if (!deaf) {
          signal?.addEventListener("abort", aborted, { once: true });
        }
        if (closed || signal?.aborted) {
          call.fail(new CallFailure(closed ? "lost" : "aborted", "the transport is closed, or the call aborted"));
          return;
        }
        travel(call, () => {
          try {
            const message = answers[name]?.(url, request) ?? {};
            settle(() => resolve({ message: create(output, message as MessageInitShape<DescMessage>) }));
          } catch (reason) {
            call.fail(reason as CallFailure);
          }
        });
      });
    const close = () => {
      transports -= closed ? 0 : 1;
      closed = true;
      for (const call of deaf ? [] : [...own]) {
        call.fail(new CallFailure("lost", "the transport was closed"));
      }
    };
    return { unary, close } as unknown as BrokerTransport;
  }

  return {
    urls,
    transport,
    silence: (on) => {
      silent = on;
    },
    killOwner(topic) {
      const owner = owners.get(topic) ?? "";
      down.add(owner);
      for (const call of [...calls].filter(({ url }) => url === owner)) {
        call.fail(new CallFailure("lost", "the broker ended"));
      }
      later(() => {
        for (const [name] of [...owners].filter(([, url]) => url === owner)) {
          owners.set(name, urls.find((url) => url !== owner) ?? "");
        }
      }, failoverMs);
    },
    inFlight: () => [...calls].map(({ method }) => method),
    open: () => transports,
  };
}
