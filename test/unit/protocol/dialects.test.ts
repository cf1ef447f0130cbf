import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { ProducerRequestSchema as Current } from "../../../gen/danube/danube_api_pb.ts";
import { ProducerRequestSchema as V04 } from "../../../gen/danube_0_4/danube_api_pb.ts";
import { ProducerRequestSchema as V05 } from "../../../gen/danube_0_5/danube_api_pb.ts";
import type { WarningEvent } from "../../../src/events.ts";
import { reliable } from "../../../src/producer/dispatch.ts";
import type { WantedProducer } from "../../../src/protocol/dialect.ts";
import type { Generation } from "../../../src/protocol/generation.ts";
import { createProducerLanguage, createProducerLanguages } from "../../../src/protocol/producer-language.ts";
import { json } from "../../../src/schema/json.ts";
import { anything, bytes, double, int64, text } from "../../../src/schema/plain.ts";
import type { Schema, SchemaVersion } from "../../../src/schema/schema.ts";
import { decode } from "../../../src/testing/prost.ts";
import { CallFailure } from "../../../src/transport/seam.ts";
import { fakeCluster, type Handler } from "../support/fake-cluster.ts";
import { protocolOf } from "../support/fake-protocol.ts";
import { rejection } from "../support/outcomes.ts";

const target = { url: "http://a:1", behindProxy: undefined };
const limits = { timeoutMs: 1_000, signal: new AbortController().signal };
const plain: WantedProducer = {
  topic: "/default/t",
  name: "p",
  access: "shared",
  dispatch: "non-reliable",
  retention: reliable(),
  isNew: true,
};

function setUp(told: Generation, handlers: Record<string, Handler> = {}) {
  const fake = fakeCluster(handlers);
  const protocol = protocolOf(fake.cluster, told);
  const produce = (schema: Schema<never, unknown> = anything, wanted: Partial<WantedProducer> = {}) =>
    createProducerLanguage(protocol, schema).createProducer(target, { ...plain, ...wanted }, limits);
  const request = () => fake.calls.findLast(({ method }) => method === "createProducer")?.request;
  const warnings = () => fake.events.filter((event): event is WarningEvent => event.type === "warning");
  return { ...fake, protocol, produce, request, warnings };
}

describe("0.4", () => {
  test("a reliable topic goes with all its options", async () => {
    const { produce, request, warnings } = setUp("0.4");
    const options = { segmentSizeMb: 5, retention: "until-expired", retentionSeconds: 3_600 } as const;
    await produce(text("my_schema"), { dispatch: "reliable", retention: reliable(options), access: "exclusive" });
    expect(request()).toEqual({
      producerName: "p",
      topicName: "/default/t",
      schema: { name: "my_schema", typeSchema: 1, schemaData: new Uint8Array() },
      producerAccessMode: 1,
      dispatchStrategy: {
        strategy: 1,
        reliableOptions: { segmentSize: 5n, retentionPolicy: 1, retentionPeriod: 3_600n },
      },
    });
    expect(warnings()).toEqual([]);
  });

  test("also where none were given: 20 MB, until acknowledged, a day", async () => {
    const { produce, request } = setUp("0.4");
    await produce(anything, { dispatch: "reliable" });
    expect(request()?.["dispatchStrategy"]).toEqual({
      strategy: 1,
      reliableOptions: { segmentSize: 20n, retentionPolicy: 0, retentionPeriod: 86_400n },
    });
  });

  test("a non-reliable one says so, without options", async () => {
    const { produce, request } = setUp("0.4");
    await produce();
    expect(request()?.["dispatchStrategy"]).toEqual({ strategy: 0 });
  });

  test("schemas are never asked for along the way, which could stop the broker", async () => {
    const { produce, count } = setUp("0.4");
    await produce(text("s"), { isNew: false });
    expect(count("getSchema")).toBe(0);
  });

  test("and one at a time where the user asks", async () => {
    let open = 0;
    let most = 0;
    const { protocol } = setUp("0.4", {
      async getSchema() {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setTimeout(resolve, 2));
        open--;
        return { schema: { name: "s", typeSchema: 1, schemaData: new Uint8Array() } };
      },
    });
    const ask = () =>
      protocol.speak(target, (dialect) => dialect.topicSchema(target, "/default/t", limits), limits.signal);
    const answers = await Promise.all([ask(), ask(), ask(), ask()]);
    expect(answers).toEqual(Array.from({ length: 4 }, () => ({ subject: "s", type: "string", definition: "" })));
    expect(most).toBe(1);
  });
});

