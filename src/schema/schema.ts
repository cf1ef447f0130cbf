import { checkBoolean, checkInteger, checkNonEmptyString, checkOneOf, checkOptions, describe } from "../lib/check.ts";

/** What kind of definition the registry keeps for a subject, in the broker's own words. */
export type SchemaType = "bytes" | "string" | "number" | "avro" | "json_schema" | "protobuf";

/** The types, for checks. */
export const schemaTypes: readonly SchemaType[] = ["bytes", "string", "number", "avro", "json_schema", "protobuf"];

/**
 * Which version of the subject messages are marked with. `"latest"`: the newest there is when the producer is created.
 * A number: that one. `{ min }`: the newest, which must be at least that.
 */
export type SchemaVersion = "latest" | number | { readonly min: number };

/**
 * What a producer may do to the registry. `"if-missing"`: registers version 1 of a subject that does not exist, never
 * a new version of one that does. `"evolve"`: registers the definition as a new version where the subject does not
 * have it. `false`: nothing.
 */
export type Register = false | "if-missing" | "evolve";

/** What all the library's schemas take. */
export interface SchemaOptions {
  /**
   * The version that messages are marked with. Default: the newest version that has this very definition, where the
   * schema brings one, and the latest otherwise.
   */
  version?: SchemaVersion | undefined;
  /** What is done to the registry. Default `"if-missing"`. */
  register?: Register | undefined;
}

/**
 * Turns what `send` is given into bytes, and says what the registry should know of it. The library's own are
 * `bytes`, `text`, `int64`, `double` and `json`, and `avro` and `protobuf` in entry points of their own; anything with
 * a subject and an `encode` is one too.
 *
 * @example
 * ```ts
 * const csv: Schema<string[]> = { subject: "rows", encode: (row) => new TextEncoder().encode(row.join(",")) };
 * ```
 */
export interface Schema<T, Decoded = T> {
  /**
   * The name in the registry. Left out: the registry is not asked, and messages are not marked. Only `bytes()` leaves
   * it out.
   */
  readonly subject: string | undefined;
  /**
   * The bytes of a value. Called during `send`. A `TypeError` it throws is what `send` rejects with; anything else
   * becomes the cause of a `SCHEMA_REJECTED`.
   */
  readonly encode: (value: T) => Uint8Array;
  /** The value of a message's bytes. */
  readonly decode?: ((bytes: Uint8Array) => Decoded) | undefined;
  /** What is registered. Default `"bytes"`. */
  readonly type?: SchemaType | undefined;
  /** The definition that is registered: the text of an Avro, JSON or Protobuf schema. The other types have none. */
  readonly definition?: string | undefined;
  /**
   * Bytes mean nothing without the very definition that wrote them, as Avro's do. A subject that has other ones only
   * is then refused, with `SCHEMA_MISMATCH`, instead of used with a warning. Default `false`.
   */
  readonly exact?: boolean | undefined;
  /** See {@link SchemaOptions.version}. */
  readonly version?: SchemaVersion | undefined;
  /** See {@link SchemaOptions.register}. */
  readonly register?: Register | undefined;
  /**
   * Called and awaited by `createProducer` before anything else: to load what `encode` needs. Where it fails, `createProducer` does, with
   * `UNSUPPORTED` if it is neither a `DanubeError` nor a `TypeError` that it fails with.
   */
  readonly prepare?: (() => Promise<void>) | undefined;
  /**
   * What it is to brokers before 0.6, where that follows neither from `type` nor from `encode`: they know Bytes, String,
   * JSON and Int64, and nothing else. Only `int64()` has it. Default: String and JSON for those types, and else Bytes.
   */
  readonly beforeRegistry?: SchemaBeforeRegistry<T, Decoded> | undefined;
}

/** What a schema is to brokers before 0.6, which have no registry. */
export interface SchemaBeforeRegistry<T, Decoded = T> {
  /** Their type: whole numbers, as the text of their decimal digits. */
  readonly type: "Int64";
  /** The bytes that their consumers read. */
  readonly encode: (value: T) => Uint8Array;
  /** The value of those bytes. */
  readonly decode?: ((bytes: Uint8Array) => Decoded) | undefined;
}

const optionNames = ["version", "register"] as const satisfies (keyof SchemaOptions)[];

/** Checks what all the library's schemas are made with. Throws `TypeError`. */
export function checkSchemaArguments(subject: unknown, options: SchemaOptions, more: readonly string[] = []): void {
  checkSubject(subject);
  checkOptions("the options of the schema", options, [...optionNames, ...more]);
  checkVersion(options.version);
  checkRegister(options.register);
}

/** Brokers keep subjects as parts of a path, and lose those with a slash between its parts. */
export function checkSubject(subject: unknown): asserts subject is string {
  checkNonEmptyString("subject", subject);
  if (/[/\s]/.test(subject)) {
    throw new TypeError(
      `"subject" must be without slashes and white space, not ${JSON.stringify(subject.slice(0, 100))}`,
    );
  }
}

export function checkVersion(version: unknown): asserts version is SchemaVersion | undefined {
  if (version === undefined || version === "latest") {
    return;
  }
  if (typeof version === "object" && version !== null) {
    checkOptions('"version"', version, ["min"]);
    checkInteger("version.min", (version as { min?: unknown }).min, 1, maxVersion);
    return;
  }
  if (typeof version === "string") {
    throw new TypeError(`"version" must be "latest", a number or { min }, not ${JSON.stringify(version)}`);
  }
  checkInteger("version", version, 1, maxVersion);
}

/** Versions are unsigned, of 32 bits. */
export const maxVersion: number = 2 ** 32 - 1;

function checkRegister(register: unknown): void {
  if (register !== undefined && register !== false && register !== "if-missing" && register !== "evolve") {
    throw new TypeError(`"register" must be "if-missing", "evolve" or false, not ${describe(register)}`);
  }
}

/** Checks the `schema` option of `createProducer`: the library's own, or anybody's. Throws `TypeError`. */
export function checkSchema(schema: unknown): asserts schema is Schema<unknown, unknown> {
  if (typeof schema !== "object" || schema === null || typeof (schema as { encode?: unknown }).encode !== "function") {
    throw new TypeError(`"schema" must be one of the library's, or an object with a subject and an "encode" function`);
  }
  if (!("subject" in schema)) {
    throw new TypeError(`"schema" must have a "subject": its name in the registry`);
  }
  const { subject, type, definition, version, register, decode, prepare, exact, beforeRegistry } = schema as Schema<
    unknown,
    unknown
  >;
  if (subject !== undefined) {
    checkSubject(subject);
  }
  checkVersion(version);
  checkRegister(register);
  if (type !== undefined) {
    checkOneOf("schema.type", type, schemaTypes);
  }
  if (definition !== undefined) {
    checkNonEmptyString("schema.definition", definition);
  }
  if (exact !== undefined) {
    checkBoolean("schema.exact", exact);
  }
  if (
    beforeRegistry !== undefined &&
    (beforeRegistry?.type !== "Int64" || typeof beforeRegistry.encode !== "function")
  ) {
    throw new TypeError(`"schema.beforeRegistry" must have the type "Int64" and an "encode" function`);
  }
  if (beforeRegistry?.decode !== undefined && typeof beforeRegistry.decode !== "function") {
    throw new TypeError(`"schema.beforeRegistry.decode" must be a function`);
  }
  for (const [name, method] of Object.entries({ decode, prepare })) {
    if (method !== undefined && typeof method !== "function") {
      throw new TypeError(`"schema.${name}" must be a function`);
    }
  }
}
