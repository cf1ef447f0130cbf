import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { DurationSchema, FileDescriptorSetSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { StreamMessageSchema } from "../../../gen/danube/danube_api_pb.ts";
import { protobuf } from "../../../src/schema/protobuf.ts";
import { thrown } from "../support/outcomes.ts";

describe("protobuf", () => {
  test("takes a message or its fields, and gives a message back", () => {
    const schema = protobuf("times", TimestampSchema);
    expect(schema).toMatchObject({ subject: "times", type: "protobuf" });
    const message = create(TimestampSchema, { seconds: 5n });
    const encoded = schema.encode(message);
    expect([...encoded]).toEqual([...toBinary(TimestampSchema, message)]);
    expect([...schema.encode({ seconds: 5n })]).toEqual([...encoded]);
    expect(schema.decode?.(encoded)).toEqual(message);
  });

  test("registers the source that is given, or the descriptors", () => {
    expect(protobuf("s", TimestampSchema, { source: 'syntax = "proto3";' }).definition).toBe('syntax = "proto3";');
    const definition = protobuf("s", StreamMessageSchema).definition ?? "";
    const { file } = fromBinary(FileDescriptorSetSchema, base64Decode(definition));
    expect(file.map(({ name }) => name)).toEqual(["danube/danube_api.proto"]);
    expect(file[0]?.messageType.map(({ name }) => name)).toContain("StreamMessage");
  });

  test("what is no such message is refused, and not sent as an empty one", () => {
    const schema = protobuf("times", TimestampSchema);
    const others = [
      undefined,
      null,
      "text",
      5,
      [],
      new Uint8Array(3),
      new Date(),
      create(DurationSchema),
      { second: 1n },
    ];
    for (const other of others) {
      const error = thrown(() => schema.encode(other as never));
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toContain('"payload"');
    }
    expect(schema.encode({})).toHaveLength(0);
    expect(schema.encode(Object.assign(Object.create(null), { nanos: 5 }))).toHaveLength(2);
  });

  test("what does not fit, or is no message type, is refused", () => {
    expect(() => protobuf("s", TimestampSchema).encode({ seconds: "five" as never })).toThrow();
    for (const descriptor of [undefined, null, {}, "Timestamp"]) {
      expect(thrown(() => protobuf("s", descriptor as never))).toBeInstanceOf(TypeError);
    }
    expect(thrown(() => protobuf("s", TimestampSchema, { source: "" }))).toBeInstanceOf(TypeError);
  });
});