describe("0.5", () => {
  test("has the dispatch of today, and warns of options once", async () => {
    const { produce, request, warnings } = setUp("0.5");
    const retention = reliable({ segmentSizeMb: 5 });
    await produce(anything, { access: "exclusive", retention });
    expect(request()).toMatchObject({ dispatchStrategy: 0, producerAccessMode: 1 });
    await produce(anything, { name: "q", dispatch: "reliable", retention });
    expect(request()).toMatchObject({
      schema: { name: "bytes_schema", typeSchema: 0 },
      dispatchStrategy: 1,
      producerAccessMode: 0,
    });
    expect(warnings().map(({ code }) => code)).toEqual(["RETENTION_IGNORED"]);
    expect(warnings()[0]?.message).toContain("wal_cloud.wal.retention");
  });

  const keeps = (name: string, typeSchema: number, data = ""): Record<string, Handler> => ({
    getSchema: () => ({ schema: { name, typeSchema, schemaData: new TextEncoder().encode(data) } }),
  });
  const existing = { isNew: false };

  test("a topic with another schema is refused, as later brokers do", async () => {
    for (const [handlers, schema] of [
      [keeps("other", 1), text("mine")],
      [keeps("mine", 2), text("mine")],
    ] as const) {
      const { produce, count } = setUp("0.5", handlers);
      expect(await rejection(produce(schema, existing))).toMatchObject({ code: "SCHEMA_MISMATCH" });
      expect(count("createProducer")).toBe(0);
    }
  });

  test("one with the same is not, nor one that was made without, which warns", async () => {
    for (const [handlers, expected] of [
      [keeps("mine", 1), []],
      [keeps("bytes_schema", 0), ["SCHEMA_DIFFERS"]],
    ] as const) {
      const { produce, warnings } = setUp("0.5", handlers);
      await produce(text("mine"), existing);
      expect(warnings().map(({ code }) => code)).toEqual(expected);
    }
  });

  test("another JSON Schema of the same name warns; a producer that brings none takes it as it is", async () => {
    const handlers = keeps("orders", 3, '{ "type": "object" }');
    const { produce, warnings } = setUp("0.5", handlers);
    await produce(json("orders", { schema: { type: "object" } }), existing);
    await produce(json("orders"), existing);
    expect(warnings()).toEqual([]);
    await produce(json("orders", { schema: { type: "array" } }), existing);
    expect(warnings().map(({ code }) => code)).toEqual(["SCHEMA_DIFFERS"]);
  });

  test("one whose bytes mean nothing without its definition is refused where the topic has another", async () => {
    const exact = (definition: string): Schema<never, unknown> => ({
      subject: "rows",
      type: "avro",
      definition,
      exact: true,
      encode: () => new Uint8Array(),
    });
    const { produce } = setUp("0.5", keeps("rows", 0, '"string"'));
    await produce(exact('"string"'), existing);
    expect(await rejection(produce(exact('"long"'), existing))).toMatchObject({ code: "SCHEMA_MISMATCH" });
  });

  test("a topic that the broker does not know is created", async () => {
    const { produce, count } = setUp("0.5", {
      getSchema() {
        throw new CallFailure("status", "Unable to find the requested topic", { status: Code.NotFound });
      },
    });
    await produce(text("s"), existing);
    expect(count("createProducer")).toBe(1);
  });

  test("without a schema, nothing is asked and nothing compared", async () => {
    const { produce, count } = setUp("0.5", keeps("other", 1));
    await produce(anything, existing);
    expect(count("getSchema")).toBe(0);
  });
});

