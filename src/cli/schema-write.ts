import type { Compatibility } from "../schema/registry.ts";
import { type SchemaType, schemaTypes } from "../schema/schema.ts";
import type { DefinitionOptions } from "../schema/schemas.ts";
import type { Command } from "./command.ts";
import { readText } from "./input.ts";
import { argumentsOf, registryHelp, registryOptions, toJson, withRegistry } from "./registry.ts";
import { plain } from "./table.ts";
import { oneOf, parse, UsageError } from "./usage.ts";

// The commands that bring something new to a subject, or would like to know whether they could.

const modes: readonly Compatibility[] = ["none", "backward", "forward", "full"];

const typeHelp = `      --type TYPE          avro, json_schema, protobuf, or bytes, string, number, which have no definition`;

export const register: Command = {
  summary: "register a definition: a new subject, or a new version of one",
  help: `danube schema register SUBJECT [FILE|-] --type TYPE

Registers the definition in a file, or on standard input: as version 1 of a new subject, as the next version of one
that does not have it yet, or not at all.

${typeHelp}
      --description TEXT   for people
      --created-by NAME    who registers it (default: danube-js)
      --tag TAG            for people; may be repeated
${registryHelp}`,
  async run(args) {
    const { values, positionals } = parse({
      args,
      allowPositionals: true,
      options: {
        ...registryOptions,
        type: { type: "string" },
        description: { type: "string" },
        "created-by": { type: "string" },
        tag: { type: "string", multiple: true },
      },
    });
    const { subject, ...definition } = await definitionOf(positionals, values.type);
    const options = {
      ...definition,
      description: values.description,
      createdBy: values["created-by"],
      tags: values.tag,
    };
    const { schemaId, version, isNewVersion, fingerprint } = await withRegistry(values, (schemas) =>
      schemas.register(subject, options),
    );
    console.log(
      values.json
        ? toJson({ subject, schemaId, version, isNewVersion, fingerprint })
        : `${subject}: version ${version} (${isNewVersion ? "new" : "had it already"}), schema id ${schemaId}`,
    );
    return 0;
  },
};

export const check: Command = {
  summary: "whether a subject would take a definition as its next version",
  help: `danube schema check SUBJECT [FILE|-] --type TYPE

Says whether a subject would take the definition in a file, or on standard input, as its next version. Ends with 0 if
it would, with 1 and the reasons if not.

${typeHelp}
      --compatibility MODE none, backward, forward or full (default: the subject's)
${registryHelp}`,
  async run(args) {
    const { values, positionals } = parse({
      args,
      allowPositionals: true,
      options: { ...registryOptions, type: { type: "string" }, compatibility: { type: "string" } },
    });
    const compatibility = oneOf("compatibility", values.compatibility, modes);
    const { subject, ...definition } = await definitionOf(positionals, values.type);
    const result = await withRegistry(values, (schemas) => schemas.check(subject, { ...definition, compatibility }));
    const { compatible, errors } = result;
    const reasons = errors.map((error) => `\n  ${plain(error)}`).join("");
    console.log(
      values.json ? toJson({ subject, ...result }) : `${subject}: ${compatible ? "" : "not "}compatible${reasons}`,
    );
    return compatible ? 0 : 1;
  },
};

export const compatibility: Command = {
  summary: "which new versions a subject takes; sets it, too",
  help: `danube schema compatibility SUBJECT [MODE]

Says which new versions a subject takes, or sets it. MODE is backward (what a new version reads includes what the one
before it wrote; this is what new subjects have), forward (the other way round), full (both) or none (any).

${registryHelp}`,
  async run(args) {
    const { values, positionals } = parse({ args, allowPositionals: true, options: registryOptions });
    const [subject = "", given] = argumentsOf(positionals, ["SUBJECT", "[MODE]"]);
    const mode = oneOf("MODE", given, modes);
    const is = await withRegistry(values, async (schemas) => {
      if (mode === undefined) {
        return (await schemas.latest(subject)).compatibility;
      }
      await schemas.setCompatibility(subject, mode);
      return mode;
    });
    console.log(values.json ? toJson({ subject, compatibility: is }) : `${subject}: ${is}`);
    return 0;
  },
};

/** The subject, and what the command line says of a definition. */
async function definitionOf(
  positionals: string[],
  given: string | undefined,
): Promise<DefinitionOptions & { subject: string }> {
  const [subject = "", file] = argumentsOf(positionals, ["SUBJECT", "[FILE|-]"]);
  const type = oneOf<SchemaType>("type", given, schemaTypes);
  if (type === undefined) {
    throw new UsageError(`--type is needed: ${schemaTypes.join(", ")}`);
  }
  if (type === "bytes" || type === "string" || type === "number") {
    if (file !== undefined) {
      throw new UsageError(`--type ${type} has no definition to read from ${file}`);
    }
    return { subject, type };
  }
  return { subject, type, definition: await readText(file ?? "-") };
}
