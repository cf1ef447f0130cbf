import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failure, integer, object, record, startWorld, text, type World } from "./registry.ts";

// The scenarios of the broker's own tests (schema_compatibility.rs), and answers of a real Danube 0.15.1.

let world: World;
let count = 0;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

/** A subject with a first version. */
async function subjectOf(type: string, definition: unknown, mode?: string): Promise<string> {
  const subject = `subject-${count++}`;
  await world.register(subject, type, definition);
  if (mode !== undefined) {
    const message = `Set compatibility mode to ${mode} for subject ${subject}`;
    const set = await world.registry.setCompatibilityMode({ subject, compatibilityMode: mode });
    expect(set).toMatchObject({ success: true, message });
  }
  return subject;
}

const refused = (subject: string, mode: string, why: string): [number, string] => [
  Code.Internal,
  `Failed to register schema: Schema is not compatible with subject '${subject}' (mode: ${mode}): ${why}`,
];

describe("json", () => {
  const name = object({ name: text }, ["name"]);

  test("backward: an optional field may come", async () => {
    const subject = await subjectOf("json", name, "backward");
    expect(await world.register(subject, "json", object({ name: text, email: text }, ["name"]))).toMatchObject({
      version: 2,
    });
  });

  test("backward: a required field may not go", async () => {
    const subject = await subjectOf("json", object({ name: text, age: integer }, ["name", "age"]), "backward");
    const why = "Backward incompatible: removed required field 'age'";
    expect(await failure(world.register(subject, "json", name))).toEqual(refused(subject, "Backward", why));
  });

  test("backward is the default, and tells everything", async () => {
    const subject = await subjectOf("json", object({ a: text, b: integer, c: text }, ["a"]));
    const why = [
      "Backward incompatible: removed required field 'a'",
      "Backward incompatible: made optional field 'b' required",
      "Backward incompatible: changed type of field 'b'",
    ];
    const next = object({ b: text, c: text }, ["b"]);
    expect(await failure(world.register(subject, "json", next))).toEqual(refused(subject, "Backward", why.join("; ")));
    expect(await world.compatible(subject, "json", next)).toEqual(why);
  });

  test("backward: a new required field may come, and a type may be left out", async () => {
    const subject = await subjectOf("json", name);
    expect(await world.compatible(subject, "json", object({ name: {}, age: integer }, ["name", "age"]))).toEqual([]);
  });

  test("forward: an optional field may go", async () => {
    const subject = await subjectOf("json", object({ name: text, nickname: text }, ["name"]), "forward");
    await world.register(subject, "json", name);
  });

  test("forward: a required field may not come", async () => {
    const subject = await subjectOf("json", name, "forward");
    const why = "Forward incompatible: added new required field 'email'";
    const next = object({ name: text, email: text }, ["name", "email"]);
    expect(await failure(world.register(subject, "json", next))).toEqual(refused(subject, "Forward", why));
  });

  test("full: both, and backward first", async () => {
    const subject = await subjectOf("json", object({ id: integer, name: text }, ["id", "name"]), "FULL");
    const next = object({ id: integer, name: text, description: text }, ["id", "name"]);
    expect(await world.register(subject, "json", next)).toMatchObject({ version: 2 });
    const without = object({ id: integer, extra: text }, ["id", "extra"]);
    const why = "Backward incompatible: removed required field 'name'";
    expect(await failure(world.register(subject, "json", without))).toEqual(refused(subject, "Full", why));
    expect(
      await world.compatible(subject, "json", object({ id: integer, name: text, more: text }, ["id", "name", "more"])),
    ).toEqual(["Forward incompatible: added new required field 'more'"]);
  });

  test("none: anything, another type too", async () => {
    const subject = await subjectOf("json", name, "None");
    await world.register(subject, "json", object({ age: integer }, ["age"]));
    expect(await world.register(subject, "string")).toMatchObject({ version: 3 });
  });

  test("a check does not register, and its mode goes before the subject's", async () => {
    const subject = await subjectOf("json", object({ id: integer }, ["id"]), "backward");
    const next = object({ name: text }, ["name"]);
    expect(await world.compatible(subject, "json", next)).toEqual([
      "Backward incompatible: removed required field 'id'",
    ]);
    expect(await world.compatible(subject, "json", next, "Forward")).toEqual([
      "Forward incompatible: added new required field 'name'",
    ]);
    expect(await world.compatible(subject, "json", next, "none")).toEqual([]);
    // A mode that nobody knows is none at all.
    expect(await world.compatible(subject, "json", next, "sideways")).toHaveLength(1);
    expect(await world.registry.getLatestSchema({ subject })).toMatchObject({ version: 1 });
  });

  test("only the newest version counts", async () => {
    const subject = await subjectOf("json", object({ id: integer }, ["id"]), "none");
    await world.register(subject, "json", object({ id: integer, name: text }, ["id"]));
    await world.register(subject, "json", object({ id: text, name: text }, ["id"]));
    await world.registry.setCompatibilityMode({ subject, compatibilityMode: "full" });
    const next = object({ id: text, name: text, active: { type: "boolean" } }, ["id"]);
    expect(await world.register(subject, "json", next)).toMatchObject({ version: 4 });
  });
});

