import { Code, ConnectError } from "@connectrpc/connect";
import { codeFromHttpStatus, parseContentType } from "@connectrpc/connect/protocol-grpc";
import { failureByStatus } from "./grpc-status.ts";
import type { Fields } from "./http2/fields.ts";
import { CallFailure, prefixBytes } from "./seam.ts";
import { toHeaders } from "./socket-http.ts";

/** What an answer to a unary call failed with, as Connect puts it, if it is none. May throw what it failed with. */
export function failureOf(
  url: string,
  isGood: AnswerChecks,
  header: Fields,
  trailer: Fields | undefined,
  body: Uint8Array,
): ConnectError | CallFailure | undefined {
  if (trailer && isGood.trailer(trailer) && isGood.header(header) && messagesIn(body) === 1) {
    return undefined;
  }
  return findFailure(url, toHeaders(header), Number(header[1]), trailer && toHeaders(trailer), body);
}

function findFailure(
  url: string,
  header: Headers,
  status: number,
  trailer: Headers | undefined,
  body: Uint8Array,
): ConnectError | CallFailure {
  if (status !== 200) {
    return new ConnectError(`HTTP ${status}`, codeFromHttpStatus(status), header);
  }
  if (!parseContentType(header.get("content-type"))) {
    return new ConnectError(`unsupported content type ${header.get("content-type")}`, Code.Unknown);
  }
  const encoding = header.get("grpc-encoding");
  if (!isPlain(encoding)) {
    return new ConnectError(`unsupported response encoding "${encoding}"`, Code.Internal, header);
  }
  const messages = messagesIn(body);
  if (typeof messages === "number" && messages > 1) {
    return new ConnectError(`${messages} messages in the answer to a unary call`, Code.Unimplemented);
  }
  // The status may stand in the fields that the answer begins with, but only where they are all of it.
  const last = trailer ?? (body.length === 0 ? header : new Headers());
  const failure = failureByStatus(url, header, last);
  if (failure) {
    return failure;
  }
  if (messages === "cut") {
    return new CallFailure("garbled", `the answer of ${url} ends within a message`);
  }
  // Without metadata: it is not the broker's word.
  return messages === "compressed"
    ? new ConnectError("a compressed message, which nobody asked for", Code.Internal)
    : new ConnectError("no message in the answer to a unary call", Code.Unimplemented);
}

/** As `Headers` has it: values of the same name are one. */
function fieldOf(fields: Fields, name: string): string | null {
  let value: string | null = null;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] === name) {
      value = value === null ? (fields[i + 1] as string) : `${value}, ${fields[i + 1]}`;
    }
  }
  return value;
}

/** Whether the fields of an answer are as they should be. */
export interface AnswerChecks {
  header(fields: Fields): boolean;
  trailer(fields: Fields): boolean;
}

/** Checks for the answers of one connection. */
export function createAnswerChecks(): AnswerChecks {
  return { header: remembering(isGrpc), trailer: remembering(isOk) };
}

/** Equal blocks of fields are the same array: most answers begin and end as the one before. */
function remembering(isGood: (fields: Fields) => boolean): (fields: Fields) => boolean {
  let last: Fields | undefined;
  return (fields) => {
    if (fields === last) {
      return true;
    }
    const good = isGood(fields);
    if (good) {
      last = fields;
    }
    return good;
  };
}

function isGrpc(header: Fields): boolean {
  const type = fieldOf(header, "content-type");
  return header[1] === "200" && parseContentType(type) !== undefined && isPlain(fieldOf(header, "grpc-encoding"));
}

function isOk(trailer: Fields): boolean {
  // Details come before the status, where there are some.
  return fieldOf(trailer, "grpc-status") === "0" && fieldOf(trailer, "grpc-status-details-bin") === null;
}

/** No coding was asked for. */
function isPlain(encoding: string | null): boolean {
  return encoding === null || encoding.toLowerCase() === "identity";
}

/** How many messages there are in a body, or why they are not to be had. */
function messagesIn(body: Uint8Array): number | "cut" | "compressed" {
  let count = 0;
  let at = 0;
  while (at < body.length) {
    if (body.length - at < prefixBytes) {
      return "cut";
    }
    if ((body[at] as number) & 1) {
      return "compressed";
    }
    const [a, b, c, d] = [body[at + 1], body[at + 2], body[at + 3], body[at + 4]] as [number, number, number, number];
    at += prefixBytes + (((a << 24) | (b << 16) | (c << 8) | d) >>> 0);
    count++;
  }
  return at === body.length ? count : "cut";
}
