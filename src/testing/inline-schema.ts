import { Schema_TypeSchema as Type } from "../../gen/danube_0_4/danube_api_pb.ts";
import { panic } from "./panic.ts";
import type { TopicState } from "./types.ts";

/** A schema as brokers without a registry keep it. */
export interface InlineSchema {
  readonly name: string;
  readonly type: Type;
  readonly definition: Uint8Array;
}

const names: Partial<Record<Type, NonNullable<TopicState["schema"]>["type"]>> = {
  [Type.Bytes]: "bytes",
  [Type.String]: "string",
  [Type.Int64]: "int64",
  [Type.JSON]: "json",
};

/** Brokers do not get over a type that they do not know. */
export function known(schema: InlineSchema): InlineSchema {
  return schema.type in names ? schema : panic("Invalid type schema");
}

const decoder = new TextDecoder();

/** As `topics()` tells it. */
export function schemaState({ name, type, definition }: InlineSchema): TopicState["schema"] {
  return { name, type: names[type] as "bytes", definition: decoder.decode(definition) };
}
