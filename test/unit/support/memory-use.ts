import { connect, type Danube } from "../../../src/index.ts";
import { heldBytes } from "./held-bytes.ts";
import { type MemoryBroker, memoryBroker } from "./memory-broker.ts";

// The two measurements of memory, for the tests and, at greater length, for bench/.

const payload = new Uint8Array(1024);

/** Sends so many messages in ten tenths. Gives the bytes held after each. */
export async function heldByTenths(messages: number): Promise<number[]> {
  const broker = memoryBroker();
  const danube = connect({ brokers: "http://memory:1", transport: broker.transport });
  const producer = await danube.createProducer({ topic: "/default/memory", maxQueuedMessages: 1_000 });
  const held: number[] = [];
  let failure: unknown;
  for (let tenth = 0; tenth < 10; tenth++) {
    for (let i = 0; i < messages / 10; i++) {
      await producer.ready();
      producer.send(payload, { attributes: { n: "1" }, key: "k" }).catch((error) => (failure = error));
    }
    await producer.flush();
    held.push(await heldBytes());
  }
  await danube.close();
  if (failure !== undefined || broker.calls("SendMessage") !== messages) {
    throw new Error(`${broker.calls("SendMessage")} of ${messages} messages arrived`, { cause: failure });
  }
  return held;
}

/** How much the last tenth holds, beside the second: the first is warming up. */
export function growth(held: readonly number[]): number {
  return (held.at(-1) as number) / (held[1] as number);
}

export interface IdleProducers {
  danube: Danube;
  broker: MemoryBroker;
  /** What each of them holds now. */
  bytesEach(): Promise<number>;
}

/** Creates so many producers on so many topics, lets each send so many messages, and leaves them alone. */
export async function idleProducers(count: number, topics: number, messages = 0): Promise<IdleProducers> {
  const broker = memoryBroker();
  const danube = connect({ brokers: "http://memory:1", transport: broker.transport });
  const start = async (topic: string, name: string) => {
    const producer = await danube.createProducer({ topic, name });
    for (let i = 0; i < messages; i++) {
      await producer.send(payload);
    }
  };
  // The first has what all share, and what is compiled on the way.
  await start("/default/first", "first");
  const before = await heldBytes();
  // In groups: what is under way at once is not what is measured.
  for (let i = 0; i < count; i += 100) {
    const group = Array.from({ length: Math.min(100, count - i) }, (_, j) => i + j);
    await Promise.all(group.map((n) => start(`/default/topic-${n % topics}`, `producer-${n}`)));
  }
  return { danube, broker, bytesEach: async () => ((await heldBytes()) - before) / count };
}
