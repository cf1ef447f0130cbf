import { Code } from "@connectrpc/connect";
import { expect, test, vi } from "vitest";
import {
  type HealthCheckRequest_ClientType,
  TopicLookupResponse_LookupType,
  ConsumerRequest_SubscriptionType as Type,
} from "../../../gen/danube/danube_api_pb.ts";
import { ErrorType, Schema_TypeSchema } from "../../../gen/danube_0_4/danube_api_pb.ts";
import type { BrokerGeneration } from "../../../src/testing/generations.ts";
import { startBroker } from "../../../src/testing/start.ts";
import { failure, type OldWorld, startOld } from "./generations.ts";

const topicName = "/default/t";
const schema = { name: "s", typeSchema: Schema_TypeSchema.JSON, schemaData: new TextEncoder().encode("{}") };
const reliableOptions = { segmentSize: 20n, retentionPeriod: 60n };

/** A producer of the topic, in the generation's form. */
function produce({ calls, settle }: OldWorld, generation: BrokerGeneration, topic = topicName): Promise<bigint> {
  const who = { producerName: "p", topicName: topic };
  return settle(() => {
    if (generation === "0.4") {
      return calls.create04({ ...who, schema, dispatchStrategy: { strategy: 1, reliableOptions } });
    }
    return generation === "0.5"
      ? calls.create05({ ...who, schema, dispatchStrategy: 1 })
      : calls.create06({ ...who, dispatchStrategy: 1 });
  });
}

test("wrong options are named", async () => {
  await expect(startBroker({ generation: "0.8" as "0.7" })).rejects.toThrow(/"generation" must be one of "0.4", "0.5"/);
  await expect(startBroker({ generation: "0.4", mode: "standalone" })).rejects.toThrow(/"mode" must be "cluster"/);
  const connectUrl = "http://danube.example:6650";
  await expect(startBroker({ generation: "0.7", proxy: true })).rejects.toThrow(/"proxy"/);
  await expect(startBroker({ generation: "0.7", connectUrl })).rejects.toThrow(/"connectUrl"/);
  await expect(startBroker({ proxy: true, connectUrl })).rejects.toThrow(/give one/);
  await expect(startBroker({ apiKeys: ["k"] })).rejects.toThrow(TypeError);
});

test.each(["0.4", "0.5", "0.6"] as const)("%s tells the kind of a failure in a trailer", async (generation) => {
  await using world = await startOld({ generation, autoCreateTopics: false });
  const { discovery, health, consumers, create06, create05, create04, producers } = world.calls;
  const unknown = [Code.InvalidArgument, `Unable to find the requested topic: ${topicName}`, ErrorType.TOPIC_NOT_FOUND];
  expect(await failure(discovery.topicLookup({ topic: topicName }))).toEqual(unknown);
  const invalid = "The topic: t has an invalid format, should be: /namespace_name/topic_name";
  const badName = [Code.InvalidArgument, invalid, ErrorType.INVALID_TOPIC_NAME];
  expect(await failure(discovery.topicLookup({ topic: "t" }))).toEqual(badName);
  expect(await failure(discovery.topicPartitions({ topic: "t" }))).toEqual(badName);
  expect(await failure(consumers.subscribe({ topicName: "t" }))).toEqual(badName);
  const create = { "0.4": create04, "0.5": create05, "0.6": create06 }[generation];
  expect(await failure(create({ producerName: "p", topicName: "t" }))).toEqual(badName);
  const missing = [Code.InvalidArgument, `Unable to find the topic: ${topicName}`, ErrorType.TOPIC_NOT_FOUND];
  expect(await failure(create({ producerName: "p", topicName }))).toEqual(missing);
  expect(await failure(health.healthCheck({ client: 7 as HealthCheckRequest_ClientType }))).toEqual([
    Code.InvalidArgument,
    "Invalid client type",
    0,
  ]);
  // Not all of them do.
  const msgId = { producerId: 9n, topicName, brokerAddr: "" };
  expect(await failure(producers.sendMessage({ msgId }))).toEqual([
    Code.NotFound,
    "The producer with id 9 does not exist",
  ]);
});

