import { Code } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { TopicShape } from "../../../src/cluster/partitions.ts";
import { createSeeds } from "../../../src/cluster/seeds.ts";
import { createSchemas } from "../../../src/schema/create-schemas.ts";
import { createRegistry } from "../../../src/schema/registry.ts";
import { createSchemaResolver } from "../../../src/schema/resolve.ts";
import type { Schemas } from "../../../src/schema/schemas.ts";
import { CallFailure } from "../../../src/transport/seam.ts";
import { fakeCluster, type Handler } from "../support/fake-cluster.ts";
import { protocolOf } from "../support/fake-protocol.ts";
import { rejection, watch } from "../support/outcomes.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const topic = "/default/t";
const status = (code: Code, text: string) => new CallFailure("status", text, { status: code });

function setUp(handlers: Record<string, Handler> = {}, shape: TopicShape = { kind: "plain" }) {
  const fake = fakeCluster(handlers);
  const cluster = { ...fake.cluster, shape: async () => shape, backoff: () => 50 };
  const registry = createRegistry(cluster);
  const closing = new AbortController();
  const schemas = createSchemas({
    cluster,
    protocol: protocolOf(cluster),
    registry,
    resolver: createSchemaResolver(registry, cluster.events, cluster.sweeper),
    timeoutMs: 1_000,
    whenClosed: closing.signal,
  });
  return { ...fake, closing, schemas };
}

describe("wrong arguments are TypeErrors that name them, before any call", () => {
  const wrong: [string, (schemas: Schemas) => Promise<unknown>][] = [
    ["subject", (schemas) => schemas.register("a/b", { type: "string" })],
    ["type", (schemas) => schemas.register("s", { type: "text" as "string" })],
    ["definition", (schemas) => schemas.register("s", { type: "avro" })],
    ["definition", (schemas) => schemas.register("s", { type: "json_schema", definition: 5 as never })],
    ["definition", (schemas) => schemas.register("s", { type: "json_schema", definition: null as never })],
    ["tags", (schemas) => schemas.register("s", { type: "string", tags: "a" as never })],
    ["tags[1]", (schemas) => schemas.register("s", { type: "string", tags: ["a", 5 as never] })],
    ["label", (schemas) => schemas.register("s", { type: "string", label: "x" } as never)],
    ["schemaId", (schemas) => schemas.get(5 as never)],
    ["schemaId", (schemas) => schemas.get(-1n)],
    ["version", (schemas) => schemas.get(1n, 0)],
    ["subject", (schemas) => schemas.latest("")],
    ["subject", (schemas) => schemas.versions(null as never)],
    ["compatibility", (schemas) => schemas.check("s", { type: "string", compatibility: "any" as "none" })],
    ["compatibility", (schemas) => schemas.setCompatibility("s", "BACKWARD" as "none")],
    ["version", (schemas) => schemas.delete("s", undefined as never)],
    ["topic", (schemas) => schemas.configureTopic("t", { subject: "s", policy: "warn" })],
    ["subject", (schemas) => schemas.configureTopic(topic, { subject: "", policy: "warn" })],
    ["policy", (schemas) => schemas.configureTopic(topic, { subject: "s" } as never)],
    ["policy", (schemas) => schemas.validationPolicy(topic, { policy: "strict" as "warn" })],
    [
      "payloadValidation",
      (schemas) => schemas.validationPolicy(topic, { policy: "warn", payloadValidation: 1 as never }),
    ],
    ["topic", (schemas) => schemas.topicConfig("/default/t-part-0")],
  ];

  test.each(wrong)("%s", async (name, call) => {
    const { schemas, calls } = setUp();
    const error = await rejection(call(schemas));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain(`"${name}"`);
    expect(calls).toEqual([]);
  });
});

