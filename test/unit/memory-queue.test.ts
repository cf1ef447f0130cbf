import { afterEach, expect, test, vi } from "vitest";
import { connect } from "../../src/index.ts";
import type { Order } from "../../src/producer/window.ts";
import { memoryBroker } from "./support/memory-broker.ts";
import { seeded } from "./support/random.ts";
import { virtualTime } from "./support/virtual-time.ts";

// A broker that is slower than its senders: ready() holds them back, and the queue stays within its limits.

afterEach(() => void vi.useRealTimers());

const messages = 2_000;
const limits = { maxQueuedMessages: 50, maxQueuedBytes: 20_000 };

const trials: [senders: number, order: Order, partitions: number | undefined][] = [
  [1, "partition", undefined],
  [4, "partition", undefined],
  [4, "partition", 3],
  [1, "none", undefined],
  [4, "none", undefined],
  [4, "key", undefined],
];

test.each(trials)("%i senders, order %s, partitions %s", async (senders, order, partitions) => {
  const time = virtualTime();
  const random = seeded(senders);
  const broker = memoryBroker((method) =>
    method === "SendMessage" ? new Promise((resolve) => setTimeout(resolve, 1 + random.below(5))) : Promise.resolve(),
  );
  const danube = connect({ brokers: "http://memory:1", transport: broker.transport, maxMessageBytes: 1_000 });
  const options = { topic: "/default/slow", order, partitions, maxInFlight: 16, ...limits };
  const producer = await time.until(danube.createProducer(options), 1_000);

  const peak = { messages: 0, bytes: 0 };
  const failures: unknown[] = [];
  const watchQueue = () => {
    const [{ queuedMessages, queuedBytes } = { queuedMessages: 0, queuedBytes: 0 }] = danube.status().producers;
    peak.messages = Math.max(peak.messages, queuedMessages);
    peak.bytes = Math.max(peak.bytes, queuedBytes);
  };
  let left = messages;
  const sender = async () => {
    while (left-- > 0) {
      await producer.ready();
      const payload = new Uint8Array(random.below(700));
      producer.send(payload, { key: `key-${random.below(8)}` }).catch((error) => failures.push(error));
      watchQueue();
    }
  };
  await time.until(Promise.all(Array.from({ length: senders }, sender)), 60_000);
  await time.until(producer.flush(), 60_000);

  expect(failures).toEqual([]);
  expect(broker.calls("SendMessage")).toBe(messages);
  expect(peak.messages).toBeLessThanOrEqual(limits.maxQueuedMessages);
  expect(peak.bytes).toBeLessThanOrEqual(limits.maxQueuedBytes);
  // The queue was used: nobody waits while there is room.
  expect(peak.bytes).toBeGreaterThan(limits.maxQueuedBytes / 2);
  await time.until(danube.close(), 1_000);
});

test("whoever awaits ready() loses no message to a broker that is too slow for the queue", async () => {
  const time = virtualTime();
  const broker = memoryBroker((method) =>
    method === "SendMessage" ? new Promise((resolve) => setTimeout(resolve, 10)) : Promise.resolve(),
  );
  const danube = connect({ brokers: "http://memory:1", transport: broker.transport, sendTimeoutMs: 4_000 });
  const producer = await time.until(danube.createProducer({ topic: "/default/slower" }), 1_000);
  const failures: unknown[] = [];
  const sending = async () => {
    for (let i = 0; i < messages; i++) {
      await producer.ready();
      producer.send(String(i)).catch((error) => failures.push(error));
    }
    await producer.flush();
  };
  // Twenty seconds' worth, each message with four.
  await time.until(sending(), 60_000);
  expect(failures).toEqual([]);
  expect(broker.calls("SendMessage")).toBe(messages);
  await time.until(danube.close(), 1_000);
});
