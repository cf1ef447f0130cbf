import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { TopicLookupResponse_LookupType as LookupType } from "../../../gen/danube/danube_api_pb.ts";
import type { BrokerTransport } from "../../../src/transport/seam.ts";

export interface MemoryBroker {
  /** For `connect()`: every URL leads here. */
  readonly transport: () => BrokerTransport;
  /** Calls so far: of a method, or of all of them. */
  calls(method?: string): number;
}

/**
 * A broker without a network that takes everything: TopicLookup answers Connect, CreateProducer gives the next id. It
 * keeps nothing but counts, so what a program holds on to is the client's.
 *
 * `delay` is how long an answer takes; by default all calls of one turn of the event loop are answered in the next, as a
 * connection would.
 */
export function memoryBroker(delay: (method: string) => Promise<void> = nextTurn()): MemoryBroker {
  const counts = new Map<string, number>();
  let producers = 0n;
  const answers: Record<string, () => Record<string, unknown>> = {
    TopicLookup: () => ({ responseType: LookupType.Connect, connectUrl: "", brokerUrl: "http://memory:1" }),
    CreateProducer: () => ({ producerId: ++producers }),
  };
  const unary = async ({ name, output }: { name: string; output: DescMessage }) => {
    counts.set(name, (counts.get(name) ?? 0) + 1);
    await delay(name);
    const message = create(output, answers[name]?.() as MessageInitShape<DescMessage>);
    return { stream: false, message };
  };
  const stream = () => Promise.reject(new Error("the broker in memory has no streams"));
  const transport = { unary, stream, close() {} } as unknown as BrokerTransport;
  return {
    transport: () => transport,
    calls: (method) =>
      method === undefined ? [...counts.values()].reduce((sum, count) => sum + count, 0) : (counts.get(method) ?? 0),
  };
}

function nextTurn(): () => Promise<void> {
  let turn: Promise<void> | undefined;
  return () => {
    turn ??= new Promise((resolve) => {
      setImmediate(() => {
        turn = undefined;
        resolve();
      });
    });
    return turn;
  };
}