describe("0.6", () => {
  const registered = {
    schemaId: 7n,
    version: 1,
    subject: "s",
    schemaType: "string",
    schemaDefinition: new Uint8Array(),
  };
  const known: Record<string, Handler> = { getLatestSchema: () => ({ ...registered, tags: [] }) };

  test("options of reliable() raise one warning", async () => {
    const { produce, warnings } = setUp("0.6");
    const retention = reliable({ retentionSeconds: 5 });
    await produce(anything, { dispatch: "reliable", retention });
    await produce(anything, { name: "q", dispatch: "reliable", retention });
    expect(warnings().map(({ code }) => code)).toEqual(["RETENTION_IGNORED"]);
  });

  test("a new topic with a schema is created twice, which ties it; one that exists, or has none, once", async () => {
    for (const [schema, isNew, calls] of [
      [text("s"), true, 2],
      [text("s"), false, 1],
      [anything, true, 1],
    ] as const) {
      const { produce, count } = setUp("0.6", known);
      await produce(schema, { isNew });
      expect(count("createProducer")).toBe(calls);
    }
  });

  test("the schema is asked for once for a producer, and again after a failure that it may be the reason of", async () => {
    let fails = 0;
    const { cluster, count } = setUp("0.6", {
      ...known,
      createProducer() {
        if (fails-- > 0) {
          throw new CallFailure("status", "Failed to assign schema 's' to topic", { status: Code.FailedPrecondition });
        }
        return { producerId: 1n };
      },
    });
    const { createProducer } = createProducerLanguage(protocolOf(cluster, "0.6"), text("s"));
    const wanted = { ...plain, isNew: false };
    await createProducer(target, wanted, limits);
    await createProducer(target, wanted, limits);
    expect(count("getLatestSchema")).toBe(1);
    fails = 1;
    await rejection(createProducer(target, wanted, limits));
    await createProducer(target, wanted, limits);
    expect(count("getLatestSchema")).toBe(2);
  });

  test("a topic without a subject has no schema", async () => {
    const { protocol, count } = setUp("0.6", { getTopicSchemaConfig: () => ({ schemaSubject: "" }) });
    const ask = protocol.speak(target, (dialect) => dialect.topicSchema(target, "/default/t", limits), limits.signal);
    expect(await ask).toBeUndefined();
    expect(count("getLatestSchema")).toBe(0);
  });

  test("producers without a schema have one language in common, others one each", () => {
    const of = createProducerLanguages(setUp("0.6").protocol);
    expect(of(anything)).toBe(of(anything));
    const named = text("s");
    expect(of(named)).not.toBe(of(named));
  });
});

describe.each(["0.4", "0.5"] as const)("%s: schemas", (generation) => {
  test.each<[string, Schema<never, unknown>, [name: string, type: number, data: string]]>([
    ["none", anything, ["bytes_schema", 0, ""]],
    ["bytes", bytes("b"), ["b", 0, ""]],
    ["text", text("t"), ["t", 1, ""]],
    ["int64", int64("n"), ["n", 2, ""]],
    ["json", json("j"), ["j", 3, "{}"]],
    ["json with its schema", json("j", { schema: { type: "object" } }), ["j", 3, '{"type":"object"}']],
    ["the user's own", { subject: "own", encode: () => new Uint8Array() }, ["own", 0, ""]],
  ])("%s", async (_, schema, [name, typeSchema, data]) => {
    const { produce, request, warnings } = setUp(generation);
    const { mark } = await produce(schema);
    expect(request()?.["schema"]).toEqual({ name, typeSchema, schemaData: new TextEncoder().encode(data) });
    expect(mark).toBeUndefined();
    expect(warnings()).toEqual([]);
  });

  test("int64 is written in digits, which is what the consumers of these topics read", async () => {
    const { codec } = await setUp(generation).produce(int64("n"));
    const encode = codec.encode as (value: bigint) => Uint8Array;
    expect(new TextDecoder().decode(encode(-9_223_372_036_854_775_808n))).toBe("-9223372036854775808");
    expect(int64("n").beforeRegistry?.decode?.(encode(42n))).toBe(42n);
  });

  test("what they do not know is bytes to them, with a warning", async () => {
    const { produce, request, warnings } = setUp(generation);
    await produce(double("d"));
    expect(request()?.["schema"]).toMatchObject({ name: "d", typeSchema: 0 });
    expect(warnings().map(({ code }) => code)).toEqual(["SCHEMA_DIFFERS"]);
  });

  test("versions beyond the first are UNSUPPORTED", async () => {
    const { produce, count } = setUp(generation);
    for (const version of [2, { min: 2 }]) {
      expect(await rejection(produce(text("t", { version })))).toMatchObject({ code: "UNSUPPORTED" });
    }
    await produce(text("t", { version: 1 }));
    await produce(text("t", { version: "latest" }));
    expect(count("createProducer")).toBe(2);
  });
});

