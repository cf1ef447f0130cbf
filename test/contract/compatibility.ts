import type { Compatibility } from "@danube-messaging/client";
import { codeOf, equal, ok, rejection } from "./assert.ts";
import { objectOf, recordOf } from "./support.ts";
import { type Case, type CaseContext, needing } from "./world.ts";

interface Evolution {
  compatibility?: Compatibility;
  type?: "json_schema" | "avro" | "protobuf";
  from: object | string;
  /** What the registry takes as the next version. */
  takes?: (object | string)[];
  /** What it refuses, and what the reason must tell. */
  refuses?: [definition: object | string, reason: string][];
}

/** Registers one definition and tries others against it, each under a subject of its own. */
async function evolve({ connect, subject }: CaseContext, evolution: Evolution): Promise<void> {
  const { compatibility, type = "json_schema", from, takes = [], refuses = [] } = evolution;
  const { schemas } = connect();
  const begin = async (label: string) => {
    const name = subject(`${compatibility}-${label}`);
    await schemas.register(name, { type, definition: from });
    if (compatibility !== undefined) {
      await schemas.setCompatibility(name, compatibility);
    }
    return name;
  };
  for (const [i, definition] of takes.entries()) {
    const name = await begin(`takes-${i}`);
    const { version, isNewVersion } = await schemas.register(name, { type, definition });
    equal([version, isNewVersion], [2, true], `what is taken, ${i}`);
  }
  for (const [i, [definition, reason]] of refuses.entries()) {
    const name = await begin(`refuses-${i}`);
    const error = await rejection(schemas.register(name, { type, definition }));
    equal((error as { code?: string }).code, "SCHEMA_INCOMPATIBLE", `what is refused, ${i}`);
    ok(error.message.includes(reason), `"${reason}" in: ${error.message}`);
    equal((await schemas.latest(name)).version, 1, `after what is refused, ${i}`);
  }
}

const person = objectOf({ name: "string", age: "integer", "nick?": "string" });

/** Which definitions may follow which, by the subject's compatibility. */
export const compatibilityCases: Case[] = needing(
  ["registry"],
  [
    {
      name: "backward, with which subjects begin: optional properties may come and go; required ones may not go, and none may change",
      async run(context) {
        const rules = {
          from: person,
          takes: [
            objectOf({ name: "string", age: "integer", "nick?": "string", "email?": "string" }),
            objectOf({ name: "string", age: "integer" }),
          ],
          refuses: [
            [objectOf({ name: "string", "nick?": "string" }), "'age'"],
            [objectOf({ name: "string", age: "integer", nick: "string" }), "'nick'"],
            [objectOf({ name: "string", age: "string", "nick?": "string" }), "'age'"],
          ] satisfies Evolution["refuses"],
        };
        await evolve(context, rules);
        await evolve(context, { compatibility: "backward", ...rules });
      },
    },
    {
      name: "forward: properties may go, and optional ones come; no new one may be required",
      run: (context) =>
        evolve(context, {
          compatibility: "forward",
          from: person,
          takes: [
            objectOf({ name: "string", age: "integer" }),
            objectOf({ name: "string", "nick?": "string" }),
            objectOf({ name: "string", age: "integer", "nick?": "string", "email?": "string" }),
          ],
          refuses: [
            [objectOf({ name: "string", age: "integer", email: "string" }), "'email'"],
            [objectOf({ name: "integer", age: "integer" }), "'name'"],
          ],
        }),
    },
    {
      name: "full takes what both take, and refuses what either refuses",
      run: (context) =>
        evolve(context, {
          compatibility: "full",
          from: person,
          takes: [objectOf({ name: "string", age: "integer", "description?": "string" })],
          refuses: [
            [objectOf({ name: "string" }), "'age'"],
            [objectOf({ name: "string", age: "integer", email: "string" }), "'email'"],
          ],
        }),
    },
    {
      name: "none takes anything",
      run: (context) =>
        evolve(context, {
          compatibility: "none",
          from: objectOf({ name: "string" }),
          takes: [objectOf({ age: "integer" }), objectOf({ name: "integer" })],
        }),
    },
    {
      name: "an Avro record may get a field that has a default or may be null, and lose any; a new one without, or another name, is refused",
      run: (context) =>
        evolve(context, {
          compatibility: "backward",
          type: "avro",
          from: recordOf({ name: "name", type: "string" }, { name: "age", type: "int" }),
          takes: [
            recordOf(
              { name: "name", type: "string" },
              { name: "age", type: "int" },
              { name: "x", type: "int", default: 0 },
            ),
            recordOf({ name: "name", type: "string" }, { name: "email", type: ["null", "string"], default: null }),
            recordOf({ name: "name", type: "string" }),
          ],
          refuses: [
            [
              recordOf({ name: "name", type: "string" }, { name: "age", type: "int" }, { name: "x", type: "int" }),
              "cannot read",
            ],
            [{ ...recordOf({ name: "name", type: "string" }), name: "Other" }, "cannot read"],
          ],
        }),
    },
    {
      name: "Protobuf definitions are kept unread: each may follow any other",
      run: (context) =>
        evolve(context, {
          compatibility: "full",
          type: "protobuf",
          from: 'syntax = "proto3"; message A { string name = 1; }',
          takes: ['syntax = "proto3"; message B { int32 name = 1; }', "not even a definition"],
        }),
    },
    {
      name: "a subject evolves over many versions, each checked by the newest alone",
      async run({ connect, subject }) {
        const { schemas } = connect();
        const steps: Record<string, string>[] = [
          { id: "integer" },
          { id: "integer", "name?": "string" },
          { id: "integer", "name?": "string", "email?": "string" },
          { id: "integer", "email?": "string" },
          // The second version had it as a string; the newest does not have it.
          { id: "integer", "email?": "string", "name?": "integer" },
        ];
        for (const [i, properties] of steps.entries()) {
          const definition = objectOf(properties);
          equal((await schemas.register(subject(), { type: "json_schema", definition })).version, i + 1);
        }
      },
    },
    {
      name: "check() tells what register would say, with every reason, and registers nothing",
      async run({ connect, subject }) {
        const { schemas } = connect();
        const type = "json_schema";
        await schemas.register(subject(), { type, definition: objectOf({ id: "integer", "name?": "string" }) });
        const fits = objectOf({ id: "integer", "name?": "string", "email?": "string" });
        equal(await schemas.check(subject(), { type, definition: fits }), { compatible: true, errors: [] });
        const breaking = { type, definition: objectOf({ name: "string" }) } as const;
        const { compatible, errors } = await schemas.check(subject(), breaking);
        equal([compatible, errors.length], [false, 2], `two reasons, got ${errors}`);
        ok(
          errors.some((error) => error.includes("'id'")) && errors.some((error) => error.includes("'name'")),
          `${errors}`,
        );
        equal((await schemas.check(subject(), { ...breaking, compatibility: "none" })).compatible, true, "by none");
        equal(
          (await schemas.check(subject(), { ...breaking, compatibility: "forward" })).compatible,
          true,
          "by forward",
        );
        const other = await schemas.check(subject(), { type: "avro", definition: recordOf() });
        equal([other.compatible, other.errors.length], [false, 1], "another type");
        equal((await schemas.versions(subject())).length, 1, "versions");
        equal((await schemas.latest(subject())).compatibility, "backward");
        equal(await codeOf(schemas.check(subject("missing"), breaking)), "SCHEMA_NOT_FOUND");
        equal(await codeOf(schemas.check(subject(), { type, definition: "{" })), "SCHEMA_REJECTED");
      },
    },
  ],
);
