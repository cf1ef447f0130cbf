// Frames, written and read by hand from RFC 9113, so that the mistakes of the code are not made here once more.

export interface Frame {
  type: number;
  flags: number;
  id: number;
  payload: Uint8Array;
}

export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
export const PADDED = 8;
export const PRIORITIZED = 32;

export const prefaceText: string = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

export function u32(value: number): number[] {
  return [
    Math.floor(value / 2 ** 24) % 256,
    Math.floor(value / 2 ** 16) % 256,
    Math.floor(value / 256) % 256,
    value % 256,
  ];
}

type Bytes = ArrayLike<number>;

export function join(...parts: Bytes[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function frame(type: number, flags: number, id: number, payload: Bytes = []): Uint8Array {
  return join(u32(payload.length).slice(1), [type, flags], u32(id), payload);
}

export const settings = (...pairs: [id: number, value: number][]): Uint8Array =>
  frame(SETTINGS, 0, 0, join(...pairs.map(([id, value]) => [0, id, ...u32(value)])));
export const settingsAck: Uint8Array = frame(SETTINGS, ACK, 0);
export const data = (id: number, payload: Bytes | string, end = false): Uint8Array =>
  frame(DATA, end ? END_STREAM : 0, id, typeof payload === "string" ? text(payload) : payload);
export const rst = (id: number, code: number): Uint8Array => frame(RST_STREAM, 0, id, u32(code));
export const ping = (payload: Bytes = [1, 2, 3, 4, 5, 6, 7, 8], ack = false): Uint8Array =>
  frame(PING, ack ? ACK : 0, 0, payload);
export const goaway = (last: number, code = 0, words = ""): Uint8Array =>
  frame(GOAWAY, 0, 0, [...u32(last), ...u32(code), ...new TextEncoder().encode(words)]);
export const windowUpdate = (id: number, by: number): Uint8Array => frame(WINDOW_UPDATE, 0, id, u32(by));
export const priority = (id: number): Uint8Array => frame(PRIORITY, 0, id, [0, 0, 0, 0, 15]);
export const headers = (id: number, fields: string[], end = false): Uint8Array =>
  frame(HEADERS, END_HEADERS | (end ? END_STREAM : 0), id, block(fields));

/** Fields as literals that go into no table, without Huffman code (RFC 7541 §6.2.2). */
export function block(fields: string[]): Uint8Array {
  return join(...fields.map((octets, i) => [...(i % 2 === 0 ? [0] : []), ...length(octets.length), ...text(octets)]));
}

/** RFC 7541 §5.1, with a prefix of 7 bits. */
function length(value: number): number[] {
  if (value < 127) {
    return [value];
  }
  const octets = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) {
    octets.push((rest % 128) + 128);
  }
  return [...octets, rest];
}

export const ok: string[] = [":status", "200", "content-type", "application/grpc"];
export const good: string[] = ["grpc-status", "0"];

/** A whole answer to a unary call. */
export const answer = (id: number, body: Bytes | string = "answer"): Uint8Array =>
  join(headers(id, ok), data(id, body), headers(id, good, true));

export function text(value: string): Uint8Array {
  return Uint8Array.from(value, (char) => char.charCodeAt(0));
}

export function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** The frames in `bytes`, and what is left behind the last whole one. */
export function parse(bytes: Uint8Array): { frames: Frame[]; rest: Uint8Array } {
  const frames: Frame[] = [];
  let at = 0;
  const byte = (i: number) => bytes[at + i] as number;
  while (bytes.length - at >= 9) {
    const size = byte(0) * 65_536 + byte(1) * 256 + byte(2);
    if (bytes.length - at - 9 < size) {
      break;
    }
    const id = (byte(5) % 128) * 2 ** 24 + byte(6) * 65_536 + byte(7) * 256 + byte(8);
    frames.push({ type: byte(3), flags: byte(4), id, payload: bytes.slice(at + 9, at + 9 + size) });
    at += 9 + size;
  }
  return { frames, rest: bytes.slice(at) };
}

const names = ["DATA", "HEADERS", "PRIORITY", "RST", "SETTINGS", "PUSH", "PING", "GOAWAY", "WINDOW", "CONT"];

/** A frame in short: `DATA 1 5 end`, `RST 1 8`, `GOAWAY 1`. */
export function brief({ type, flags, id, payload }: Frame): string {
  const end = (type === DATA || type === HEADERS) && flags & END_STREAM ? " end" : "";
  const name = names[type] ?? `type ${type}`;
  const number = (from: number) => payload.slice(from, from + 4).reduce((sum, byte) => sum * 256 + byte, 0);
  switch (type) {
    case RST_STREAM:
    case WINDOW_UPDATE:
      return `${name} ${id} ${number(0)}`;
    case GOAWAY:
      return `${name} ${number(4)}`;
    case SETTINGS:
    case PING:
      return `${name}${flags & ACK ? " ack" : ""}`;
    default:
      return `${name} ${id} ${payload.length}${end}`;
  }
}
