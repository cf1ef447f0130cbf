import type { DanubeEvent, Schema, SchemaType } from "@danube-messaging/client";
import type { ReadMessage } from "@danube-messaging/client/testing";

/** An `onEvent` that notes the codes of warnings. */
export function noteWarnings(codes: string[]): (event: DanubeEvent) => void {
  return (event) => {
    if (event.type === "warning") {
      codes.push(event.code);
    }
  };
}

/** The texts of messages. */
export function textsOf(messages: readonly ReadMessage[]): string[] {
  return messages.map(({ text }) => text);
}

/** The versions that messages are marked with. */
export function versionsOf(messages: readonly ReadMessage[]): (number | undefined)[] {
  return messages.map(({ schemaVersion }) => schemaVersion);
}

/** A JSON Schema of an object with these properties, by their types; those that end with `?` may be left out. */
export function objectOf(properties: Record<string, string>): object {
  const names = Object.keys(properties);
  return {
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name.replace("?", ""), { type: properties[name] }])),
    required: names.filter((name) => !name.endsWith("?")),
  };
}

/** An Avro record with these fields. */
export function recordOf(...fields: object[]): object {
  return { type: "record", name: "Row", fields };
}

/** Bytes that claim to be of a type, whatever they are. */
export function raw(subject: string, type: SchemaType, definition?: object): Schema<Uint8Array> {
  const text = definition && { definition: JSON.stringify(definition) };
  return { subject, type, ...text, encode: (data) => data };
}
