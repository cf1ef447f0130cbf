import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { failure, integer, object, startWorld, text, type World } from "./registry.ts";

// The scenarios of the broker's own tests (topic_schema_config.rs, schema_version_selection.rs), and answers of a real
// Danube 0.15.1.

const topic = "/default/orders";

const configOf = (world: World, i = 0) => world.registryAt(i).getTopicSchemaConfig({ topicName: topic });
const configure = (world: World, subject: string, policy = "enforce", payloads = false, i = 0) =>
  world.registryAt(i).configureTopicSchema({
    topicName: topic,
    schemaSubject: subject,
    validationPolicy: policy,
    enablePayloadValidation: payloads,
  });

/** A standalone broker with the subjects a and b, and the topic. */
async function prepared(): Promise<World> {
  const world = await startWorld();
  await world.register("a", "json", object({ a: text }));
  await world.register("b", "json", object({ b: integer }));
  await world.produce(topic);
  return world;
}

describe("the first producer", () => {
  test("assigns its subject, except where it creates the topic", async () => {
    await using world = await startWorld();
    await world.register("a", "string");
    await world.produce(topic, { subject: "a" });
    expect(await configOf(world)).toMatchObject({ schemaSubject: "", validationPolicy: "warn", schemaId: 0n });
    await world.produce(topic, { subject: "a", name: "second" });
    // The id is 0 in the real one too.
    expect(await configOf(world)).toMatchObject({ schemaSubject: "a", enablePayloadValidation: false, schemaId: 0n });
    await world.produce(topic, { subject: "a", name: "third" });
  });

  test("another subject is refused, a producer without one is not", async () => {
    await using world = await prepared();
    await world.produce(topic, { subject: "a" });
    expect(await failure(world.produce(topic, { subject: "b" }))).toEqual([
      Code.FailedPrecondition,
      "Topic '/default/orders' uses schema subject 'a', cannot use 'b'. Only admin can change topic schema.",
    ]);
    await world.produce(topic, { name: "without" });
  });

  test("a subject that is not registered", async () => {
    await using world = await prepared();
    const why = (subject: string) =>
      `Failed to assign schema '${subject}' to topic '/default/orders': Schema subject '${subject}' not found in registry. Please register schema first.. Ensure schema is registered first.`;
    expect(await failure(world.produce(topic, { subject: "c" }))).toEqual([Code.FailedPrecondition, why("c")]);
    // Registered, but topics do not find a name that begins with a slash.
    await world.register("/slashed", "string");
    expect(await failure(world.produce(topic, { subject: "/slashed" }))).toEqual([
      Code.FailedPrecondition,
      why("/slashed"),
    ]);
  });

  test("its dispatch is looked at before its subject", async () => {
    await using world = await prepared();
    const [, why] = await failure(world.produce(topic, { subject: "c", reliable: true }));
    expect(why).toBe("Producer requested dispatch strategy does not match topic strategy");
  });

  test("several versions go under one subject", async () => {
    await using world = await prepared();
    const { schemaId } = await world.register("a", "json", object({ a: text, more: text }));
    const one = await world.produce(topic, { subject: "a", name: "one" });
    const two = await world.produce(topic, { subject: "a", name: "two" });
    await one("{}", schemaId, 1);
    await two("{}", schemaId, 2);
    expect(world.broker.messages(topic)).toMatchObject([
      { producer: "one", schemaId, schemaVersion: 1 },
      { producer: "two", schemaId, schemaVersion: 2 },
    ]);
  });
});

describe("settings", () => {
  test("are told in words", async () => {
    await using world = await prepared();
    expect(await configure(world, "a", "Enforce", true)).toMatchObject({
      success: true,
      message:
        "Topic '/default/orders' configured with schema 'a', validation policy 'Enforce', payload validation enabled",
    });
    expect(await configOf(world)).toMatchObject({
      schemaSubject: "a",
      validationPolicy: "enforce",
      enablePayloadValidation: true,
    });
    const update = { topicName: topic, validationPolicy: "NONE" };
    expect(await world.registry.updateTopicValidationPolicy(update)).toMatchObject({
      success: true,
      message: "Validation policy updated to 'None', payload validation disabled",
    });
    expect(await configOf(world)).toMatchObject({ schemaSubject: "a", validationPolicy: "none" });
    // The administrator may change it.
    await configure(world, "b");
    expect(await configOf(world)).toMatchObject({ schemaSubject: "b" });
  });

  test("what is wrong with them", async () => {
    await using world = await prepared();
    expect(await failure(configure(world, "a", "strict"))).toEqual([
      Code.InvalidArgument,
      "Invalid validation policy: 'strict'. Must be 'none', 'warn', or 'enforce'",
    ]);
    expect(await failure(configure(world, "c"))).toEqual([
      Code.NotFound,
      "Schema subject 'c' not found in registry: Schema metadata not found for subject: c",
    ]);
    await world.register("/slashed", "string");
    expect(await failure(configure(world, "/slashed"))).toEqual([
      Code.Internal,
      "Failed to set schema subject '/slashed': Schema subject '/slashed' not found in registry. Please register schema first.",
    ]);
    const elsewhere = { topicName: "/default/none", schemaSubject: "a", validationPolicy: "warn" };
    const notHere = [Code.NotFound, "Topic '/default/none' not found on this broker"];
    expect(await failure(world.registry.configureTopicSchema(elsewhere))).toEqual(notHere);
    expect(await failure(world.registry.updateTopicValidationPolicy(elsewhere))).toEqual(notHere);
    expect(await failure(world.registry.getTopicSchemaConfig(elsewhere))).toEqual(notHere);
  });

  test("a policy without a subject holds although it is refused", async () => {
    await using world = await prepared();
    const update = world.registry.updateTopicValidationPolicy({ topicName: topic, validationPolicy: "enforce" });
    expect(await failure(update)).toEqual([
      Code.FailedPrecondition,
      "Topic '/default/orders' has no schema subject configured. Use ConfigureTopicSchema first.",
    ]);
    expect(await configOf(world)).toMatchObject({ schemaSubject: "", validationPolicy: "enforce" });
    const send = await world.produce(topic);
    expect(await failure(send("x", 1n))).toEqual([
      Code.PermissionDenied,
      "Unable to publish the message: Topic /default/orders requires schema but none is configured",
    ]);
  });
});

