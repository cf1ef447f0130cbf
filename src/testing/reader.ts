import {
  ConsumerService,
  HealthCheck,
  HealthCheckRequest_ClientType,
  HealthCheckResponse_ClientStatus,
  type StreamMessage,
  ConsumerRequest_SubscriptionType as SubscriptionType,
} from "../../gen/danube/danube_api_pb.ts";
import { createCluster } from "../cluster/cluster.ts";
import { judge } from "../cluster/error-table.ts";
import { DanubeError } from "../errors.ts";
import { sleep } from "../lib/sleep.ts";
import { type ConnectOptions, resolveOptions } from "../options.ts";

/** A message as a consumer of the topic gets it. */
export interface ReadMessage {
  payload: Uint8Array;
  /** The payload as UTF-8. */
  text: string;
  attributes: Record<string, string>;
  key: string | undefined;
  producer: string;
  publishTime: bigint;
  /** The broker's offset, on a reliable topic. */
  offset: bigint;
}

/** Reads a topic back, to check what arrived. */
export interface Reader {
  /**
   * The next `count` messages, in the order of delivery, each acknowledged. Rejects with `TIMEOUT` when they have not
   * come after `timeoutMs` (default 10,000), naming how many did.
   */
  take(count: number, timeoutMs?: number): Promise<ReadMessage[]>;
  close(): void;
}

/**
 * Subscribes to an existing topic and reads what is published from now on: for tests and demonstrations, on the
 * embedded broker or a real one. It does not recover from anything; a topic that moves ends it.
 */
export async function openReader(
  options: ConnectOptions | string,
  topic: string,
  {
    subscription = "reader",
    consumer = "reader",
  }: { subscription?: string | undefined; consumer?: string | undefined } = {},
): Promise<Reader> {
  const { connections, ownership, attemptTimeoutMs: timeoutMs } = createCluster(resolveOptions(options));
  const stop = new AbortController();
  const buffer: ReadMessage[] = [];
  let wanted: { count: number; resolve(messages: ReadMessage[]): void } | undefined;
  let broken: DanubeError | undefined;

  const { target } = await ownership.owner(topic).catch((reason) => {
    throw judge("TopicLookup", reason, topic).error;
  });
  const request = {
    topicName: topic,
    consumerName: consumer,
    subscription,
    subscriptionType: SubscriptionType.Exclusive,
  };
  const { consumerId } = await connections
    .unary(target, ConsumerService.method.subscribe, request, { timeoutMs })
    .catch((reason) => {
      throw judge("Subscribe", reason, topic).error;
    });
  const stream = connections.stream(target, ConsumerService.method.receiveMessages, { consumerId }, stop.signal);
  const received = receive().catch((reason) => {
    broken = judge("ReceiveMessages", reason, topic).error;
  });

  // The broker calls a consumer healthy when its stream is open.
  const health = { client: HealthCheckRequest_ClientType.Consumer, id: consumerId };
  for (let waitedMs = 0; waitedMs < timeoutMs && !broken; waitedMs += 10) {
    const { status } = await connections.unary(target, HealthCheck.method.healthCheck, health, { timeoutMs });
    if (status === HealthCheckResponse_ClientStatus.OK) {
      break;
    }
    await sleep(10);
  }

  async function receive(): Promise<void> {
    for await (const message of await stream) {
      buffer.push(toRead(message));
      // Read on at once: brokers buffer four messages for a consumer that does not.
      void acknowledge(message);
      deliver();
    }
  }

  async function acknowledge({ msgId, requestId }: StreamMessage): Promise<void> {
    if (msgId) {
      const ack = { requestId, msgId, subscriptionName: subscription };
      await connections
        .unary(target, ConsumerService.method.ack, ack, { timeoutMs, signal: stop.signal })
        .catch(() => {});
    }
  }

  function deliver(): void {
    if (wanted && buffer.length >= wanted.count) {
      wanted.resolve(buffer.splice(0, wanted.count));
      wanted = undefined;
    }
  }

  return {
    take(count, takeTimeoutMs = 10_000) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          wanted = undefined;
          const why = broken ? `: ${broken.message}` : "";
          reject(
            new DanubeError(
              "TIMEOUT",
              `${buffer.length} of ${count} messages of ${topic} came within ${takeTimeoutMs} ms${why}`,
              { cause: broken },
            ),
          );
        }, takeTimeoutMs);
        wanted = {
          count,
          resolve(messages) {
            clearTimeout(timer);
            resolve(messages);
          },
        };
        deliver();
      });
    },
    close() {
      stop.abort();
      connections.close();
      void received;
    },
  };
}

const decoder = new TextDecoder();

function toRead({ payload, attributes, routingKey, producerName, publishTime, msgId }: StreamMessage): ReadMessage {
  return {
    payload,
    text: decoder.decode(payload),
    attributes,
    key: routingKey,
    producer: producerName,
    publishTime,
    offset: msgId?.topicOffset ?? 0n,
  };
}
