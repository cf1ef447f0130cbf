import { parseKeyFrom } from "./key-from.ts";
import { UsageError } from "./usage.ts";

/** The options that say what the messages' routing keys are. */
export const keyOptions = {
  key: { type: "string" },
  "key-from": { type: "string" },
  "key-optional": { type: "boolean" },
} as const;

export const keyHelp = `      --key KEY            the routing key of every message
      --key-from FROM      where in its line the routing key is; a line without one fails. FROM is one of
                           json:PATH       in a line of JSON: a string, a number as it is written, true or false.
                                           PATH is user.id, items.0.id or, for names with dots, /log.level
                           csv:N[,SEP]     column N, from 1, in quotes or not; SEP is a comma, if not given
                           field:N[,SEP]   column N as it is; SEP is white space, if not given; \\t is a tab
                           match:REGEX     the first group of REGEX, or without groups all that it matches
      --key-optional       send a line without a key where --key-from finds none`;

interface KeyValues {
  key?: string | undefined;
  "key-from"?: string | undefined;
  "key-optional"?: boolean | undefined;
}

/** What gives a line's key, as the options want it. Throws where they want one and the line has none. */
export function keyOf(values: KeyValues): (line: Uint8Array) => string | undefined {
  const { key, "key-from": from, "key-optional": optional } = values;
  if (from === undefined) {
    if (optional) {
      throw new UsageError("--key-optional needs --key-from");
    }
    return () => key;
  }
  if (key !== undefined) {
    throw new UsageError("--key and --key-from exclude each other");
  }
  const find = parseKeyFrom(from);
  return (line) => {
    try {
      return find(line);
    } catch (error) {
      if (optional) {
        return undefined;
      }
      throw error;
    }
  };
}
