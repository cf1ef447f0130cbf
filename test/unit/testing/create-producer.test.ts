import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { DispatchStrategy } from "../../../gen/danube/danube_api_pb.ts";
import { ErrorType, RetentionPolicy, Schema_TypeSchema as Type } from "../../../gen/danube_0_4/danube_api_pb.ts";
import { failure, startOld } from "./generations.ts";

const topicName = "/default/t";
const who = { producerName: "p", topicName };
const schema = { name: "s", typeSchema: Type.String };
const reliableOptions = {
  segmentSize: 20n,
  retentionPolicy: RetentionPolicy.RetainUntilExpire,
  retentionPeriod: 3_600n,
};
const form04 = { ...who, schema, dispatchStrategy: { strategy: DispatchStrategy.Reliable, reliableOptions } };
const form05 = {
  ...who,
  schema: { ...schema, schemaData: new Uint8Array() },
  dispatchStrategy: DispatchStrategy.Reliable,
};
const form06 = { ...who, dispatchStrategy: DispatchStrategy.Reliable };
const created = "The topic metadata was created, need to redo the lookup to find the correct broker";
const prost = "failed to decode Protobuf message: ";
const enumForMessage = `${prost}ProducerRequest.dispatch_strategy: invalid wire type: Varint (expected LengthDelimited)`;
const messageForEnum = `${prost}ProducerRequest.dispatch_strategy: invalid wire type: LengthDelimited (expected Varint)`;
const schemaForReference = `${prost}SchemaReference.version_ref: ProducerRequest.schema_ref: invalid wire type: LengthDelimited (expected Varint)`;
const referenceForSchema = `${prost}Schema.schema_data: ProducerRequest.schema: invalid wire type: Varint (expected LengthDelimited)`;
const needsSchema = "Unable to create a topic without specifying the Schema";
/** None that there is. */
const strange = 9 as DispatchStrategy;

describe("0.4", () => {
  test("keeps what the topic was created with", async () => {
    await using world = await startOld({ generation: "0.4" });
    const { calls, settle, broker } = world;
    expect(await failure(calls.create04(form04))).toEqual([Code.Unavailable, created, ErrorType.SERVICE_NOT_READY]);
    await settle(() => calls.create04(form04));
    expect(broker.topics()).toMatchObject([
      {
        topic: topicName,
        dispatch: "reliable",
        schema: { name: "s", type: "string", definition: "" },
        retention: { segmentSizeMb: 20, retention: "until-expired", retentionSeconds: 3_600 },
      },
    ]);
  });

  test("makes a reliable topic without options a non-reliable one, in silence", async () => {
    await using world = await startOld({ generation: "0.4" });
    const { calls, settle, broker } = world;
    const dispatchStrategy = { strategy: DispatchStrategy.Reliable };
    await settle(() => calls.create04({ ...who, schema, dispatchStrategy }));
    expect(broker.topics()[0]).toMatchObject({ dispatch: "non-reliable" });
    expect(broker.topics()[0]).not.toHaveProperty("retention");
  });

  test("compares nothing with a topic that exists", async () => {
    await using world = await startOld({ generation: "0.4" });
    const { calls, settle, broker } = world;
    await settle(() => calls.create04(form04));
    await calls.create04({
      ...who,
      schema: { name: "other", typeSchema: Type.JSON },
      dispatchStrategy: { strategy: 0 },
    });
    await calls.create04(who);
    await calls.create04({ ...who, dispatchStrategy: { strategy: strange } });
    expect(broker.topics()).toMatchObject([{ dispatch: "reliable", schema: { name: "s" } }]);
  });

  test("wants a schema and a dispatch for a new topic", async () => {
    await using world = await startOld({ generation: "0.4" });
    const { create04 } = world.calls;
    const { InvalidArgument } = Code;
    const missing = "Dispatch strategy is missing";
    const unknown = "Unable to create a topic with the specified dispatch strategy";
    expect(await failure(create04({ ...who, dispatchStrategy: { strategy: 0 } }))).toEqual([
      InvalidArgument,
      needsSchema,
      0,
    ]);
    expect(await failure(create04({ ...who, schema }))).toEqual([InvalidArgument, missing, 0]);
    const request = { ...who, schema, dispatchStrategy: { strategy: strange } };
    expect(await failure(create04(request))).toEqual([InvalidArgument, unknown, 0]);
    // Without a trailer.
    expect(await failure(create04({ ...form04, topicName: "/none/t" }))).toEqual([
      Code.Unavailable,
      "Unable to find the namespace none, the topic can be created only for an exisiting namespace",
    ]);
    expect(world.broker.topics()).toEqual([]);
  });

  test("cannot decode the requests of later ones", async () => {
    await using world = await startOld({ generation: "0.4" });
    const { create05, create06 } = world.calls;
    expect(await failure(create05(form05))).toEqual([Code.Internal, enumForMessage]);
    expect(await failure(create05({ ...form05, dispatchStrategy: 0 }))).toEqual([Code.Internal, enumForMessage]);
    expect(await failure(create06(form06))).toEqual([Code.Internal, enumForMessage]);
    const pinned = { subject: "s", versionRef: { case: "pinnedVersion" as const, value: 1 } };
    expect(await failure(create06({ ...form06, schemaRef: pinned }))).toEqual([Code.Internal, referenceForSchema]);
    // Without what differs, it is what it looks like.
    expect(await failure(create06(who))).toEqual([Code.InvalidArgument, needsSchema, ErrorType.UNKNOWN_ERROR]);
  });

  test("says in words of its own that a topic is elsewhere", async () => {
    await using world = await startOld({ generation: "0.4", brokers: 2 });
    const { callsWith, settle, broker } = world;
    await failure(callsWith({ at: 0 }).create04(form04));
    const owner = broker.topics()[0]?.owner as number;
    await settle(() => callsWith({ at: owner }).create04(form04));
    expect(await failure(callsWith({ at: 1 - owner }).create04(form04))).toEqual([
      Code.Unavailable,
      "The topic exist on the namespace but it is served by another broker, redo the Lookup request",
      ErrorType.SERVICE_NOT_READY,
    ]);
  });

  test("has plain topics beside partitions", async () => {
    await using world = await startOld({ generation: "0.4" });
    const { calls, settle, broker } = world;
    await settle(() => calls.create04({ ...form04, topicName: "/default/t-part-0" }));
    await settle(() => calls.create04(form04));
    expect(broker.topics()).toHaveLength(2);
  });
});

