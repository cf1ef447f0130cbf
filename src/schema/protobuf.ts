/**
 * Protocol Buffers, by protobuf-es, in an entry point of its own.
 *
 * @module
 */

import {
  create,
  type DescFile,
  type DescMessage,
  fromBinary,
  isMessage,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { checkNonEmptyString } from "../lib/check.ts";
import { rejected } from "./encode.ts";
import { checkSchemaArguments, type Schema, type SchemaOptions } from "./schema.ts";

/** What {@link protobuf} takes. */
export interface ProtobufOptions extends SchemaOptions {
  /**
   * The text of the `.proto` file: registered as the definition. Left out: the message's FileDescriptorSet, imports
   * included, in base64, which generated code has and tools can read. Brokers up to 0.15.1 keep either unread.
   */
  source?: string | undefined;
}

/**
 * Messages of a generated (or otherwise described) type; `protobuf` in the registry. `send` takes a message, or an
 * object with its fields.
 *
 * Brokers up to 0.15.1 crash the call when a topic validates the payload of Protobuf messages: leave that off.
 */
export function protobuf<D extends DescMessage>(
  subject: string,
  descriptor: D,
  { source, ...options }: ProtobufOptions = {},
): Schema<MessageInitShape<D>, MessageShape<D>> {
  checkSchemaArguments(subject, options);
  if ((descriptor as Partial<D> | undefined)?.kind !== "message") {
    throw new TypeError(`"descriptor" must describe a message: what protoc-gen-es calls NameSchema`);
  }
  if (source !== undefined) {
    checkNonEmptyString("source", source);
  }
  return {
    subject,
    type: "protobuf",
    definition: source ?? descriptorSet(descriptor.file),
    ...options,
    encode(value) {
      checkFields(descriptor, value);
      try {
        return toBinary(descriptor, create(descriptor, value));
      } catch (cause) {
        // Not in its words, nor with them as the cause: they repeat what the field holds.
        const [, field] = /^cannot \w+ field (\S+)/.exec((cause as Error).message) ?? [];
        throw rejected(subject, `${field ?? "a field"} holds what cannot be written`);
      }
    },
    decode: (data) => fromBinary(descriptor, data),
  };
}

/** What is no such message, or has other fields, would become an empty one in silence. */
function checkFields(descriptor: DescMessage, value: unknown): void {
  if (isMessage(value, descriptor)) {
    return;
  }
  const plain =
    typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
  if (!plain || isMessage(value)) {
    throw new TypeError(`"payload" must be a ${descriptor.typeName}, or an object with its fields`);
  }
  const known = new Set([...descriptor.fields, ...descriptor.oneofs].map(({ localName }) => localName));
  const other = Object.keys(value).find((field) => !known.has(field));
  if (other !== undefined) {
    throw new TypeError(`"payload" has ${JSON.stringify(other)}, which is no field of ${descriptor.typeName}`);
  }
}

/** A file after those that it imports, as protoc writes them. */
function descriptorSet(file: DescFile): string {
  const files = new Set<DescFile>();
  const add = (one: DescFile) => {
    if (!files.has(one)) {
      one.dependencies.forEach(add);
      files.add(one);
    }
  };
  add(file);
  const set = create(FileDescriptorSetSchema, { file: [...files].map(({ proto }) => proto) });
  return base64Encode(toBinary(FileDescriptorSetSchema, set));
}