describe("policies", () => {
  test("enforce", async () => {
    await using world = await prepared();
    const { schemaId: a } = await world.register("a", "json", object({ a: text }));
    const { schemaId: b } = await world.register("b", "json", object({ b: integer }));
    await configure(world, "a");
    const send = await world.produce(topic);
    await send("x", a, 1);
    const refused = (why: string) => [Code.PermissionDenied, `Unable to publish the message: ${why}`];
    expect(await failure(send("x"))).toEqual(
      refused("Message missing schema_id for topic /default/orders (expected subject: a)"),
    );
    expect(await failure(send("x", 99n))).toEqual(refused("Schema ID 99 not found in registry"));
    const mismatch = `message schema_id=${b} belongs to subject 'b', but topic requires 'a'`;
    expect(await failure(send("x", b))).toEqual(
      refused(`Schema subject mismatch for topic /default/orders: ${mismatch}`),
    );
    expect(world.broker.messages(topic)).toHaveLength(1);
    // What was seen once is known by its id, and refused when the topic's subject changes.
    await configure(world, "b");
    expect((await failure(send("x", a, 1)))[1]).toContain(`message schema_id=${a} belongs to subject 'a'`);
  });

  test("warn accepts all but unknown ids, and payloads that do not fit", async () => {
    await using world = await prepared();
    const { schemaId: b } = await world.register("b", "json", object({ b: integer }));
    const { schemaId: words } = await world.register("words", "string");
    await configure(world, "words", "warn", true);
    const send = await world.produce(topic);
    await send("x");
    await send("x", b);
    expect((await failure(send("x", 99n)))[1]).toBe(
      "Unable to publish the message: Schema ID 99 not found in registry",
    );
    expect((await failure(send(new Uint8Array([0x61, 0xff]), words)))[1]).toMatch(
      /^Unable to publish the message: Payload validation failed: Invalid UTF-8 string: /,
    );
  });

  test("none accepts everything", async () => {
    await using world = await prepared();
    await configure(world, "a", "none", true);
    const send = await world.produce(topic);
    await send("{", 99n);
  });

  test("the schema is looked at before the producer", async () => {
    await using world = await prepared();
    await world.produce("/default/other");
    await configure(world, "a");
    const stray = await world.produce("/default/other", { name: "stray" });
    await stray("x");
    const send = await world.produce(topic);
    await world.broker.unloadTopic("/default/other");
    expect((await failure(send("x")))[1]).toContain("Message missing schema_id");
  });
});

describe("in a cluster", () => {
  /** A reliable topic with its owner. */
  async function cluster(): Promise<{ world: World; owner: () => number }> {
    const world = await startWorld({ brokers: 2, loadMs: 1, failoverMs: 50 });
    await world.register("a", "string");
    const creating = await failure(world.produce(topic, { subject: "a", reliable: true }));
    expect(creating[1]).toContain("The topic metadata was created");
    return { world, owner: () => world.broker.topics()[0]?.owner as number };
  }

  test("the schemas are everywhere, a topic's settings at its owner, who takes the second producer's subject", async () => {
    const { world, owner } = await cluster();
    await using _ = world;
    for (const i of [0, 1]) {
      expect(await world.registryAt(i).getLatestSchema({ subject: "a" })).toMatchObject({ version: 1 });
    }
    await world.produce(topic, { subject: "a", reliable: true, at: owner() });
    expect(await configOf(world, owner())).toMatchObject({ schemaSubject: "a" });
    expect(await failure(configOf(world, 1 - owner()))).toEqual([
      Code.NotFound,
      "Topic '/default/orders' not found on this broker",
    ]);
  });

  test("what a producer assigned goes when the topic moves", async () => {
    const { world, owner } = await cluster();
    await using _ = world;
    await world.produce(topic, { subject: "a", reliable: true, at: owner() });
    await world.broker.moveTopic(topic, 1 - owner());
    await world.produce(topic, { reliable: true, at: owner() });
    expect(await configOf(world, owner())).toMatchObject({ schemaSubject: "", validationPolicy: "warn" });
  });

  test("what was configured comes back after a move and after a kill", async () => {
    const { world, owner } = await cluster();
    await using _ = world;
    await world.produce(topic, { reliable: true, at: owner() });
    await configure(world, "a", "enforce", true, owner());
    await world.broker.moveTopic(topic, 1 - owner());
    const expected = { schemaSubject: "a", validationPolicy: "enforce", enablePayloadValidation: true };
    await expect.poll(() => configOf(world, owner()).catch(() => undefined)).toMatchObject(expected);
    const killed = owner();
    await world.broker.kill(killed);
    await expect.poll(() => owner()).toBe(1 - killed);
    await expect.poll(() => configOf(world, owner()).catch(() => undefined)).toMatchObject(expected);
  });
});