test.each(["0.7", "0.15"] as const)("%s has statuses only", async (generation) => {
  await using world = await startOld({ generation });
  const { discovery } = world.calls;
  const unknown = [Code.NotFound, `Unable to find the requested topic: ${topicName}`];
  expect(await failure(discovery.topicLookup({ topic: topicName }))).toEqual(unknown);
});

test.each(["0.4", "0.5", "0.6", "0.7"] as const)("%s gives its own address without a scheme", async (generation) => {
  await using world = await startOld({ generation, brokers: 2, advertisedHost: "broker.internal" });
  const { broker, callsWith } = world;
  await produce(world, generation).catch(() => {});
  const owner = broker.topics()[0]?.owner as number;
  const { host, port } = new URL(broker.urls[owner] as string);
  const { Connect, Redirect } = TopicLookupResponse_LookupType;
  const lookup = async (at: number) => {
    const answer = await callsWith({ at }).discovery.topicLookup({ topic: topicName });
    return [answer.responseType, answer.connectUrl, answer.brokerUrl, answer.proxy];
  };
  await vi.waitFor(async () => expect(await lookup(owner)).toEqual([Connect, host, "", false]));
  expect(await lookup(1 - owner)).toEqual([Redirect, `http://broker.internal:${port}`, "", false]);
});

test.each(["0.4", "0.5"] as const)("%s tells a topic's schema", async (generation) => {
  await using world = await startOld({ generation });
  const { oldDiscovery } = world.calls;
  await produce(world, generation, "/default/t-part-0");
  const { schema: told } = await oldDiscovery.getSchema({ topic: "/default/t" });
  expect(told).toMatchObject({ name: "s", typeSchema: 3 });
  expect(new TextDecoder().decode(told?.schemaData)).toBe("{}");
  expect(await failure(oldDiscovery.getSchema({ topic: "/default/u" }))).toEqual([
    Code.NotFound,
    "Unable to find the requested topic: /default/u",
    ErrorType.TOPIC_NOT_FOUND,
  ]);
  expect(world.broker.calls("GetSchema")).toBe(2);
});

const absent = [Code.Unimplemented, ""] as const;

test("calls that are not there", async () => {
  await using four = await startOld({ generation: "0.4" });
  expect(await failure(four.calls.registry.listVersions({ subject: "s" }))).toEqual(absent);
  expect(await failure(four.calls.consumers.nack({}))).toEqual(absent);
  expect(four.broker.calls("ListVersions")).toBe(1);
  await using six = await startOld({ generation: "0.6" });
  expect(await failure(six.calls.oldDiscovery.getSchema({ topic: topicName }))).toEqual(absent);
  expect(await failure(six.calls.registry.listSubjects({}))).toEqual(absent);
  expect(await failure(six.calls.registry.listVersions({ subject: "s" }))).toEqual([
    Code.NotFound,
    "Subject not found: s",
  ]);
  await using newest = await startOld({});
  expect(await failure(newest.calls.auth.authenticate({ apiKey: "k" }))).toEqual(absent);
  expect(await failure(newest.calls.oldDiscovery.getSchema({ topic: topicName }))).toEqual(absent);
  expect(await newest.calls.registry.listSubjects({})).toMatchObject({ subjects: [] });
});