// Which requests another generation cannot read is what finding out stands on.
describe("no generation reads a request of another as its own", () => {
  const v04 = (init: MessageInitShape<typeof V04>) => toBinary(V04, create(V04, init));
  const v05 = (init: MessageInitShape<typeof V05>) => toBinary(V05, create(V05, init));
  const current = (init: MessageInitShape<typeof Current>) => toBinary(Current, create(Current, init));
  const names = { producerName: "p", topicName: "/default/t" };
  const refusal = (schema: DescMessage, request: Uint8Array) => {
    try {
      decode(schema, request);
      return "read";
    } catch (error) {
      return (error as ConnectError).rawMessage.replace(/.*message: /, "");
    }
  };

  test("0.4's, by its dispatch", () => {
    const request = v04({ ...names, schema: { name: "s" }, dispatchStrategy: { strategy: 0 } });
    for (const schema of [V05, Current]) {
      expect(refusal(schema, request)).toBe(
        "ProducerRequest.dispatch_strategy: invalid wire type: LengthDelimited (expected Varint)",
      );
    }
  });

  test("0.5's, by a dispatch that is written also when it is 0, and a definition also when it is empty", () => {
    const request = v05({ ...names, schema: { name: "s", schemaData: new Uint8Array() }, dispatchStrategy: 0 });
    expect(refusal(V04, request)).toContain("dispatch_strategy: invalid wire type: Varint");
    expect(refusal(Current, request)).toContain("version_ref: ProducerRequest.schema_ref: invalid wire type");
  });

  test.each([
    ["none", undefined],
    ["the latest", text("s")],
    ["at least a version", text("s", { version: { min: 2 } })],
    ["a version", text("s", { version: 2 })],
  ] as const)("0.6's, with a reference to %s", async (_, schema) => {
    const version = schema?.version === undefined ? 1 : 2;
    const registered = {
      schemaId: 7n,
      version,
      subject: "s",
      schemaType: "string",
      schemaDefinition: new Uint8Array(),
      tags: [],
    };
    for (const dispatch of ["reliable", "non-reliable"] as const) {
      const { produce, request } = setUp("0.6", { getLatestSchema: () => registered });
      await produce(schema ?? anything, { dispatch, isNew: false });
      const bytes = current(request() as MessageInitShape<typeof Current>);
      expect(refusal(V04, bytes)).toContain("invalid wire type: Varint");
      if (schema) {
        expect(refusal(V05, bytes)).toContain("schema_data: ProducerRequest.schema: invalid wire type: Varint");
      } else {
        // It means the same to them: no schema, and this dispatch.
        expect(decode(V05, bytes)).toMatchObject({ dispatchStrategy: dispatch === "reliable" ? 1 : 0 });
        expect(decode(V05, bytes)).not.toHaveProperty("schema");
      }
      const means = schema && { subject: "s", versionRef: referenceOf(schema.version) };
      if (means) {
        expect(decode(Current, bytes).schemaRef).toMatchObject(means);
      }
    }
  });
});

function referenceOf(version: SchemaVersion | undefined) {
  return version === undefined || version === "latest"
    ? { case: "useLatest", value: true }
    : typeof version === "number"
      ? { case: "pinnedVersion", value: version }
      : { case: "minVersion", value: version.min };
}
