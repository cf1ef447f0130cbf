import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failure, integer, object, startWorld, text, type World } from "./registry.ts";

// Expected values are what a real Danube 0.15.1 answered to the same calls.

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const user = object({ name: text }, ["name"]);

describe("versions", () => {
  test("the id is the subject's; the same schema is the same version", async () => {
    const first = await world.register("versions", "json", user);
    expect(first).toMatchObject({ version: 1, isNewVersion: true });
    const { schemaId } = first;
    const again = await world.register(
      "versions",
      "json_schema",
      '{"required":["name"],"properties":{"name":{"type":"string"}},"type":"object"}',
    );
    expect(again).toMatchObject({ schemaId, version: 1, isNewVersion: false });
    const more = object({ name: text, age: integer }, ["name"]);
    expect(await world.register("versions", "json", more)).toMatchObject({ schemaId, version: 2, isNewVersion: true });
    expect((await world.register("versions 2", "json", user)).schemaId).toBe(schemaId + 1n);

    expect(await world.registry.getSchema({ schemaId, version: 1 })).toMatchObject({ version: 1, subject: "versions" });
    expect(await world.registry.getSchema({ schemaId })).toMatchObject({ version: 2, subject: "versions" });
    const { versions } = await world.registry.listVersions({ subject: "versions" });
    expect(versions.map((version) => [version.version, version.schemaId])).toEqual([
      [1, schemaId],
      [2, schemaId],
    ]);
  });

  test("tells who registered it, when, and why", async () => {
    const notes = { description: "of users", createdBy: "me", tags: ["a", "b"] };
    await world.registry.registerSchema({ subject: "notes", schemaType: "string", ...notes });
    const found = await world.registry.getLatestSchema({ subject: "notes" });
    expect(found).toMatchObject(notes);
    expect(Math.abs(Number(found.createdAt) - Date.now() / 1_000)).toBeLessThan(60);
  });

  test("what is not there", async () => {
    const { registry } = world;
    const nothing = failure(registry.getLatestSchema({ subject: "nothing" }));
    expect(await nothing).toEqual([Code.NotFound, "Schema not found for subject: nothing"]);
    expect(await failure(registry.getSchema({ schemaId: 999n }))).toEqual([
      Code.NotFound,
      "Schema not found for ID: 999",
    ]);
    const { schemaId } = await world.register("there", "string");
    expect(await failure(registry.getSchema({ schemaId, version: 2 }))).toEqual([
      Code.NotFound,
      `Schema not found for ID: ${schemaId}`,
    ]);
    expect(await failure(registry.listVersions({ subject: "nothing" }))).toEqual([
      Code.NotFound,
      "Subject not found: nothing",
    ]);
    expect(await failure(world.compatible("nothing", "json", "{}"))).toEqual([
      Code.Internal,
      "Failed to check compatibility: Schema metadata not found for subject: nothing",
    ]);
    expect(await failure(registry.setCompatibilityMode({ subject: "nothing", compatibilityMode: "full" }))).toEqual([
      Code.Internal,
      "Failed to set compatibility mode: Schema metadata not found for subject: nothing",
    ]);
    expect(await failure(registry.setCompatibilityMode({ subject: "nothing", compatibilityMode: "fullest" }))).toEqual([
      Code.InvalidArgument,
      "Invalid compatibility mode: fullest",
    ]);
  });

  test("a deleted version is gone by its number, and still there as the latest", async () => {
    const { registry } = world;
    const { schemaId } = await world.register("deleted", "json", user);
    const deleted = { success: true, message: "Deleted version 1 for subject deleted" };
    expect(await registry.deleteSchemaVersion({ subject: "deleted", version: 1 })).toMatchObject(deleted);
    // Also when there is nothing to delete.
    expect(await registry.deleteSchemaVersion({ subject: "deleted", version: 1 })).toMatchObject(deleted);
    expect(await failure(registry.getSchema({ schemaId, version: 1 }))).toEqual([
      Code.NotFound,
      `Schema not found for ID: ${schemaId}`,
    ]);
    expect((await registry.listVersions({ subject: "deleted" })).versions).toEqual([]);
    expect(await registry.getLatestSchema({ subject: "deleted" })).toMatchObject({ version: 1 });
    expect(await registry.getSchema({ schemaId })).toMatchObject({ version: 1 });
    expect(await world.register("deleted", "json", user)).toMatchObject({ version: 1, isNewVersion: false });
    const next = await world.register("deleted", "json", object({ name: text, age: integer }, ["name"]));
    expect(next).toMatchObject({ version: 2, isNewVersion: true });
    expect((await registry.listVersions({ subject: "deleted" })).versions).toMatchObject([{ version: 2 }]);
  });

  test("the list of subjects", async () => {
    await using other = await startWorld();
    await other.registry.registerSchema({
      subject: "b",
      schemaType: "json",
      schemaDefinition: new TextEncoder().encode("{}"),
      tags: ["x"],
    });
    await other.register("a", "int");
    await other.registry.setCompatibilityMode({ subject: "a", compatibilityMode: "FULL" });
    await other.register("in/side", "bytes");
    const { subjects } = await other.registry.listSubjects({});
    expect(subjects).toMatchObject([
      {
        subject: "b",
        schemaType: "json_schema",
        latestVersion: 1,
        compatibilityMode: "backward",
        schemaId: 1n,
        tags: ["x"],
      },
      { subject: "a", schemaType: "number", latestVersion: 1, compatibilityMode: "full", schemaId: 2n, tags: [] },
    ]);
  });

  test("a slash at the beginning of a name makes no difference here", async () => {
    const { schemaId } = await world.register("/slashed", "string");
    expect(await world.register("slashed", "string")).toMatchObject({ schemaId, isNewVersion: false });
  });
});

test("faults and counts by the names of the calls", async () => {
  await using other = await startWorld();
  other.broker.fault({ rpc: "RegisterSchema", code: Code.Unavailable, message: "not now" });
  expect(await failure(other.register("s", "string"))).toEqual([Code.Unavailable, "not now"]);
  await other.register("s", "string");
  await other.registry.listSubjects({});
  expect(other.broker.calls("RegisterSchema")).toBe(2);
  expect(other.broker.calls("ListSubjects")).toBe(1);
  other.broker.fault({ rpc: "GetLatestSchema", drop: "response" });
  await expect(other.registry.getLatestSchema({ subject: "s" })).rejects.toThrow();
});