test.each(["0.4", "0.7"] as const)("%s gives tokens for API keys", async (generation) => {
  await using world = await startOld({ generation, brokers: 2, apiKeys: ["key"], tokens: ["fixed"] });
  const { calls, callsWith } = world;
  const lookup = (token: string, at: number) =>
    failure(callsWith({ at }).discovery.topicPartitions({ topic: "t" }, { headers: { authorization: token } }));
  expect(await failure(calls.discovery.topicPartitions({ topic: "t" }))).toEqual([
    Code.Unauthenticated,
    "Authorization token is missing",
  ]);
  expect(await lookup("wrong", 0)).toEqual([Code.Unauthenticated, "Invalid token"]);
  const kind = generation === "0.4" ? [ErrorType.UNKNOWN_ERROR] : [];
  const invalid = [Code.InvalidArgument, "Invalid API key", ...kind];
  expect(await failure(calls.auth.authenticate({ apiKey: "wrong" }))).toEqual(invalid);
  const { token } = await calls.auth.authenticate({ apiKey: "key" });
  for (const good of [token, "fixed"]) {
    for (const at of [0, 1]) {
      expect((await lookup(good, at))[0]).toBe(Code.InvalidArgument);
    }
  }
  expect(world.broker.calls("Authenticate")).toBe(2);
  // Where later ones want "Bearer", these take all of it for the token.
  expect(await lookup(`Bearer ${token}`, 0)).toEqual([Code.Unauthenticated, "Invalid token"]);
});

test("a broker without keys lets everybody in, and knows no key", async () => {
  await using world = await startOld({ generation: "0.5" });
  const invalid = [Code.InvalidArgument, "Invalid API key", ErrorType.UNKNOWN_ERROR];
  expect(await failure(world.calls.auth.authenticate({ apiKey: "key" }))).toEqual(invalid);
  await world.calls.discovery.topicPartitions({ topic: topicName });
});

test.each([
  ["0.4", undefined],
  ["0.5", undefined],
  ["0.7", undefined],
  ["0.15", "k"],
] as const)("%s passes on what it knows of a message", async (generation, key) => {
  await using world = await startOld({ generation });
  const { producers, consumers } = world.calls;
  const producerId = await produce(world, generation);
  const subscription = { topicName, subscription: "s", consumerName: "c", subscriptionType: Type.Exclusive };
  const { consumerId } = await consumers.subscribe(subscription);
  const message = { payload: new TextEncoder().encode("hello"), producerName: "p", routingKey: "k" };
  for (let i = 0; i < 2; i++) {
    await producers.sendMessage({ msgId: { producerId, topicName }, ...message });
  }
  expect(world.broker.messages(topicName)).toMatchObject([
    { text: "hello", key },
    { text: "hello", key },
  ]);
  const offsets: (bigint | undefined)[] = [];
  for await (const { msgId, routingKey, requestId } of consumers.receiveMessages({ consumerId })) {
    expect(routingKey).toBe(key);
    await consumers.ack({ requestId, subscriptionName: "s", ...(msgId && { msgId }) });
    if (offsets.push(msgId?.topicOffset) === 2) {
      break;
    }
  }
  expect(offsets).toEqual([0n, 1n]);
});

test.each([
  ["0.4", undefined, undefined],
  ["0.5", undefined, undefined],
  ["0.6", 1n, 1],
] as const)("%s and schemas of messages", async (generation, schemaId, schemaVersion) => {
  await using world = await startOld({ generation });
  const { producers, registry } = world.calls;
  if (generation === "0.6") {
    expect(await registry.registerSchema({ subject: "s", schemaType: "string" })).toMatchObject({ schemaId: 1n });
  }
  const msgId = { producerId: await produce(world, generation), topicName };
  await producers.sendMessage({ msgId, schemaId: 1n, schemaVersion: 1 });
  expect(world.broker.messages(topicName)).toMatchObject([{ schemaId, schemaVersion }]);
});

test("older brokers are a cluster, also one of them", async () => {
  await using world = await startOld({ generation: "0.7" });
  const create = world.calls.create06({ producerName: "p", topicName });
  expect((await failure(create))[1]).toMatch(/metadata was created/);
  await using alone = await startOld({});
  await alone.calls.create06({ producerName: "p", topicName });
});
