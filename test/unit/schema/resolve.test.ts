import { Code } from "@connectrpc/connect";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { createRegistry } from "../../../src/schema/registry.ts";
import { createSchemaResolver } from "../../../src/schema/resolve.ts";
import type { Schema } from "../../../src/schema/schema.ts";
import { CallFailure } from "../../../src/transport/seam.ts";
import { fakeCluster, type Handler } from "../support/fake-cluster.ts";
import { rejection, settled, watch } from "../support/outcomes.ts";

beforeEach(() => void vi.useRealTimers());

const status = (code: Code, text: string) => new CallFailure("status", text, { status: code });
const encode = () => new Uint8Array();
const wrapped = (definition: string) =>
  new TextEncoder().encode(JSON.stringify({ JsonSchema: { raw_schema: definition, fingerprint: "f" } }));

/** A registry with one subject, `orders`, with these definitions as its versions 1 and so on. */
function registryOf(...definitions: string[]) {
  const state = { definitions, type: "json_schema", incompatible: false, id: 7n, deleted: new Set<number>() };
  const found = (version: number) => ({
    subject: "orders",
    schemaId: state.id,
    version,
    schemaType: state.type,
    schemaDefinition: wrapped(state.definitions[version - 1] ?? ""),
    createdAt: 5n,
    compatibilityMode: "backward",
    tags: [],
  });
  const missing = () => {
    throw status(Code.NotFound, "Schema not found for subject: orders");
  };
  const fake = fakeCluster({
    getLatestSchema: () => (state.definitions.length > 0 ? found(state.definitions.length) : missing()),
    getSchema: ({ version }) =>
      version <= state.definitions.length && !state.deleted.has(version) ? found(version) : missing(),
    registerSchema: ({ schemaDefinition, schemaType }) => {
      const definition = new TextDecoder().decode(schemaDefinition);
      if (state.incompatible) {
        throw status(
          Code.Internal,
          "Failed to register schema: Schema is not compatible with subject 'orders' (mode: Backward): no",
        );
      }
      const known = state.definitions.indexOf(definition) + 1;
      if (known === 0) {
        state.type = schemaType;
      }
      const version = known || state.definitions.push(definition);
      return { schemaId: state.id, version, isNewVersion: known === 0, fingerprint: "f" };
    },
  });
  const resolver = createSchemaResolver(createRegistry(fake.cluster), fake.cluster.events, fake.cluster.sweeper);
  const resolve = (schema: Partial<Schema<never, unknown>>) =>
    resolver.resolve({ subject: "orders", type: "json_schema", encode, ...schema }, new AbortController().signal);
  const warnings = () =>
    fake.events.filter(({ type }) => type === "warning").map((event) => (event as { code: string }).code);
  return { ...fake, state, resolver, resolve, warnings };
}

describe("a subject that exists", () => {
  test("its latest version is taken, and nothing registered", async () => {
    const { resolve, count } = registryOf('{"a":1}', '{"b":1}');
    expect(await resolve({})).toMatchObject({
      schemaId: 7n,
      version: 2,
      reference: { subject: "orders", versionRef: { case: "useLatest", value: true } },
    });
    expect([count("getLatestSchema"), count("registerSchema"), count("getSchema")]).toEqual([1, 0, 0]);
  });

  test("a pinned version is looked up, once", async () => {
    const { resolve, count } = registryOf('{"a":1}', '{"b":1}', '{"c":1}');
    expect(await resolve({ version: 2 })).toMatchObject({
      version: 2,
      reference: { versionRef: { case: "pinnedVersion", value: 2 } },
    });
    expect(await resolve({ version: 2 })).toMatchObject({ version: 2 });
    expect(await resolve({ version: 3 })).toMatchObject({ version: 3 });
    expect([count("getLatestSchema"), count("getSchema")]).toEqual([1, 1]);
  });

  test("a minimum is met by the latest, or not at all", async () => {
    const { resolve } = registryOf('{"a":1}', '{"b":1}');
    for (const min of [1, 2]) {
      expect(await resolve({ version: { min } })).toMatchObject({
        version: 2,
        reference: { versionRef: { case: "minVersion", value: min } },
      });
    }
    expect(await rejection(resolve({ version: { min: 3 } }))).toMatchObject({ code: "SCHEMA_NOT_FOUND" });
    expect(await rejection(resolve({ version: 99 }))).toMatchObject({
      code: "SCHEMA_NOT_FOUND",
      message: expect.stringContaining("no version 99"),
    });
  });

  test("of another type is SCHEMA_MISMATCH", async () => {
    const { resolve } = registryOf('{"a":1}');
    expect(await rejection(resolve({ type: "avro" }))).toMatchObject({ code: "SCHEMA_MISMATCH" });
    expect(await rejection(resolve({ type: undefined }))).toMatchObject({ code: "SCHEMA_MISMATCH" });
  });
});

