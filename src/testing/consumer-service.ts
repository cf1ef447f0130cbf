import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import {
  type ConsumerRequest,
  ConsumerService,
  type StreamMessage,
  ConsumerRequest_SubscriptionType as SubscriptionType,
} from "../../gen/danube/danube_api_pb.ts";
import type { Around } from "./around.ts";
import { type Broker, randomId } from "./broker.ts";
import { type Consumer, delivered, type Stored, type Subscription } from "./subscription.ts";

/** What consumers ask of one broker. */
export function registerConsumerService(
  router: ConnectRouter,
  { broker, around }: { broker: Broker; around: Around },
): void {
  router.service(ConsumerService, {
    subscribe: (request, context) =>
      around("Subscribe", context, () => ({
        requestId: request.requestId,
        consumerId: subscribe(broker, request),
        consumerName: request.consumerName,
      })),
    async *receiveMessages({ consumerId }, context) {
      const found = await around("ReceiveMessages", context, () => findConsumer(broker, consumerId));
      if (!found) {
        throw new ConnectError(`The consumer with the id ${consumerId} does not exist`, Code.NotFound);
      }
      yield* receive(found.consumer, () => found.subscription.wake(), context.signal);
    },
    ack: ({ requestId, msgId, subscriptionName }, context) =>
      around("Ack", context, () => {
        subscriptionOf(broker, msgId?.topicName, subscriptionName, "acknowledging").ack(msgId?.topicOffset ?? 0n);
        return { requestId };
      }),
    nack: ({ requestId, msgId, subscriptionName }, context) =>
      around("Nack", context, () => {
        subscriptionOf(broker, msgId?.topicName, subscriptionName, "negatively acknowledging").nack(
          msgId?.topicOffset ?? 0n,
        );
        return { requestId };
      }),
  });
}

function subscribe(broker: Broker, request: ConsumerRequest): bigint {
  if (request.subscriptionType === SubscriptionType.KeyShared) {
    throw new ConnectError("the embedded broker has no KeyShared subscriptions", Code.Unimplemented);
  }
  const topic = broker.topicForConsumer(request.topicName);
  const exclusive = request.subscriptionType !== SubscriptionType.Shared;
  const { consumers, exclusive: isExclusive } = topic.subscribe(request.subscription, exclusive);
  const same = consumers.find((consumer) => consumer.name === request.consumerName);
  if (same) {
    same.end?.();
    return same.id;
  }
  if (isExclusive && consumers.length > 0) {
    const why = `Not allowed to add the Consumer: ${request.consumerName}, the Exclusive subscription can't be shared with other consumers`;
    throw new ConnectError(
      `Not able to subscribe to the topic ${request.topicName} due to ${why}`,
      Code.PermissionDenied,
    );
  }
  const consumer: Consumer = {
    id: randomId(),
    name: request.consumerName,
    early: [],
    deliver: undefined,
    end: undefined,
  };
  consumers.push(consumer);
  return consumer.id;
}

export function findConsumer(
  broker: Broker,
  id: bigint,
): { consumer: Consumer; subscription: Subscription } | undefined {
  for (const topic of broker.loaded.values()) {
    const found = topic.findConsumer(id);
    if (found) {
      return found;
    }
  }
  return undefined;
}

function subscriptionOf(broker: Broker, topic: string | undefined, name: string, doing: string) {
  const subscription = broker.loaded.get(topic ?? "")?.subscriptions.get(name);
  if (!subscription) {
    const why = broker.loaded.has(topic ?? "") ? "Subscription not found" : `Topic ${topic} not found in registry`;
    throw new ConnectError(`Error ${doing} message: ${why}`, Code.Internal);
  }
  return subscription;
}

/** What brokers buffer for a consumer that does not read; further non-reliable messages are dropped. */
const maxBuffered = 1_000;

/** The messages of a consumer until its client goes, another stream takes over, or the topic is unloaded. */
async function* receive(consumer: Consumer, wake: () => void, signal: AbortSignal): AsyncGenerator<StreamMessage> {
  consumer.end?.();
  const buffer: Stored[] = consumer.early.splice(0);
  let ended = false;
  let notify = () => {};
  const deliver = (stored: Stored) => {
    if (buffer.length < maxBuffered) {
      buffer.push(stored);
      notify();
    }
  };
  const end = () => {
    ended = true;
    if (consumer.deliver === deliver) {
      consumer.deliver = undefined;
      consumer.end = undefined;
    }
    notify();
  };
  consumer.deliver = deliver;
  consumer.end = end;
  signal.addEventListener("abort", end, { once: true });
  try {
    wake();
    while (!ended || buffer.length > 0) {
      const stored = buffer.shift();
      if (stored) {
        yield delivered(stored);
      } else {
        await new Promise<void>((resolve) => (notify = resolve));
      }
    }
  } finally {
    end();
    wake();
  }
}