describe("0.5", () => {
  test("keeps the schema and compares the dispatch", async () => {
    await using world = await startOld({ generation: "0.5" });
    const { calls, settle, broker } = world;
    const data = new TextEncoder().encode('{"type":"object"}');
    const json = { name: "j", typeSchema: Type.JSON, schemaData: data };
    await settle(() => calls.create05({ ...form05, schema: json }));
    expect(broker.topics()).toMatchObject([
      { dispatch: "reliable", schema: { name: "j", type: "json", definition: '{"type":"object"}' } },
    ]);
    expect(broker.topics()[0]).not.toHaveProperty("retention");
    await calls.create05({ ...who, dispatchStrategy: 1 });
    expect(await failure(calls.create05({ ...form05, dispatchStrategy: 0 }))).toEqual([
      Code.FailedPrecondition,
      "Producer requested dispatch strategy does not match topic strategy",
      ErrorType.UNKNOWN_ERROR,
    ]);
  });

  test("wants a schema for a new topic, and a dispatch that it knows", async () => {
    await using world = await startOld({ generation: "0.5" });
    const { create05 } = world.calls;
    expect(await failure(create05({ ...who, dispatchStrategy: 1 }))).toEqual([Code.InvalidArgument, needsSchema, 0]);
    const missing = "Dispatch strategy is missing";
    expect(await failure(create05({ ...form05, dispatchStrategy: strange }))).toEqual([
      Code.InvalidArgument,
      missing,
      0,
    ]);
  });

  test("cannot decode all the requests of others", async () => {
    await using world = await startOld({ generation: "0.5" });
    const { create04, create06 } = world.calls;
    expect(await failure(create04(form04))).toEqual([Code.Internal, messageForEnum]);
    const pinned = { subject: "s", versionRef: { case: "pinnedVersion" as const, value: 1 } };
    expect(await failure(create06({ ...form06, schemaRef: pinned }))).toEqual([Code.Internal, referenceForSchema]);
    expect(await failure(create06(form06))).toEqual([Code.InvalidArgument, needsSchema, ErrorType.UNKNOWN_ERROR]);
  });

  test("takes a reference to the latest version for a schema of bytes", async () => {
    await using world = await startOld({ generation: "0.5" });
    const { calls, settle, broker } = world;
    const schemaRef = { subject: "orders", versionRef: { case: "useLatest" as const, value: true } };
    await settle(() => calls.create06({ ...form06, schemaRef }));
    expect(broker.topics()).toMatchObject([{ schema: { name: "orders", type: "bytes", definition: "" } }]);
  });

  test("does not get over a type that it does not know", async () => {
    await using world = await startOld({ generation: "0.5" });
    const { create06 } = world.calls;
    const minimum = { subject: "s", versionRef: { case: "minVersion" as const, value: 7 } };
    const [code] = await failure(create06({ ...form06, schemaRef: minimum }));
    expect(code).toBe(Code.Canceled);
    expect(world.broker.topics()).toEqual([]);
  });
});

describe.each(["0.6", "0.7", "0.15"] as const)("%s", (generation) => {
  test("takes a reference into the registry", async () => {
    await using world = await startOld({ generation });
    const { calls, settle, broker } = world;
    await calls.registry.registerSchema({ subject: "s", schemaType: "string" });
    await settle(() => calls.create06({ ...form06, schemaRef: { subject: "s" } }));
    expect(broker.topics()).toMatchObject([{ topic: topicName, dispatch: "reliable" }]);
    expect(broker.topics()[0]).not.toHaveProperty("schema");
  });

  test("cannot decode the requests of older ones", async () => {
    await using world = await startOld({ generation });
    const { create04, create05 } = world.calls;
    expect(await failure(create04(form04))).toEqual([Code.Internal, messageForEnum]);
    expect(await failure(create05(form05))).toEqual([Code.Internal, schemaForReference]);
    const json = { name: "j", typeSchema: Type.JSON, schemaData: new Uint8Array([123, 125]) };
    expect(await failure(create04({ ...form04, schema: json }))).toEqual([Code.Internal, schemaForReference]);
  });
});

test("0.6 is the first to want no schema, 0.7 to compare the shape", async () => {
  await using six = await startOld({ generation: "0.6" });
  await six.settle(() => six.calls.create06({ ...form06, topicName: "/default/t-part-0" }));
  await six.settle(() => six.calls.create06(form06));
  await using seven = await startOld({ generation: "0.7" });
  await seven.settle(() => seven.calls.create06({ ...form06, topicName: "/default/t-part-0" }));
  const [code] = await failure(seven.calls.create06(form06));
  expect(code).toBe(Code.AlreadyExists);
});
