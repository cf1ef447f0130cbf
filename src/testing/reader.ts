import {
  ConsumerService,
  HealthCheck,
  HealthCheckRequest_ClientType,
  HealthCheckResponse_ClientStatus,
  type StreamMessage,
  ConsumerRequest_SubscriptionType as SubscriptionType,
} from "../../gen/danube/danube_api_pb.ts";
import { createCluster } from "../cluster/cluster.ts";
import { type Call, judge } from "../cluster/error-table.ts";
import type { Target } from "../cluster/transports.ts";
import { DanubeError } from "../errors.ts";
import { sleep } from "../lib/sleep.ts";
import { type ConnectOptions, resolveOptions } from "../options.ts";
import { selectTransport } from "../transport/select.ts";
import { nodeTransports } from "../transport/transports-node.ts";

/** A message as a consumer of the topic gets it. */
export interface ReadMessage {
  /** The bytes that were sent. */
  payload: Uint8Array;
  /** The payload as UTF-8. */
  text: string;
  /** The attributes that went with it. */
  attributes: Record<string, string>;
  /** The routing key. */
  key: string | undefined;
  /** The name of the producer that sent it. */
  producer: string;
  /** When it was sent by the producer's clock, in milliseconds since 1970. */
  publishTime: bigint;
  /** The broker's offset, on a reliable topic. */
  offset: bigint;
  /** The id of the schema's subject, where the producer has a schema. */
  schemaId: bigint | undefined;
  /** The version of the schema. */
  schemaVersion: number | undefined;
}

/** Reads a topic back, to check what arrived. */
export interface Reader {
  /**
   * The next `count` messages, in the order of delivery, each acknowledged; calls are served one after the other. Rejects with `TIMEOUT` when they have not
   * come after `timeoutMs` (default 10,000), naming how many did.
   */
  take(count: number, timeoutMs?: number): Promise<ReadMessage[]>;
  /** Ends the subscription's stream and the connections. */
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
  const resolved = resolveOptions(options);
  const cluster = createCluster(resolved, selectTransport(resolved, nodeTransports));
  const { connections, ownership, sweeper, attemptTimeoutMs: timeoutMs } = cluster;
  const stop = new AbortController();
  const inbox = createInbox(topic);
  try {
    const { target } = await understood("TopicLookup", ownership.owner(topic, stop.signal));
    await attach(target);
  } catch (error) {
    close();
    throw error;
  }
  return { take: inbox.take, close };

  async function attach(target: Target): Promise<void> {
    const type = SubscriptionType.Exclusive;
    const request = { topicName: topic, consumerName: consumer, subscription, subscriptionType: type };
    const subscribing = connections.unary(target, ConsumerService.method.subscribe, request, { timeoutMs });
    const { consumerId } = await understood("Subscribe", subscribing);
    void receive(target, consumerId).catch((reason) => inbox.end(judge("ReceiveMessages", reason, topic).error));
    // The broker calls a consumer healthy when its stream is open.
    const health = { client: HealthCheckRequest_ClientType.Consumer, id: consumerId };
    for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += 10) {
      const checking = connections.unary(target, HealthCheck.method.healthCheck, health, { timeoutMs });
      if ((await understood("HealthCheck", checking)).status === HealthCheckResponse_ClientStatus.OK) {
        return;
      }
      await sleep(10);
    }
  }

  async function receive(target: Target, consumerId: bigint): Promise<void> {
    const receiving = ConsumerService.method.receiveMessages;
    for await (const message of await connections.stream(target, receiving, { consumerId }, stop.signal)) {
      inbox.put(toRead(message));
      // Read on at once: brokers buffer four messages for a consumer that does not.
      void acknowledge(target, message);
    }
  }

  async function acknowledge(target: Target, { msgId, requestId }: StreamMessage): Promise<void> {
    if (msgId) {
      const ack = { requestId, msgId, subscriptionName: subscription };
      const limits = { timeoutMs, signal: stop.signal };
      await connections.unary(target, ConsumerService.method.ack, ack, limits).catch(() => {});
    }
  }

  function understood<T>(call: Call, answer: Promise<T>): Promise<T> {
    return answer.catch((reason) => {
      throw judge(call, reason, topic).error;
    });
  }

  function close(): void {
    stop.abort();
    connections.close();
    sweeper.close();
  }
}

/** What has come and was not taken, and who waits for more. */
function createInbox(topic: string) {
  const messages: ReadMessage[] = [];
  const waiting: { count: number; resolve(taken: ReadMessage[]): void }[] = [];
  let broken: DanubeError | undefined;

  function hand(): void {
    for (let first = waiting[0]; first && messages.length >= first.count; first = waiting[0]) {
      waiting.shift();
      first.resolve(messages.splice(0, first.count));
    }
  }

  return {
    put(message: ReadMessage): void {
      messages.push(message);
      hand();
    },
    end(error: DanubeError): void {
      broken = error;
    },
    take(count: number, timeoutMs = 10_000): Promise<ReadMessage[]> {
      return new Promise((resolve, reject) => {
        const wanted = {
          count,
          resolve(taken: ReadMessage[]) {
            clearTimeout(timer);
            resolve(taken);
          },
        };
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(wanted), 1);
          const why = broken ? `: ${broken.message}` : "";
          const message = `${messages.length} of ${count} messages of ${topic} came within ${timeoutMs} ms${why}`;
          reject(new DanubeError("TIMEOUT", message, { cause: broken }));
        }, timeoutMs);
        waiting.push(wanted);
        hand();
      });
    },
  };
}

const decoder = new TextDecoder();

function toRead(message: StreamMessage): ReadMessage {
  const { payload, attributes, routingKey, producerName, publishTime, msgId, schemaId, schemaVersion } = message;
  return {
    payload,
    text: decoder.decode(payload),
    attributes,
    key: routingKey,
    producer: producerName,
    publishTime,
    offset: msgId?.topicOffset ?? 0n,
    schemaId,
    schemaVersion,
  };
}
