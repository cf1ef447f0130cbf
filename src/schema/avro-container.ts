import avsc from "avsc";

// Avro's object container file (specification 1.12, "Object Container Files") with one block of one record. avsc
// writes it as a stream only, which gives its bytes after `send` has returned; the header's own Avro schema stands in
// the specification.

const header = avsc.Type.forSchema({
  type: "record",
  name: "org.apache.avro.file.Header",
  fields: [
    { name: "magic", type: { type: "fixed", name: "Magic", size: 4 } },
    { name: "meta", type: { type: "map", values: "bytes" } },
    { name: "sync", type: { type: "fixed", name: "Sync", size: 16 } },
  ],
});
const long = avsc.Type.forSchema("long");
const magic = Buffer.from([0x4f, 0x62, 0x6a, 1]);

interface Header {
  magic: Buffer;
  meta: Record<string, Buffer>;
  sync: Buffer;
}

/** A file with one record, already encoded. */
export function containerOf(definition: string, datum: Uint8Array): Uint8Array {
  const sync = Buffer.from(crypto.getRandomValues(new Uint8Array(16)));
  const meta = { "avro.schema": Buffer.from(definition), "avro.codec": Buffer.from("null") };
  const start = header.toBuffer({ magic, meta, sync } satisfies Header);
  return new Uint8Array(Buffer.concat([start, long.toBuffer(1), long.toBuffer(datum.length), datum, sync]));
}

/** A file's first block: so many records, compressed by the codec. */
interface Block {
  definition: string;
  codec: string;
  count: number;
  data: Buffer;
}

/** A file's first block. Throws `TypeError` for what is no file, or not all of one. */
export function blockOf(file: Uint8Array): Block {
  const data = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const start = header.decode(data, 0) as { value: Header | undefined; offset: number };
  if (start.value === undefined || !start.value.magic.equals(magic)) {
    throw new TypeError("this is no Avro object container file");
  }
  const { meta, sync } = start.value;
  const count = long.decode(data, start.offset) as { value: number | undefined; offset: number };
  if (count.value === undefined) {
    throw new TypeError("the container has no records");
  }
  const size = long.decode(data, count.offset) as { value: number | undefined; offset: number };
  const end = size.offset + (size.value ?? Number.POSITIVE_INFINITY);
  if (!data.subarray(end, end + 16).equals(sync)) {
    throw new TypeError("the container is cut off or damaged");
  }
  return {
    definition: meta["avro.schema"]?.toString() ?? "",
    codec: meta["avro.codec"]?.toString() ?? "null",
    count: count.value,
    data: data.subarray(size.offset, end),
  };
}

/** The bytes of a file's one record. Throws `TypeError` for what {@link containerOf} does not write. */
export function recordsOf(file: Uint8Array): Uint8Array {
  const { codec, count, data } = blockOf(file);
  if (codec !== "null") {
    throw new TypeError(`the container's codec is ${codec}, and only null is read`);
  }
  if (count !== 1) {
    throw new TypeError(`the container's first block has ${count} records, and one is read`);
  }
  return data;
}
