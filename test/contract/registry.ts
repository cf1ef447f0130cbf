import { codeOf, equal, ok, rejection } from "./assert.ts";
import { objectOf, recordOf } from "./support.ts";
import { type Case, needing } from "./world.ts";

const jsonText = `{ "type": "object",  "properties": {"name": {"type": "string"}} }`;
const proto = 'syntax = "proto3";\nmessage Order { string id = 1; }\n';

/** `danube.schemas`: subjects and their versions. */
export const registryCases: Case[] = needing(
  ["registry"],
  [
    {
      name: "every kind of definition is registered as version 1 of its subject, and given back as it was written",
      async run({ connect, subject }) {
        const { schemas } = connect();
        const avroText = JSON.stringify(recordOf({ name: "name", type: "string", doc: "kept" }));
        const kinds = [
          { type: "json_schema", definition: jsonText },
          { type: "avro", definition: avroText },
          { type: "protobuf", definition: proto },
          { type: "string", definition: "" },
          { type: "number", definition: "" },
          { type: "bytes", definition: "" },
        ] as const;
        const ids = new Set<bigint>();
        for (const { type, definition } of kinds) {
          const registration = await schemas.register(subject(type), { type, definition });
          const { schemaId, fingerprint } = registration;
          equal(registration, { schemaId, version: 1, isNewVersion: true, fingerprint });
          ok(fingerprint !== "", "a fingerprint");
          ids.add(schemaId);
          const latest = await schemas.latest(subject(type));
          equal([latest.subject, latest.schemaId, latest.version], [subject(type), schemaId, 1]);
          equal([latest.type, latest.definition, latest.fingerprint], [type, definition, fingerprint]);
        }
        equal(ids.size, kinds.length, "numbers that differ");
      },
    },
    {
      name: "description, author, tags and time of a version are kept, and nothing is made up but the author",
      async run({ connect, subject }) {
        const { schemas } = connect();
        const notes = { description: "Grüße", createdBy: "the suite", tags: ["a", "b c"] };
        const before = Math.floor(Date.now() / 1_000) * 1_000;
        await schemas.register(subject(), { type: "json_schema", definition: {}, ...notes });
        const latest = await schemas.latest(subject());
        equal([latest.description, latest.createdBy, latest.tags], [notes.description, notes.createdBy, notes.tags]);
        ok(latest.createdAtMs >= before && latest.createdAtMs <= Date.now() + 1_000, `now, got ${latest.createdAtMs}`);
        await schemas.register(subject("bare"), { type: "bytes" });
        const bare = await schemas.latest(subject("bare"));
        equal([bare.description, bare.createdBy, bare.tags, bare.compatibility], ["", "danube-js", [], "backward"]);
        const [version] = await schemas.versions(subject());
        const { schemaId, fingerprint, createdAtMs } = latest;
        const { description, createdBy } = notes;
        equal(version, { version: 1, schemaId, description, createdAtMs, createdBy, fingerprint });
      },
    },
    {
      name: "a new definition is the next version under the same number; one that a version has is that version",
      async run({ connect, subject }) {
        const { schemas } = connect();
        const type = "json_schema";
        const register = (definition: object | string) => schemas.register(subject(), { type, definition });
        const first = await register(jsonText);
        const second = await register(objectOf({ "name?": "string", "email?": "string" }));
        equal([second.schemaId, second.version, second.isNewVersion], [first.schemaId, 2, true]);
        // White space and the order of members say nothing.
        const again = await register(`{"properties": {"name": {"type": "string"}}, "type": "object"}`);
        equal(again, { ...first, isNewVersion: false });
        equal((await schemas.latest(subject())).version, 2);
        equal(
          (await schemas.versions(subject())).map(({ version, fingerprint }) => [version, fingerprint]),
          [
            [1, first.fingerprint],
            [2, second.fingerprint],
          ],
        );
      },
    },
    {
      name: "a subject of bytes, text or numbers has one version for good",
      async run({ connect, subject }) {
        const { schemas } = connect();
        for (const type of ["bytes", "string", "number"] as const) {
          await schemas.register(subject(type), { type });
          const again = await schemas.register(subject(type), { type, definition: "whatever" });
          equal([again.version, again.isNewVersion], [1, false], type);
        }
      },
    },
    {
      name: "a subject that is not there is SCHEMA_NOT_FOUND",
      async run({ connect, subject }) {
        const { schemas } = connect();
        const missing = subject("missing");
        for (const [what, call] of Object.entries({
          latest: () => schemas.latest(missing),
          versions: () => schemas.versions(missing),
          setCompatibility: () => schemas.setCompatibility(missing, "full"),
          check: () => schemas.check(missing, { type: "string" }),
        })) {
          equal(await codeOf(call()), "SCHEMA_NOT_FOUND", what);
        }
      },
    },
    {
      name: "a version is found by its subject's number, the newest without its own; what is not there is SCHEMA_NOT_FOUND",
      needs: ["schemaByNumber"],
      async run({ connect, subject }) {
        const { schemas } = connect();
        const type = "json_schema";
        const { schemaId } = await schemas.register(subject(), { type, definition: jsonText });
        const first = await schemas.latest(subject());
        equal(await schemas.get(schemaId), first, "by its number");
        equal(await schemas.get(schemaId, 1), first, "by its number and version");
        await schemas.register(subject(), { type, definition: objectOf({ "name?": "string", "email?": "string" }) });
        equal(await schemas.get(schemaId), await schemas.latest(subject()), "the newest by its number");
        equal((await schemas.get(schemaId, 1)).definition, jsonText);
        equal(await codeOf(schemas.get(2n ** 63n)), "SCHEMA_NOT_FOUND", "number");
        equal(await codeOf(schemas.get(schemaId, 3)), "SCHEMA_NOT_FOUND", "version");
        await schemas.delete(subject(), 1);
        equal(await codeOf(schemas.get(schemaId, 1)), "SCHEMA_NOT_FOUND", "version that was deleted");
      },
    },
    {
      name: "subjects that are registered at the same time have numbers of their own",
      needs: ["schemaNumbersApart"],
      async run({ urls, connect, subject }) {
        const subjects = Array.from({ length: 12 }, (_, i) => subject(`at-once-${i}`));
        const clients = urls.map((url) => connect({ brokers: url }));
        const register = (name: string, i: number) =>
          clients[i % clients.length]?.schemas.register(name, { type: "string" });
        const registered = await Promise.all(subjects.map(register));
        equal(new Set(registered.map((one) => one?.schemaId)).size, subjects.length, "numbers that differ");
      },
    },
    {
      name: "a definition that is none is SCHEMA_REJECTED, and no subject is made of it",
      async run({ connect, subject }) {
        const { schemas } = connect();
        for (const [type, definition] of [
          ["avro", "{}"],
          ["avro", { type: "record", name: "Row" }],
          ["avro", "nonsense"],
          ["json_schema", "{"],
          ["json_schema", { type: "no such type" }],
        ] as const) {
          equal(await codeOf(schemas.register(subject(), { type, definition })), "SCHEMA_REJECTED", String(definition));
        }
        equal(await codeOf(schemas.latest(subject())), "SCHEMA_NOT_FOUND");
      },
    },
    {
      name: "setCompatibility changes which versions the subject takes from then on, and is told with them",
      async run({ connect, subject }) {
        const { schemas } = connect();
        const type = "json_schema";
        const next = objectOf({ other: "string" });
        await schemas.register(subject(), { type, definition: objectOf({ id: "integer" }) });
        equal(await codeOf(schemas.register(subject(), { type, definition: next })), "SCHEMA_INCOMPATIBLE");
        for (const compatibility of ["forward", "full", "backward", "none"] as const) {
          await schemas.setCompatibility(subject(), compatibility);
          equal((await schemas.latest(subject())).compatibility, compatibility);
        }
        equal((await schemas.register(subject(), { type, definition: next })).version, 2);
      },
    },
    {
      name: "subjects() tells every subject once, in order, with its newest version",
      needs: ["listSubjects"],
      async run({ connect, subject }) {
        const { schemas } = connect();
        const [long, short] = [subject("orders-eu"), subject("orders")];
        const { schemaId } = await schemas.register(long, { type: "avro", definition: recordOf(), tags: ["old"] });
        const definition = recordOf({ name: "id", type: "int", default: 0 });
        await schemas.register(long, { type: "avro", definition, tags: ["new"] });
        await schemas.setCompatibility(long, "full");
        const { schemaId: shortId } = await schemas.register(short, { type: "number" });
        const subjects = await schemas.subjects();
        const names = subjects.map((one) => one.subject);
        equal(names, [...new Set(names)].sort(), "the order");
        equal(
          subjects.filter((one) => one.subject.startsWith(short)),
          [
            {
              subject: short,
              schemaId: shortId,
              type: "number",
              latestVersion: 1,
              compatibility: "backward",
              tags: [],
            },
            { subject: long, schemaId, type: "avro", latestVersion: 2, compatibility: "full", tags: ["new"] },
          ],
        );
      },
    },
    {
      name: "delete takes a version out of versions; latest still tells the newest there was, and nothing to delete is no error",
      async run({ connect, subject }) {
        const { schemas } = connect();
        const type = "json_schema";
        await schemas.register(subject(), { type, definition: {} });
        await schemas.register(subject(), { type, definition: objectOf({ "name?": "string" }) });
        const left = async () => (await schemas.versions(subject())).map(({ version }) => version);
        await schemas.delete(subject(), 1);
        equal(await left(), [2]);
        await schemas.delete(subject(), 2);
        equal(await left(), []);
        equal((await schemas.latest(subject())).version, 2);
        await schemas.delete(subject(), 7);
        await schemas.delete(subject("missing"), 1);
      },
    },
    {
      name: "the registry is asked at the next seed when one is dead",
      async run({ urls, connect, subject }) {
        const { schemas } = connect({ brokers: ["127.0.0.1:1", ...urls] });
        await schemas.register(subject(), { type: "string" });
      },
    },
  ],
);

