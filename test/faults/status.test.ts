import { startBroker } from "@danube-messaging/client/testing";
import { expect, test } from "vitest";
import { connect } from "./connect.ts";

// What a client tells of itself, as data, from the first connection to the end of a recovery.

test("status() tells who is recovering and why, and counts what happened", async () => {
  await using broker = await startBroker({ brokers: 2, failoverMs: 400, loadMs: 10 });
  await using danube = connect({ brokers: broker.urls, onEvent: () => {} });
  const topic = "/default/told";
  const { send } = await danube.createProducer({ topic, partitions: 2, dispatch: "reliable" });
  await Promise.all([send("1"), send("2")]);
  const before = danube.status();
  expect(before.producers).toMatchObject([{ topic, acknowledged: 2n, failed: 0n, recovering: [] }]);
  expect(before.counters).toMatchObject({ ownersFound: 2, ownersLost: 0, recoveries: 0, disconnected: 0 });
  expect(before.owners.map((owner) => owner.topic).sort()).toEqual([`${topic}-part-0`, `${topic}-part-1`]);

  const begun = Date.now();
  const dead = broker.topics().find((state) => state.topic === `${topic}-part-0`)?.owner as number;
  await broker.kill(dead);
  const sending = Promise.all([send("3"), send("4")]);
  await expect.poll(() => danube.status().producers[0]?.recovering, { timeout: 2_000, interval: 10 }).toHaveLength(1);
  const during = danube.status();
  const [lost] = during.producers[0]?.recovering ?? [];
  expect(lost).toMatchObject({ topic: `${topic}-part-0`, error: { name: "DanubeError", code: "UNAVAILABLE" } });
  expect(lost?.since).toBeGreaterThanOrEqual(begun);
  expect(during.owners.map((owner) => owner.topic)).toEqual([`${topic}-part-1`]);
  expect(during.producers[0]?.queuedMessages).toBeGreaterThan(0);
  expect(during.counters).toMatchObject({ ownersLost: 1, recoveries: 0, disconnected: 1 });

  await sending;
  const after = danube.status();
  expect(after.producers).toMatchObject([{ acknowledged: 4n, failed: 0n, queuedMessages: 0, recovering: [] }]);
  expect(after.counters).toMatchObject({ recoveries: 1, messagesAcknowledged: 4n, messagesFailed: 0n });
  expect(after.counters.ownersFound).toBeGreaterThan(2);
  expect(after.counters.retries).toBeGreaterThan(0);
  expect(after.connections.map(({ url }) => url)).toContain(broker.urls[1 - dead]);
});