describe("a call", () => {
  test("waits for a broker that is away, and ends in its time with the reason", async () => {
    let failures = 0;
    const { schemas } = setUp({
      getLatestSchema: () => {
        failures++;
        throw new CallFailure("unreachable", "cannot connect");
      },
    });
    const result = watch(schemas.latest("s"));
    await vi.advanceTimersByTimeAsync(999);
    expect(result.state).toBe("pending");
    expect(failures).toBeGreaterThan(5);
    await vi.advanceTimersByTimeAsync(1);
    expect(result.value).toMatchObject({ code: "TIMEOUT", cause: { code: "UNAVAILABLE" } });
    expect(String(result.value)).toContain("cannot connect");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("ends with the client, and is refused after", async () => {
    const { schemas, closing } = setUp({ listSubjects: () => new Promise(() => {}) });
    const result = watch(schemas.subjects());
    await vi.advanceTimersByTimeAsync(10);
    closing.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(result.value).toMatchObject({ code: "CLOSED" });
    expect(await rejection(schemas.subjects())).toMatchObject({ code: "CLOSED" });
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each<[Code, string, string]>([
    [Code.NotFound, "Schema not found for subject: s", "SCHEMA_NOT_FOUND"],
    [Code.Internal, "Failed to check compatibility: Schema metadata not found for subject: s", "SCHEMA_NOT_FOUND"],
    [Code.Internal, "Failed to register schema: Invalid Avro schema: no", "SCHEMA_REJECTED"],
    [Code.Internal, "Failed to register schema: Unknown schema type: x", "SCHEMA_REJECTED"],
    [Code.Internal, "Failed to register schema: Schema is not compatible with subject 's'", "SCHEMA_INCOMPATIBLE"],
    [Code.Unimplemented, "", "UNSUPPORTED"],
    [Code.PermissionDenied, "no binding grants ManageSchema on SchemaSubject(s)", "PERMISSION_DENIED"],
    [Code.InvalidArgument, "Invalid compatibility mode: x", "UNSUPPORTED"],
  ])("%s %s is %s, at once", async (code, text, expected) => {
    const { schemas, count } = setUp({
      registerSchema: () => {
        throw status(code, text);
      },
    });
    expect(await rejection(schemas.register("s", { type: "string" }))).toMatchObject({ code: expected });
    expect(count("registerSchema")).toBe(1);
  });
});

/** What a registry answers of subject `s`. */
const latest = () => ({
  schemaId: 7n,
  version: 1,
  schemaType: "string",
  compatibilityMode: "backward",
  tags: [],
  createdAt: 0n,
  schemaDefinition: new Uint8Array(),
});

describe("the seeds", () => {
  test("one that cannot answer now is not the last word, and one that answered is asked first", async () => {
    const asked: string[] = [];
    const fake = fakeCluster({
      registerSchema: (_, url) => {
        asked.push(url);
        if (url === "http://a:1") {
          throw status(Code.Internal, "Failed to register schema: Unknown error occurred: leader unknown");
        }
        return { schemaId: 7n, version: 1, isNewVersion: false, fingerprint: "f" };
      },
    });
    const registry = createRegistry({ ...fake.cluster, seeds: createSeeds(["http://a:1", "http://b:1"]) });
    const register = () =>
      registry.register(
        "s",
        { type: "string", definition: "" },
        { description: "", createdBy: "", tags: [] },
        new AbortController().signal,
      );
    await register();
    await register();
    expect(asked).toEqual(["http://a:1", "http://b:1", "http://b:1"]);
  });
});

describe("calls about a topic", () => {
  const config = () => ({
    schemaSubject: "s",
    validationPolicy: "enforce",
    enablePayloadValidation: true,
    schemaId: 0n,
  });

  test("go to its owner, to wherever that is by then", async () => {
    const elsewhere = status(Code.NotFound, "Topic '/default/t' not found on this broker");
    const { schemas, place, calls } = setUp({
      updateTopicValidationPolicy: (_, url) => {
        if (url === "http://a:1") {
          place.url = "http://b:1";
          throw elsewhere;
        }
        return {};
      },
    });
    const result = watch(schemas.validationPolicy(topic, { policy: "enforce", payloadValidation: true }));
    await vi.advanceTimersByTimeAsync(100);
    expect(result.state).toBe("resolved");
    expect(calls.map(({ target }) => target.url)).toEqual(["http://a:1", "http://b:1"]);
    expect(calls[1]?.request).toEqual({
      topicName: topic,
      validationPolicy: "enforce",
      enablePayloadValidation: true,
    });
  });

  test("go to each partition", async () => {
    const shape = { kind: "partitioned", partitions: 3 } as const;
    const { schemas, calls } = setUp({ configureTopicSchema: () => ({}), getLatestSchema: latest }, shape);
    await schemas.configureTopic(topic, { subject: "s", policy: "warn" });
    const configured = calls.filter(({ method }) => method === "configureTopicSchema");
    expect(configured.map(({ request }) => request["topicName"])).toEqual([0, 1, 2].map((i) => `${topic}-part-${i}`));
  });

  test("say at once that there is no such subject", async () => {
    const missing = () => {
      throw status(Code.NotFound, "Schema not found for subject: s");
    };
    const { schemas, count } = setUp({ getLatestSchema: missing });
    const configuring = schemas.configureTopic(topic, { subject: "s", policy: "warn" });
    expect(await rejection(configuring)).toMatchObject({ code: "SCHEMA_NOT_FOUND" });
    expect(count("configureTopicSchema")).toBe(0);
  });

  test("end with the first that is refused for good", async () => {
    const shape = { kind: "partitioned", partitions: 3 } as const;
    const { schemas, count } = setUp(
      {
        updateTopicValidationPolicy: ({ topicName }) => {
          throw topicName.endsWith("-1")
            ? status(Code.PermissionDenied, "no binding grants ManageSchema on Topic")
            : status(Code.Unavailable, "not now");
        },
      },
      shape,
    );
    const refused = schemas.validationPolicy(topic, { policy: "warn" });
    expect(await rejection(refused)).toMatchObject({ code: "PERMISSION_DENIED" });
    const before = count("updateTopicValidationPolicy");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(count("updateTopicValidationPolicy")).toBe(before);
  });

  test("say that there is no such topic", async () => {
    const { schemas, calls } = setUp({}, { kind: "none" });
    expect(await rejection(schemas.topicConfig(topic))).toMatchObject({ code: "TOPIC_NOT_FOUND" });
    expect(calls).toEqual([]);
  });

  test("find the number that brokers leave out", async () => {
    const { schemas } = setUp({ getTopicSchemaConfig: config, getLatestSchema: latest });
    expect(await schemas.topicConfig(topic)).toEqual({
      subject: "s",
      schemaId: 7n,
      policy: "enforce",
      payloadValidation: true,
    });
    const none = setUp({ getTopicSchemaConfig: () => ({ ...config(), schemaSubject: "", validationPolicy: "warn" }) });
    expect(await none.schemas.topicConfig(topic)).toMatchObject({ subject: undefined, schemaId: undefined });
  });
});

describe("what was written is there to be read", () => {
  test("register: when the broker that is asked knows the number", async () => {
    let seen = false;
    const { schemas, count } = setUp({
      registerSchema: () => ({ schemaId: 7n, version: 1, isNewVersion: true, fingerprint: "f" }),
      getSchema: () => {
        if (!seen) {
          throw status(Code.NotFound, "Schema not found for ID: 7");
        }
        return latest();
      },
    });
    const result = watch(schemas.register("s", { type: "string" }));
    await vi.advanceTimersByTimeAsync(100);
    expect(result.state).toBe("pending");
    seen = true;
    await vi.advanceTimersByTimeAsync(20);
    expect(result).toMatchObject({ state: "resolved", value: { schemaId: 7n, version: 1 } });
    expect(count("getSchema")).toBeGreaterThan(3);
  });

  test("register: also for who may not ask", async () => {
    const { schemas } = setUp({
      registerSchema: () => ({ schemaId: 7n, version: 1, isNewVersion: true, fingerprint: "f" }),
      getSchema: () => {
        throw status(Code.PermissionDenied, "no binding grants ManageSchema on Cluster");
      },
    });
    expect(await schemas.register("s", { type: "string" })).toMatchObject({ version: 1 });
  });

  test("register of what is there already asks no more", async () => {
    const { schemas, count } = setUp({
      registerSchema: () => ({ schemaId: 7n, version: 1, isNewVersion: false, fingerprint: "f" }),
    });
    await schemas.register("s", { type: "string" });
    expect(count("getSchema")).toBe(0);
  });

  test("setCompatibility: when the broker shows it, or another one has set it again", async () => {
    let mode = "backward";
    const { schemas } = setUp({
      setCompatibilityMode: () => ({}),
      getLatestSchema: () => ({ ...latest(), compatibilityMode: mode }),
    });
    const first = watch(schemas.setCompatibility("s", "none"));
    await vi.advanceTimersByTimeAsync(100);
    expect(first.state).toBe("pending");
    mode = "none";
    await vi.advanceTimersByTimeAsync(20);
    expect(first.state).toBe("resolved");
    // The call's own time is a second here, and the patience two.
    const never = watch(schemas.setCompatibility("s", "full"));
    await vi.advanceTimersByTimeAsync(990);
    expect(never.state).toBe("pending");
    // It is set, whatever can be seen of it.
    await vi.advanceTimersByTimeAsync(10);
    expect(never.state).toBe("resolved");
  });

  test("delete: when the broker lists it no more, and at once where there was no subject", async () => {
    let versions = [{ version: 1 }, { version: 2 }];
    const { schemas, handlers, count } = setUp({
      deleteSchemaVersion: () => ({}),
      getLatestSchema: latest,
      listVersions: () => ({ versions }),
    });
    const result = watch(schemas.delete("s", 1));
    await vi.advanceTimersByTimeAsync(100);
    expect(result.state).toBe("pending");
    versions = [{ version: 2 }];
    await vi.advanceTimersByTimeAsync(20);
    expect(result.state).toBe("resolved");
    handlers["listVersions"] = () => {
      throw status(Code.NotFound, "Subject not found: s");
    };
    const listed = count("listVersions");
    await schemas.delete("s", 9);
    expect(count("listVersions")).toBe(listed + 1);
  });
});
