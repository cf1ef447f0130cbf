import type { Avro } from "./avro.ts";
import { canonical, isObject, type Json } from "./json.ts";

/** Whether two schemas are the same to brokers, who compare the types of a record's fields but not their names. */
export function sameAvro(a: Avro, b: Avro): boolean {
  if (a.kind !== b.kind || a.name !== b.name) {
    return false;
  }
  const parts = (schema: Avro): readonly Avro[] =>
    schema.fields?.map((field) => field.type) ?? schema.variants ?? (schema.items ? [schema.items] : []);
  const [mine, theirs] = [parts(a), parts(b)];
  const own = ({ symbols, json }: Avro) => {
    const { size = 0, precision = 0, scale = 0 } = isObject(json) && ["fixed", "decimal"].includes(a.kind) ? json : {};
    return canonical([...(symbols ?? []), ...(a.kind === "fixed" ? [size] : [precision, scale])]);
  };
  return (
    mine.length === theirs.length && own(a) === own(b) && mine.every((part, i) => sameAvro(part, theirs[i] as Avro))
  );
}

const promotions = ["int long", "float double", "long double", "int double", "bytes string", "string bytes"];

/**
 * Whether brokers think that `reader` reads what `writer` wrote. They take any union for compatible with anything, and
 * of a record's fields look only at those that are new: types of fields are not compared.
 */
export function reads(reader: Avro, writer: Avro): boolean {
  if (sameAvro(reader, writer) || reader.kind === "union" || writer.kind === "union") {
    return true;
  }
  if (promotions.includes(`${writer.kind} ${reader.kind}`)) {
    return true;
  }
  if (reader.kind !== writer.kind) {
    return false;
  }
  if (reader.kind === "record") {
    const known = new Set(writer.fields?.map((field) => field.name));
    const added = reader.fields?.filter((field) => !known.has(field.name)) ?? [];
    return reader.name === writer.name && added.every(({ type, fallback }) => isOptional(type, fallback));
  }
  return reader.items !== undefined && writer.items !== undefined && reads(reader.items, writer.items);
}

/** Of a union, the default does not count, but whether null is in it. */
function isOptional(type: Avro, fallback: Json | undefined): boolean {
  return type.kind === "union"
    ? (type.variants ?? []).some((variant) => variant.kind === "null")
    : fallback !== undefined;
}
