import { ErrorCode } from "./constants.ts";
import { StreamError } from "./failures.ts";

/** A list of fields, flat: a name, its value, the next name, … Names and values are characters up to 0xff, as they came. */
export type Fields = readonly string[];

/** §8.3.2, §8.2: the status of a response that is well-formed. Throws {@link StreamError} for one that is not. */
export function statusOf(fields: Fields): number {
  const status = fields[0] === ":status" ? fields[1] : undefined;
  if (status === undefined || !/^[1-9]\d\d$/.test(status)) {
    throw malformed(status === undefined ? "a response without a status" : `the status ${status}`);
  }
  checkFields(fields, 2);
  return Number(status);
}

/** §8.1: trailers have no pseudo-header fields. Throws {@link StreamError}. */
export function checkTrailers(fields: Fields): void {
  checkFields(fields, 0);
}

/** §8.2.2: those speak of a connection, and have no place on a stream. */
const connectionFields: ReadonlySet<string> = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);

// Blocks repeat; the names that are right need not be looked at again.
const goodNames = new Set<string>();
const mostGoodNames = 1_000;

function checkFields(fields: Fields, from: number): void {
  for (let i = from; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (!goodNames.has(name)) {
      checkName(name);
    }
    // §8.2.1.
    if (/[\0\r\n]/.test(fields[i + 1] as string)) {
      throw malformed(`a line break in the value of ${name}`);
    }
  }
}

function checkName(name: string): void {
  // §8.2.1: no upper case, no colon but the first of a pseudo-header field, which comes before all others.
  if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name) || connectionFields.has(name)) {
    throw malformed(`the field name ${JSON.stringify(name.slice(0, 100))}`);
  }
  if (goodNames.size < mostGoodNames) {
    goodNames.add(name);
  }
}

function malformed(what: string): StreamError {
  return new StreamError(ErrorCode.protocolError, what);
}
