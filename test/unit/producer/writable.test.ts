import { describe, expect, test } from "vitest";
import { createWritable } from "../../../src/producer/writable.ts";
import { rejection, settled, watch } from "../support/outcomes.ts";

const id = { topic: "/default/t", producer: "p", session: "s", sequence: 1n };

/** A producer whose sends are settled by hand, or refused at once. */
function setUp(refusal?: Error) {
  const sends: { value: string; key: string | undefined; resolve(): void; reject(reason: unknown): void }[] = [];
  const sink = {
    ready: async () => {},
    flush: () => Promise.allSettled(sends).then(() => {}),
    send: (value: string, { key }: { key?: string | undefined }) => {
      const { promise, resolve, reject } = Promise.withResolvers<typeof id>();
      sends.push({ value, key, resolve: () => resolve(id), reject });
      return refusal ? Promise.reject(refusal) : promise;
    },
  };
  const writer = createWritable<string>(sink, { key: (value) => value.slice(0, 1) }).getWriter();
  return { writer, sends };
}

describe("writable", () => {
  test("takes the next value before the last one is acknowledged", async () => {
    const { writer, sends } = setUp();
    await writer.write("a1");
    await writer.write("b2");
    expect(sends.map(({ value, key }) => [value, key])).toEqual([
      ["a1", "a"],
      ["b2", "b"],
    ]);
    for (const { resolve } of sends) {
      resolve();
    }
    await writer.close();
  });

  test("what is refused at once fails the write itself", async () => {
    const refusal = new TypeError('"payload" must be something else');
    const { writer } = setUp(refusal);
    writer.closed.catch(() => {});
    expect(await rejection(writer.write("a"))).toBe(refusal);
    expect(await rejection(writer.write("b"))).toBe(refusal);
  });

  test("a send that fails later errors the stream", async () => {
    const { writer, sends } = setUp();
    const closed = watch(writer.closed);
    await writer.write("a");
    const reason = new Error("no");
    sends[0]?.reject(reason);
    await settled();
    expect(closed).toMatchObject({ state: "rejected", value: reason });
    expect(await rejection(writer.write("b"))).toBe(reason);
  });
});