test.each([
  ["string", "bytes"],
  ["json", "avro"],
  ["protobuf", "json"],
])("%s does not become %s", async (old, next) => {
  const subject = await subjectOf(old, old === "json" ? "{}" : "message A {}");
  const why = "Schema types must match (cannot change from Avro to JSON, etc.)";
  const definition = next === "avro" ? '"string"' : "{}";
  expect(await failure(world.register(subject, next, definition))).toEqual(refused(subject, "Backward", why));
});

test("the same text, and so the same fingerprint, is the same version whatever the type", async () => {
  const subject = await subjectOf("protobuf", "{}");
  expect(await world.register(subject, "json", "{}")).toMatchObject({ version: 1, isNewVersion: false });
});

test("protobuf is compatible with anything", async () => {
  const subject = await subjectOf("protobuf", "message A {}", "full");
  expect(await world.register(subject, "protobuf", "message B {}")).toMatchObject({ version: 2 });
});

describe("avro", () => {
  const a = { name: "a", type: "string" };
  const [no, notForward] = [
    ["Reader schema cannot read data written with writer schema"],
    ["Old schema cannot read data written with new schema"],
  ];

  test("a field with a default may come", async () => {
    const subject = await subjectOf("avro", record([a]), "backward");
    await world.register(subject, "avro", record([a, { name: "age", type: "int", default: 0 }]));
  });

  test("a field without one may not", async () => {
    const subject = await subjectOf("avro", record([a]));
    const next = record([a, { name: "age", type: "int" }]);
    expect(await failure(world.register(subject, "avro", next))).toEqual(refused(subject, "Backward", String(no)));
  });

  test.each<[what: string, old: unknown, next: unknown, backward: string[], forward: string[]]>([
    ["a field goes", record([a, { name: "b", type: "int" }]), record([a]), [], notForward],
    ["a field that may be null", record([a]), record([a, { name: "b", type: ["null", "int"] }]), [], []],
    ["a union's default", record([a]), record([a, { name: "b", type: ["string", "int"], default: "x" }]), no, []],
    ["another name", record([a]), record([a], { name: "Other" }), no, notForward],
    ["another namespace", record([a]), record([a], { namespace: "n" }), no, notForward],
    // Faults of the real one: it compares the types of fields only when all else is the same, and then not the names.
    ["a field's other name", record([a]), record([{ name: "z", type: "string" }]), [], []],
    ["a field's other type", record([a]), record([{ name: "a", type: "int" }]), [], []],
    ["unions", ["null", "int"], "string", [], []],
    ["int and long", "int", "long", [], notForward],
    ["int and float", "int", "float", no, notForward],
    ["float and double", "float", "double", [], notForward],
    ["string and bytes", "string", "bytes", [], []],
    ["arrays", { type: "array", items: "int" }, { type: "array", items: "long" }, [], notForward],
    ["maps", { type: "map", values: "int" }, { type: "map", values: "string" }, no, notForward],
    [
      "a symbol comes",
      { type: "enum", name: "E", symbols: ["A"] },
      { type: "enum", name: "E", symbols: ["A", "B"] },
      no,
      notForward,
    ],
    ["sizes", { type: "fixed", name: "F", size: 1 }, { type: "fixed", name: "F", size: 2 }, no, notForward],
    ["a date", "int", { type: "int", logicalType: "date" }, no, notForward],
  ])("%s", async (_what, old, next, backward, forward) => {
    const subject = await subjectOf("avro", JSON.stringify(old));
    expect(await world.compatible(subject, "avro", JSON.stringify(next), "backward")).toEqual(backward);
    expect(await world.compatible(subject, "avro", JSON.stringify(next), "forward")).toEqual(forward);
    const full = await world.compatible(subject, "avro", JSON.stringify(next), "full");
    expect(full).toEqual(backward.length > 0 ? backward : forward);
  });
});