describe("a schema that brings its definition", () => {
  test("is the newest version that says the same, whatever the latest says", async () => {
    const { resolve, warnings } = registryOf('{"a":1,"z":1}', '{"b":1}');
    expect(await resolve({ definition: '{ "z": 1, "a": 1 }' })).toMatchObject({ version: 1 });
    expect(await resolve({ definition: '{"b":1}' })).toMatchObject({ version: 2 });
    expect(warnings()).toEqual([]);
  });

  test("is not found in a version that was deleted", async () => {
    const { resolve, state, warnings } = registryOf('{"a":1}', '{"b":1}');
    state.deleted.add(1);
    expect(await resolve({ definition: '{"a":1}' })).toMatchObject({ version: 2 });
    expect(warnings()).toEqual(["SCHEMA_DIFFERS"]);
  });

  test("that the subject does not have: the latest, with a warning, and no new version", async () => {
    const { resolve, state, warnings } = registryOf('{"a":1}');
    expect(await resolve({ definition: '{"c":1}' })).toMatchObject({ version: 1 });
    expect(state.definitions).toEqual(['{"a":1}']);
    expect(warnings()).toEqual(["SCHEMA_DIFFERS"]);
  });

  test("that the subject must have is SCHEMA_MISMATCH", async () => {
    const { resolve } = registryOf('{"a":1}');
    expect(await rejection(resolve({ definition: '{"c":1}', exact: true }))).toMatchObject({ code: "SCHEMA_MISMATCH" });
  });

  test("is the latest all the same where that is asked for", async () => {
    const { resolve, warnings } = registryOf('{"a":1}', '{"b":1}');
    expect(await resolve({ definition: '{"a":1}', version: "latest" })).toMatchObject({ version: 2 });
    expect(warnings()).toEqual([]);
  });
});

describe("a subject that does not exist", () => {
  test("is registered with the definition, as version 1", async () => {
    const { resolve, calls, state } = registryOf();
    expect(await resolve({ definition: '{"a":1}' })).toMatchObject({ schemaId: 7n, version: 1 });
    expect(state.definitions).toEqual(['{"a":1}']);
    expect(calls.find(({ method }) => method === "registerSchema")?.request).toMatchObject({
      subject: "orders",
      schemaType: "json_schema",
      createdBy: "danube-js",
    });
  });

  test("takes everything when it is JSON without a definition", async () => {
    const { resolve, state } = registryOf();
    await resolve({});
    expect(state.definitions).toEqual(["{}"]);
  });

  test("is SCHEMA_NOT_FOUND where nothing may be registered, or another version is asked for", async () => {
    const { resolve, count } = registryOf();
    expect(await rejection(resolve({ register: false }))).toMatchObject({ code: "SCHEMA_NOT_FOUND" });
    expect(count("registerSchema")).toBe(0);
    expect(await rejection(resolve({ version: 2 }))).toMatchObject({ code: "SCHEMA_NOT_FOUND" });
    expect(await rejection(resolve({ version: { min: 2 } }))).toMatchObject({ code: "SCHEMA_NOT_FOUND" });
    expect(count("registerSchema")).toBe(0);
    expect(await resolve({ version: { min: 1 } })).toMatchObject({ version: 1 });
  });

  test("and that another one registers meanwhile, differently: that one is taken", async () => {
    const { resolve, state, handlers, warnings } = registryOf();
    const latest = handlers["getLatestSchema"];
    handlers["getLatestSchema"] = () => {
      handlers["getLatestSchema"] = latest as () => unknown;
      state.definitions.push('{"theirs":1}');
      state.incompatible = true;
      throw status(Code.NotFound, "Schema not found for subject: orders");
    };
    expect(await resolve({ definition: '{"ours":1}' })).toMatchObject({ version: 1 });
    expect(warnings()).toEqual(["SCHEMA_DIFFERS"]);
  });

  test("is registered once for however many producers ask at once", async () => {
    const { resolve, count } = registryOf();
    const all = await Promise.all(Array.from({ length: 10 }, () => resolve({ definition: '{"a":1}' })));
    expect(new Set(all.map((one) => one?.version))).toEqual(new Set([1]));
    expect(count("registerSchema")).toBe(1);
  });
});

