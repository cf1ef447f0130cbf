import process from "node:process";
import { connect } from "../index.ts";
import type { Schemas } from "../schema/schemas.ts";
import { connectionHelp, connectionOptions, connectOptions } from "./connection.ts";
import { checked, UsageError, wholeNumber } from "./usage.ts";

/** The options of every command about the registry. */
export const registryOptions: typeof connectionOptions & {
  readonly json: { readonly type: "boolean" };
  readonly "timeout-ms": { readonly type: "string" };
} = { ...connectionOptions, json: { type: "boolean" }, "timeout-ms": { type: "string" } };

export const registryHelp: string = `      --json               print JSON; schema ids are strings in it
      --timeout-ms MS      for the whole, waiting for brokers included (default 60000)
${connectionHelp}`;

type RegistryValues = Parameters<typeof connectOptions>[0] & { "timeout-ms"?: string | undefined };

/** Does `work` with the registry, and closes the connections. */
export async function withRegistry<T>(values: RegistryValues, work: (schemas: Schemas) => Promise<T>): Promise<T> {
  const timeoutMs = wholeNumber("timeout-ms", values["timeout-ms"], 1);
  const danube = await checked(() => connect({ ...connectOptions(values), createTimeoutMs: timeoutMs }));
  try {
    return await checked(() => work(danube.schemas));
  } finally {
    await danube.close();
  }
}

/** The arguments, of which there must be as many as `names`; those in brackets may be left out. */
export function argumentsOf(positionals: string[], names: readonly string[]): (string | undefined)[] {
  const needed = names.filter((name) => !name.startsWith("[")).length;
  if (positionals.length < needed || positionals.length > names.length) {
    throw new UsageError(names.length === 0 ? "no arguments are wanted" : `what is wanted is ${names.join(" ")}`);
  }
  return positionals;
}

/** As JSON of several lines; 64-bit numbers as strings, since JSON's readers lose digits of large ones. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? String(inner) : inner), 2);
}

/** Writes what may end without an end of line, and on a terminal must not. */
export function writeText(text: string): void {
  process.stdout.write(process.stdout.isTTY && !text.endsWith("\n") ? `${text}\n` : text);
}
