import { type ParseArgsConfig, parseArgs } from "node:util";

/** The command was called wrongly: exit code 2, with the usage. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** `parseArgs` of node:util, with its complaints as {@link UsageError}. */
export function parse<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** A whole number given as an option, or as an ARGUMENT. */
export function wholeNumber(
  option: string,
  text: string | undefined,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min || value > max) {
    throw new UsageError(`${named(option)} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`);
  }
  return value;
}

/** A choice given as an option, or as an ARGUMENT. */
export function oneOf<T extends string>(
  option: string,
  text: string | undefined,
  choices: readonly T[],
): T | undefined {
  if (text !== undefined && !(choices as readonly string[]).includes(text)) {
    throw new UsageError(`${named(option)} must be one of ${choices.join(", ")}, not ${JSON.stringify(text)}`);
  }
  return text as T | undefined;
}

function named(option: string): string {
  return /^[A-Z]/.test(option) ? option : `--${option}`;
}

/** Does `work`; what the library says about wrong arguments is about the command line. */
export async function checked<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}