describe("evolve", () => {
  test("registers what the subject does not have, and takes what it has", async () => {
    const { resolve, state } = registryOf('{"a":1}');
    expect(await resolve({ register: "evolve", definition: '{"b":1}' })).toMatchObject({ version: 2 });
    expect(await resolve({ register: "evolve", definition: '{"a":1}' })).toMatchObject({ version: 1 });
    expect(state.definitions).toHaveLength(2);
  });

  test("what the subject does not allow is SCHEMA_INCOMPATIBLE", async () => {
    const { resolve, state } = registryOf('{"a":1}');
    state.incompatible = true;
    expect(await rejection(resolve({ register: "evolve", definition: '{"b":1}' }))).toMatchObject({
      code: "SCHEMA_INCOMPATIBLE",
      retryable: false,
    });
  });

  test("registers again what another one has written over at the same moment", async () => {
    const { resolve, state, handlers, count } = registryOf('{"a":1}');
    const register = handlers["registerSchema"] as Handler;
    handlers["registerSchema"] = (request, url) => {
      const answer = register(request, url);
      if (count("registerSchema") <= 2) {
        // Theirs takes the place of ours, whatever we were told.
        state.definitions[state.definitions.length - 1] = `{"theirs":${count("registerSchema")}}`;
      }
      return answer;
    };
    expect(await resolve({ register: "evolve", definition: '{"b":1}' })).toMatchObject({ version: 4 });
    expect(state.definitions).toEqual(['{"a":1}', '{"theirs":1}', '{"theirs":2}', '{"b":1}']);
  });

  test("with the version that is asked for", async () => {
    const { resolve } = registryOf('{"a":1}');
    const evolving = { register: "evolve", definition: '{"b":1}' } as const;
    expect(await resolve({ ...evolving, version: 1 })).toMatchObject({ version: 1 });
    expect(await resolve({ ...evolving, version: "latest" })).toMatchObject({ version: 2 });
  });
});

test("who gives up is told what was in the way", async () => {
  vi.useFakeTimers();
  const { resolver, handlers } = registryOf();
  handlers["getLatestSchema"] = () => {
    throw new CallFailure("unreachable", "cannot connect to http://a:1");
  };
  const controller = new AbortController();
  const schema = { subject: "orders", encode };
  const result = watch(resolver.resolve(schema, controller.signal));
  await vi.advanceTimersByTimeAsync(10);
  controller.abort();
  await settled();
  expect(result).toMatchObject({ state: "rejected", value: { code: "UNAVAILABLE" } });
});

describe("what the schema is exactly", () => {
  test("counts also where the version is said", async () => {
    const { resolve } = registryOf('{"a":1}', '{"b":1}');
    const exact = { definition: '{"a":1}', exact: true };
    expect(await resolve({ ...exact, version: 1 })).toMatchObject({ version: 1 });
    for (const version of [2, "latest", { min: 1 }] as const) {
      expect(await rejection(resolve({ ...exact, version }))).toMatchObject({ code: "SCHEMA_MISMATCH" });
    }
  });

  test("its type is looked at before it is registered", async () => {
    const { resolve, count } = registryOf('{"a":1}');
    const other = { type: "avro", register: "evolve", definition: '"string"' } as const;
    expect(await rejection(resolve(other))).toMatchObject({ code: "SCHEMA_MISMATCH" });
    // Without a definition there is nothing to evolve to.
    expect(await resolve({ register: "evolve" })).toMatchObject({ version: 1 });
    expect(count("registerSchema")).toBe(0);
  });
});

describe("what is kept", () => {
  test("not a version that was deleted", async () => {
    const { resolve, resolver, state } = registryOf('{"a":1}', '{"b":1}');
    expect(await resolve({ version: 1 })).toMatchObject({ version: 1 });
    state.deleted.add(1);
    resolver.changed("orders");
    expect(await rejection(resolve({ version: 1 }))).toMatchObject({ code: "SCHEMA_NOT_FOUND" });
  });

  test("nor an answer that was asked for before the subject changed", async () => {
    const { resolve, resolver, state, handlers } = registryOf('{"a":1}');
    const latest = handlers["getLatestSchema"] as Handler;
    const slow = Promise.withResolvers<void>();
    const old = latest({}, "http://a:1");
    handlers["getLatestSchema"] = () => slow.promise.then(() => old);
    const before = resolve({});
    await settled();
    handlers["getLatestSchema"] = latest;
    state.definitions.push('{"b":1}');
    resolver.changed("orders");
    // Not the flight that is under way, and not what it brings.
    expect(await resolve({})).toMatchObject({ version: 2 });
    slow.resolve();
    expect(await before).toMatchObject({ version: 1 });
    expect(await resolve({})).toMatchObject({ version: 2 });
  });

  test("the latest version for a second, or until the subject changes", async () => {
    vi.useFakeTimers();
    const { resolve, resolver, state, count } = registryOf('{"a":1}');
    await resolve({});
    await resolve({});
    expect(count("getLatestSchema")).toBe(1);
    state.definitions.push('{"b":1}');
    resolver.changed("orders");
    expect(await resolve({})).toMatchObject({ version: 2 });
    state.definitions.push('{"c":1}');
    expect(await resolve({})).toMatchObject({ version: 2 });
    vi.advanceTimersByTime(1_000);
    expect(await resolve({})).toMatchObject({ version: 3 });
  });

  test("a schema without a subject asks nothing", async () => {
    const { resolve, calls } = registryOf();
    expect(await resolve({ subject: undefined })).toBeUndefined();
    expect(calls).toEqual([]);
  });
});
