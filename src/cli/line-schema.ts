import type { AvroEncoding } from "../schema/avro.ts";
import { json } from "../schema/json.ts";
import { bytes, double, int64, text } from "../schema/plain.ts";
import { checkSubject, maxVersion, type Register, type Schema, type SchemaVersion } from "../schema/schema.ts";
import { readText } from "./input.ts";
import { jsonIn, numberIn, ofLines, textIn, wholeNumberIn, withoutMark } from "./line-values.ts";
import { oneOf, UsageError, wholeNumber } from "./usage.ts";

/** The options that say what the lines are. */
export const schemaOptions = {
  schema: { type: "string" },
  "schema-file": { type: "string" },
  "avro-encoding": { type: "string" },
  "schema-version": { type: "string" },
  register: { type: "string" },
} as const;

export const schemaHelp = `      --schema KIND:SUBJECT
                           what the lines are, and the subject in the registry that the messages are marked with; a
                           line that is something else fails. KIND is one of
                           text            UTF-8
                           bytes           anything
                           int64, double   a number, sent as 8 bytes, the highest first (int64 before 0.6: digits)
                           json            JSON, sent as it is written
                           avro            JSON, Avro's own or any other, sent as Avro
      --schema-file FILE   the JSON Schema by which json is validated, or the Avro schema, which avro needs
      --avro-encoding ENCODING
                           what avro is sent as: datum, container (the one that brokers can validate) or json
      --schema-version V   latest, a number, or min:N for the latest, which must be N or newer (default: the newest
                           with the schema of --schema-file, or the latest)
      --register WHEN      if-missing (default), evolve (also as a new version of the subject) or none`;

interface SchemaValues {
  schema?: string | undefined;
  "schema-file"?: string | undefined;
  "avro-encoding"?: string | undefined;
  "schema-version"?: string | undefined;
  register?: string | undefined;
}

interface Wanted {
  subject: string;
  options: { version: SchemaVersion | undefined; register: Register | undefined };
  /** The text of `--schema-file`. */
  definition: string | undefined;
  encoding: AvroEncoding | undefined;
}

type LineSchema = Schema<Uint8Array>;

const kinds: Record<string, (wanted: Wanted) => LineSchema | Promise<LineSchema>> = {
  text: ({ subject, options }) => ofLines(text(subject, options), textIn),
  bytes: ({ subject, options }) => ofLines(bytes(subject, options), (line) => line),
  int64: ({ subject, options }) => ofLines(int64(subject, options), wholeNumberIn),
  double: ({ subject, options }) => ofLines(double(subject, options), numberIn),
  json({ subject, options, definition }) {
    const checked = ofLines(json(subject, { ...options, schema: definition }), jsonIn);
    return {
      ...checked,
      // As it is written, and not as JavaScript would write it: that has no numbers of 64 bits.
      encode(line) {
        checked.encode(line);
        return withoutMark(line);
      },
    };
  },
  async avro({ subject, options, definition, encoding }) {
    if (definition === undefined || encoding === undefined) {
      throw new UsageError("--schema avro:SUBJECT needs --schema-file and --avro-encoding");
    }
    const { avroOfJson } = await loadAvro();
    const { schema, fromJson } = avroOfJson(subject, { ...options, schema: definition, encoding });
    return ofLines(schema, (line) => fromJson(jsonIn(line)));
  },
};

/** Of lines, as the options want it; `undefined` where they want none. */
export async function lineSchema(given: SchemaValues): Promise<LineSchema | undefined> {
  const {
    schema: spec,
    "schema-file": file,
    "avro-encoding": avroEncoding,
    "schema-version": version,
    register,
  } = given;
  const { kind, subject } = spec === undefined ? { kind: "", subject: "" } : kindOf(spec);
  checkTogether({ "schema-file": file, "avro-encoding": avroEncoding, "schema-version": version, register }, kind);
  const encoding = oneOf("avro-encoding", avroEncoding, ["datum", "container", "json"]);
  const options = { version: versionOf(version), register: registerOf(register) };
  const definition = file === undefined ? undefined : await read(file);
  try {
    return await kinds[kind]?.({ subject, options, definition, encoding });
  } catch (error) {
    // Everything but the definition is checked by now.
    throw error instanceof TypeError && file !== undefined
      ? new Error(`${file}: ${error.message}`, { cause: error })
      : error;
  }
}

function kindOf(spec: string): { kind: string; subject: string } {
  const at = spec.indexOf(":");
  const [kind, subject] = [spec.slice(0, Math.max(0, at)), spec.slice(at + 1)];
  if (!Object.hasOwn(kinds, kind)) {
    const known = Object.keys(kinds).map((name) => `${name}:SUBJECT`);
    throw new UsageError(`--schema must be one of ${known.join(", ")}, not ${JSON.stringify(spec)}`);
  }
  try {
    checkSubject(subject);
  } catch (error) {
    throw new UsageError(`--schema ${kind}: ${(error as Error).message}`);
  }
  return { kind, subject };
}

/** An option that has nothing to do with the rest would be left out in silence. */
function checkTogether(others: Omit<SchemaValues, "schema">, kind: string): void {
  const fitting: Record<string, readonly string[]> = { "schema-file": ["json", "avro"], "avro-encoding": ["avro"] };
  for (const [option, value] of Object.entries(others)) {
    const known = fitting[option] ?? Object.keys(kinds);
    if (value !== undefined && !known.includes(kind)) {
      throw new UsageError(`--${option} needs --schema ${known.map((name) => `${name}:SUBJECT`).join(" or ")}`);
    }
  }
}

function versionOf(given: string | undefined): SchemaVersion | undefined {
  if (given === undefined || given === "latest") {
    return given;
  }
  const [, min, version] = /^(min:)?(.*)$/su.exec(given) ?? [];
  const number = wholeNumber("schema-version", version, 1, maxVersion) as number;
  return min === undefined ? number : { min: number };
}

function registerOf(given: string | undefined): Register | undefined {
  const when = oneOf("register", given, ["if-missing", "evolve", "none"]);
  return when === "none" ? false : when;
}

async function read(file: string): Promise<string> {
  if (file === "-") {
    throw new UsageError("--schema-file must be a file: standard input has the lines");
  }
  try {
    return await readText(file);
  } catch (error) {
    throw new UsageError(`--schema-file: ${(error as Error).message}`);
  }
}

async function loadAvro(): Promise<typeof import("./avro-lines.ts")> {
  try {
    return await import("./avro-lines.ts");
  } catch (cause) {
    throw new Error(`--schema avro:SUBJECT needs the package "avsc": npm install avsc`, { cause });
  }
}
