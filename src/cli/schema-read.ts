import { DanubeError, isDanubeError } from "../errors.ts";
import type { RegisteredSchema } from "../schema/registry.ts";
import { maxVersion } from "../schema/schema.ts";
import type { Command } from "./command.ts";
import { argumentsOf, registryHelp, registryOptions, toJson, withRegistry, writeText } from "./registry.ts";
import { plain, table } from "./table.ts";
import { parse, wholeNumber } from "./usage.ts";

// The commands that only look.

const readHelp = `The definition goes to standard output, as it was registered, what else is known to standard error; with --json all of
it to standard output, as one object.`;

export const latest: Command = {
  summary: "the newest version of a subject: its definition",
  help: `danube schema latest SUBJECT

The newest version of a subject.

${readHelp}

${registryHelp}`,
  async run(args) {
    const { values, positionals } = parse({ args, allowPositionals: true, options: registryOptions });
    const [subject = ""] = argumentsOf(positionals, ["SUBJECT"]);
    show(await withRegistry(values, (schemas) => schemas.latest(subject)), values.json);
    return 0;
  },
};

export const get: Command = {
  summary: "a version of a subject: its definition",
  help: `danube schema get SUBJECT VERSION

A version of a subject, by its number.

${readHelp}

${registryHelp}`,
  async run(args) {
    const { values, positionals } = parse({ args, allowPositionals: true, options: registryOptions });
    const [subject = "", given] = argumentsOf(positionals, ["SUBJECT", "VERSION"]);
    const version = wholeNumber("VERSION", given, 1, maxVersion);
    const found = await withRegistry(values, async (schemas) => {
      // Versions are asked for by the number of their subject, which its newest version tells.
      const newest = await schemas.latest(subject);
      return schemas.get(newest.schemaId, version).catch((cause: unknown) => {
        throw isDanubeError(cause) && cause.code === "SCHEMA_NOT_FOUND"
          ? new DanubeError(cause.code, `${subject} has no version ${version}; its latest is ${newest.version}`, {
              cause,
            })
          : cause;
      });
    });
    show(found, values.json);
    return 0;
  },
};

export const versions: Command = {
  summary: "all versions of a subject",
  help: `danube schema versions SUBJECT

All versions of a subject, oldest first.

${registryHelp}`,
  async run(args) {
    const { values, positionals } = parse({ args, allowPositionals: true, options: registryOptions });
    const [subject = ""] = argumentsOf(positionals, ["SUBJECT"]);
    const found = await withRegistry(values, (schemas) => schemas.versions(subject));
    const rows = found.map(({ version, createdAtMs, createdBy, fingerprint, description }) => [
      String(version),
      timeOf(createdAtMs),
      createdBy,
      fingerprint,
      description,
    ]);
    const headings = ["VERSION", "REGISTERED", "BY", "FINGERPRINT", "DESCRIPTION"];
    console.log(values.json ? toJson(found) : table(headings, rows));
    return 0;
  },
};

export const subjects: Command = {
  summary: "all subjects",
  help: `danube schema subjects

All subjects of the registry, by name.

${registryHelp}`,
  async run(args) {
    const { values, positionals } = parse({ args, allowPositionals: true, options: registryOptions });
    argumentsOf(positionals, []);
    const found = await withRegistry(values, (schemas) => schemas.subjects());
    const rows = found.map(({ subject, type, latestVersion, compatibility, schemaId, tags }) => [
      subject,
      type,
      String(latestVersion),
      compatibility,
      String(schemaId),
      tags.join(", "),
    ]);
    const headings = ["SUBJECT", "TYPE", "LATEST", "COMPATIBILITY", "SCHEMA ID", "TAGS"];
    console.log(values.json ? toJson(found) : table(headings, rows));
    return 0;
  },
};

export const topic: Command = {
  summary: "the schema of a topic: its definition",
  help: `danube schema topic TOPIC

The schema of a topic: that of its subject in the registry, or the one that a broker before 0.6 keeps with it.

${readHelp}

${registryHelp}`,
  async run(args) {
    const { values, positionals } = parse({ args, allowPositionals: true, options: registryOptions });
    const [name = ""] = argumentsOf(positionals, ["TOPIC"]);
    const found = await withRegistry(values, (schemas) => schemas.ofTopic(name));
    if (!found) {
      throw new DanubeError("SCHEMA_NOT_FOUND", `${name} has no schema`);
    }
    if (values.json) {
      console.log(toJson(found));
      return 0;
    }
    console.error(plain(`${found.subject}: ${found.type}`));
    writeText(found.definition);
    return 0;
  },
};

function show(schema: RegisteredSchema, asJson: boolean | undefined): void {
  if (asJson) {
    console.log(toJson(schema));
    return;
  }
  const { subject, version, type, schemaId, compatibility, createdAtMs, createdBy, description, tags } = schema;
  const lines = [
    `${subject}: version ${version}, ${type}, schema id ${schemaId}, compatibility ${compatibility}`,
    `registered ${timeOf(createdAtMs)} by ${createdBy}`,
    ...(description ? [description] : []),
    ...(tags.length > 0 ? [`tags: ${tags.join(", ")}`] : []),
  ];
  console.error(lines.map(plain).join("\n"));
  writeText(schema.definition);
}

/** To the second, which is what brokers keep. */
function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
