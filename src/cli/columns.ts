import { UsageError } from "./usage.ts";

/** A line has not what is looked for in it. */
export function missing(why: string): never {
  throw new Error(why);
}

/** How many columns a line has, when that is too few. */
export function only(columns: number): string {
  return columns === 1 ? "there is 1 column" : `there are ${columns} columns`;
}

/** Reads `N` or `N,SEPARATOR`. */
export function columnOf(kind: string, rest: string): { column: number; separator: string | undefined } {
  const [, column, , separator] = /^([1-9]\d{0,5})(,(.*))?$/su.exec(rest) ?? [];
  if (column === undefined || separator === "") {
    throw new UsageError(`--key-from ${kind}: wants N or N,SEPARATOR, with N from 1, not ${JSON.stringify(rest)}`);
  }
  return { column: Number(column), separator: separator?.replaceAll("\\t", "\t") };
}

/** As RFC 4180 has it, within one line. */
export function quotedColumn(text: string, column: number, separator: string): string {
  let at = 0;
  for (let n = 1; ; n++) {
    const end = text[at] === '"' ? afterQuotes(text, at) : endOf(text, at, separator);
    if (text[at] === '"' && end < text.length && !text.startsWith(separator, end)) {
      missing(`column ${n} goes on after its quotes`);
    }
    if (n === column) {
      return text[at] === '"' ? text.slice(at + 1, end - 1).replaceAll('""', '"') : text.slice(at, end);
    }
    if (end === text.length) {
      missing(only(n));
    }
    at = end + separator.length;
  }
}

function endOf(text: string, from: number, separator: string): number {
  const end = text.indexOf(separator, from);
  return end < 0 ? text.length : end;
}

function afterQuotes(text: string, from: number): number {
  for (let at = from + 1; ; at += 2) {
    at = text.indexOf('"', at);
    if (at < 0) {
      missing("its quotes do not end");
    }
    if (text[at + 1] !== '"') {
      return at + 1;
    }
  }
}
