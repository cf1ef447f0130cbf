import type { Field } from "./field.ts";

/** RFC 7541 Appendix A. The first has the index 1. */
const appendixA: readonly (readonly [name: string, value: string])[] = [
  [":authority", ""],
  [":method", "GET"],
  [":method", "POST"],
  [":path", "/"],
  [":path", "/index.html"],
  [":scheme", "http"],
  [":scheme", "https"],
  [":status", "200"],
  [":status", "204"],
  [":status", "206"],
  [":status", "304"],
  [":status", "400"],
  [":status", "404"],
  [":status", "500"],
  ["accept-charset", ""],
  ["accept-encoding", "gzip, deflate"],
  ["accept-language", ""],
  ["accept-ranges", ""],
  ["accept", ""],
  ["access-control-allow-origin", ""],
  ["age", ""],
  ["allow", ""],
  ["authorization", ""],
  ["cache-control", ""],
  ["content-disposition", ""],
  ["content-encoding", ""],
  ["content-language", ""],
  ["content-length", ""],
  ["content-location", ""],
  ["content-range", ""],
  ["content-type", ""],
  ["cookie", ""],
  ["date", ""],
  ["etag", ""],
  ["expect", ""],
  ["expires", ""],
  ["from", ""],
  ["host", ""],
  ["if-match", ""],
  ["if-modified-since", ""],
  ["if-none-match", ""],
  ["if-range", ""],
  ["if-unmodified-since", ""],
  ["last-modified", ""],
  ["link", ""],
  ["location", ""],
  ["max-forwards", ""],
  ["proxy-authenticate", ""],
  ["proxy-authorization", ""],
  ["range", ""],
  ["referer", ""],
  ["refresh", ""],
  ["retry-after", ""],
  ["server", ""],
  ["set-cookie", ""],
  ["strict-transport-security", ""],
  ["transfer-encoding", ""],
  ["user-agent", ""],
  ["vary", ""],
  ["via", ""],
  ["www-authenticate", ""],
];

/** By index; there is none at 0, as the RFC has it (§6.1). */
export const staticTable: readonly (Field | undefined)[] = [
  undefined,
  ...appendixA.map(([name, value]) => ({ name, value })),
];

/** The index of the first entry of a dynamic table (§2.3.3). */
export const firstDynamicIndex: number = staticTable.length;

interface Named {
  /** Of the first entry of this name. */
  readonly index: number;
  readonly byValue: ReadonlyMap<string, number>;
}

const byName = new Map<string, { index: number; byValue: Map<string, number> }>();
for (const [i, [name, value]] of appendixA.entries()) {
  const named = byName.get(name) ?? { index: i + 1, byValue: new Map() };
  named.byValue.set(value, i + 1);
  byName.set(name, named);
}

/** Where fields of this name are in the static table. */
export function findStatic(name: string): Named | undefined {
  return byName.get(name);
}