/** The registry's calls, where no broker answers them. */
export const registryCallCases: Case[] = [
  {
    name: "a call to the registry ends in its time when every seed is dead, and is CLOSED with the client",
    async run({ urls, connect, subject }) {
      const nobody = connect({ brokers: "127.0.0.1:1", createTimeoutMs: 300 });
      const error = await rejection(nobody.schemas.latest(subject()));
      equal((error as { code?: string }).code, "TIMEOUT");
      equal((error.cause as { code?: string }).code, "UNAVAILABLE");
      const danube = connect({ brokers: urls });
      await danube.ready();
      await danube.close();
      equal(await codeOf(danube.schemas.latest(subject())), "CLOSED");
    },
  },
  {
    name: "wrong arguments of schemas are TypeErrors that name them",
    async run({ connect }) {
      const { schemas } = connect({ brokers: "127.0.0.1:1" });
      const wrong: [string, () => Promise<unknown>][] = [
        ["subject", () => schemas.register("with/slash", { type: "string" })],
        ["subject", () => schemas.latest("")],
        ["type", () => schemas.register("s", { type: "json" as "json_schema" })],
        ["definition", () => schemas.register("s", { type: "avro" })],
        ["tags[1]", () => schemas.register("s", { type: "string", tags: ["a", 1 as never] })],
        ["schemaId", () => schemas.get(1 as never)],
        ["version", () => schemas.get(1n, 0)],
        ["version", () => schemas.delete("s", 0.5)],
        ["compatibility", () => schemas.setCompatibility("s", "BACKWARD" as "backward")],
        ["compatibility", () => schemas.check("s", { type: "string", compatibility: "all" as "full" })],
        ["policy", () => schemas.validationPolicy("/default/t", { policy: "strict" as "enforce" })],
        [
          "payloadValidation",
          () => schemas.validationPolicy("/default/t", { policy: "warn", payloadValidation: 1 as never }),
        ],
        ["subject", () => schemas.configureTopic("/default/t", { policy: "warn" } as never)],
        ["topic", () => schemas.topicConfig("no-slash")],
      ];
      for (const [option, call] of wrong) {
        const error = await rejection(call());
        ok(error instanceof TypeError, `a TypeError for ${option}, got ${error.name}: ${error.message}`);
        ok(error.message.includes(`"${option}"`), `"${option}" to be named in: ${error.message}`);
      }
    },
  },
];
