/**
 * A list of header fields, flat: name, value, name, value, … This is the form that takes the least to make and to walk
 * through. Each character is one octet (latin1), so lengths are lengths in octets.
 */
export type FieldList = readonly string[];

/** An entry of the static or of a dynamic table. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

/**
 * What a field counts for, in a dynamic table (RFC 7541 §4.1) and in the size of a list (RFC 9113 §6.5.2): its octets
 * without Huffman code, and 32 for what it costs to keep.
 */
export function fieldSize(name: string, value: string): number {
  return name.length + value.length + 32;
}

/**
 * Throws a `TypeError` for what cannot be encoded: names that are no lower-case token (RFC 9113 §8.2.1; pseudo-header
 * fields begin with a colon), and characters that are no octet.
 */
export function checkFields(fields: FieldList): void {
  if (fields.length % 2 !== 0) {
    throw new TypeError("a list of fields ends with a name that has no value");
  }
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (!/^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name)) {
      throw new TypeError(`${JSON.stringify(name)} is not the name of a header field`);
    }
    const value = fields[i + 1] as string;
    for (let at = 0; at < value.length; at++) {
      if (value.charCodeAt(at) > 0xff) {
        throw new TypeError(`the value of ${name} has a character beyond U+00FF`);
      }
    }
  }
}
