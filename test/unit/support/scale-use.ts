import process from "node:process";
import { connect, type Danube, type Producer } from "../../../src/index.ts";
import { heldBytes } from "./held-bytes.ts";
import { type SimulatedCluster, simulatedCluster } from "./simulated-cluster.ts";

// Clients of a small cluster and of a large one, for the tests and, at greater length, for bench/.

export interface Scale {
  brokers: number;
  topics: number;
}

/** As many topics to a broker in both. */
export const small: Scale = { brokers: 10, topics: 100 };
export const large: Scale = { brokers: 1_000, topics: 10_000 };

export interface ScaledClient {
  danube: Danube;
  cluster: SimulatedCluster;
  /** One for each topic. */
  producers: Producer[];
}

/** A client with a producer on every topic, each of which has sent a message. */
export async function scaledClient(
  { brokers, topics }: Scale,
  cluster: SimulatedCluster = simulatedCluster(brokers, topics),
): Promise<ScaledClient> {
  const danube = connect({ brokers: cluster.seeds, transport: cluster.transport, onEvent() {} });
  const producers: Producer[] = [];
  for (let i = 0; i < topics; i += atOnce) {
    const some = cluster.topics.slice(i, i + atOnce);
    producers.push(...(await Promise.all(some.map((topic) => danube.createProducer({ topic })))));
  }
  await sendInTurn(producers, topics);
  return { danube, cluster, producers };
}

/** Messages that are under way at once, however many topics there are: what these cost is not what is compared. */
const atOnce = 100;

/** Sends so many messages, one producer after the other, from the first one on. */
export async function sendInTurn(producers: readonly Producer[], messages: number): Promise<void> {
  for (let i = 0; i < messages; i += atOnce) {
    const from = i % producers.length;
    await Promise.all(producers.slice(from, from + atOnce).map(({ send }) => send(payload)));
  }
}

const payload = new Uint8Array(1024);

/** The CPU time of so many sends, in microseconds for each. */
export async function cpuMicros(producers: readonly Producer[], messages: number): Promise<number> {
  const before = process.cpuUsage();
  await sendInTurn(producers, messages);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / messages;
}

export interface ScaledClients {
  clients: readonly ScaledClient[];
  /** Of all clients. */
  producers: readonly Producer[];
  /** What they hold for each of their topics now, in bytes. */
  bytesPerTopic(): Promise<number>;
  close(): Promise<void>;
}

/** So many clients alike, each on a cluster of its own. */
export async function scaledClients(count: number, scale: Scale): Promise<ScaledClients> {
  const clusters = Array.from({ length: count }, () => simulatedCluster(scale.brokers, scale.topics));
  const before = await heldBytes();
  const clients: ScaledClient[] = [];
  for (const cluster of clusters) {
    clients.push(await scaledClient(scale, cluster));
  }
  return {
    clients,
    producers: clients.flatMap(({ producers }) => producers),
    bytesPerTopic: async () => ((await heldBytes()) - before) / (count * scale.topics),
    async close() {
      await Promise.all(clients.map(({ danube }) => danube.close()));
    },
  };
}
