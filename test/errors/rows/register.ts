import { Code } from "@connectrpc/connect";
import type { RegisterOptions } from "@danube-messaging/client";
import type { RegisterSchemaRequest } from "../../../gen/danube_schema/schema_registry_pb.ts";
import { calling } from "../calls.ts";
import type { ErrorRow, Provoke, Rpc } from "../row.ts";
import { changed } from "../wire.ts";
import { incompatible, json, passing, rejected } from "./shared.ts";

// RegisterSchema. Whatever goes wrong while the registry works is INTERNAL "Failed to …: …".

const registering = (options: RegisterOptions, before?: RegisterOptions): Provoke => {
  return async (context) => {
    const subject = context.subject();
    if (before) {
      await context.other().schemas.register(subject, before);
    }
    return { result: context.connect().schemas.register(subject, options), passes: false };
  };
};

const register: readonly Rpc[] = ["RegisterSchema"];

export const registerRows: ErrorRow[] = [
  {
    id: "register-incompatible",
    rpcs: register,
    when: "the next version does not go with the newest one",
    status: Code.Internal,
    words: "Failed to register schema: Schema is not compatible with subject '…' (mode: Backward): …",
    ...incompatible,
    provoke: registering(
      json('{"properties":{"a":{"type":"number"}}}'),
      json('{"properties":{"a":{"type":"string"}}}'),
    ),
  },
  {
    id: "register-other-type",
    rpcs: register,
    when: "the next version is of another type",
    status: Code.Internal,
    words:
      "Failed to register schema: Schema is not compatible with subject '…' (mode: Backward): Schema types must match …",
    ...incompatible,
    provoke: registering({ type: "string" }, json("{}")),
  },
  {
    id: "register-type",
    rpcs: ["RegisterSchema", "CheckCompatibility"],
    when: "a type that there is none of (register and check throw before they ask)",
    status: Code.Internal,
    words: "Failed to …: Unknown schema type: xml",
    ...rejected,
    provoke: (context, rpc) =>
      calling(context, rpc, [changed<RegisterSchemaRequest>(rpc, (request) => (request.schemaType = "xml"))]),
  },
  {
    id: "register-avro",
    rpcs: register,
    when: "an Avro definition that is none",
    status: Code.Internal,
    words: "Failed to register schema: Invalid Avro schema: …",
    ...rejected,
    provoke: registering({ type: "avro", definition: "{}" }),
  },
  {
    id: "register-avro-name",
    rpcs: register,
    when: "an Avro definition with a name that cannot be one: the broker's handler crashes and resets the stream, which looks as if it had died",
    status: Code.Canceled,
    words: "…",
    error: { code: "UNAVAILABLE" },
    recovery: "time",
    provoke: async (context, rpc) => ({
      ...(await registering({ type: "avro", definition: '{"type":"record","name":"a-b","fields":[]}' })(context, rpc)),
      // What does not answer does not keep the client from asking the other seeds.
      calls: context.urls.length,
    }),
    onDemand: "it refuses such a name",
  },
  {
    id: "register-json",
    rpcs: register,
    when: "a JSON Schema that is no JSON",
    status: Code.Internal,
    words: "Failed to register schema: Invalid JSON in schema: …",
    ...rejected,
    provoke: registering(json("{")),
  },
  {
    id: "register-json-schema",
    rpcs: register,
    when: "JSON that is no JSON Schema",
    status: Code.Internal,
    words: "Failed to register schema: Invalid JSON Schema: …",
    ...rejected,
    provoke: registering(json('{"type":7}')),
  },
  {
    id: "register-utf8",
    rpcs: register,
    when: "a definition that is no UTF-8 (register takes text)",
    status: Code.Internal,
    words: "Failed to register schema: Invalid UTF-8 in … schema: …",
    ...rejected,
    async provoke(context) {
      const bytes = new Uint8Array([0xff]);
      const spoil = changed<RegisterSchemaRequest>("RegisterSchema", (request) => (request.schemaDefinition = bytes));
      const { schemas } = context.connect([spoil]);
      return { result: schemas.register(context.subject(), json("{}")), passes: false };
    },
  },
  {
    id: "register-unseen",
    rpcs: register,
    when: "the version is written, and has not come back to this broker after 2 s",
    status: Code.Internal,
    words: "Failed to register schema: Timed out waiting for local schema metadata for subject '…' to reach version …",
    ...passing,
    unreal: "it would take a cluster so slow",
    onDemand: "its brokers share their metadata",
  },
  {
    id: "register-overtaken",
    rpcs: register,
    when: "the version is written, and another one in its place by the time the broker looks",
    status: Code.Internal,
    words: "Version not found after registration",
    ...passing,
    unreal: "the record it looks into keeps every version: not met in 1,280 registrations by eight clients at once",
    onDemand: "nobody registers between two steps of another",
  },
];
