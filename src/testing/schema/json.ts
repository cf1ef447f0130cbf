import { createHash } from "node:crypto";

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The text that brokers keep and print: no spaces, keys in order. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(",")}]`;
  }
  if (isObject(value)) {
    const entries = Object.keys(value).sort();
    return `{${entries.map((key) => `${JSON.stringify(key)}:${canonical(value[key] as Json)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

export function sha256(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text, or why it is none, in the broker's words. */
export function fromUtf8(bytes: Uint8Array): { text: string; why: undefined } | { text: undefined; why: string } {
  try {
    return { text: utf8.decode(bytes), why: undefined };
  } catch {
    return { text: undefined, why: whyNotUtf8(bytes) };
  }
}

function whyNotUtf8(bytes: Uint8Array): string {
  for (let index = 0; index < bytes.length; ) {
    const lead = bytes[index] as number;
    const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    let good = Math.min(length, 1);
    while (good > 0 && good < length && continues(lead, good, bytes[index + good])) {
      good++;
    }
    if (good < length && index + good >= bytes.length) {
      return `incomplete utf-8 byte sequence from index ${index}`;
    }
    if (length === 0 || good < length) {
      return `invalid utf-8 sequence of ${Math.max(good, 1)} bytes from index ${index}`;
    }
    index += length;
  }
  return "invalid utf-8";
}

/** The second byte also keeps out surrogates, what is too large, and what could be shorter. */
function continues(lead: number, position: number, byte: number | undefined): boolean {
  const first = position === 1;
  const from = first && lead === 0xe0 ? 0xa0 : first && lead === 0xf0 ? 0x90 : 0x80;
  const to = first && lead === 0xed ? 0x9f : first && lead === 0xf4 ? 0x8f : 0xbf;
  return byte !== undefined && byte >= from && byte <= to;
}
