import { describe, expect, test } from "vitest";
import { partitionName, shapeOf } from "../../../src/cluster/partitions.ts";

const topic = "/default/orders";

describe("shapeOf", () => {
  test.each([
    ["nothing", [], { kind: "none" }],
    ["the topic itself", [topic], { kind: "plain" }],
    [
      "its partitions, in any order",
      [2, 0, 1].map((i) => partitionName(topic, i)),
      { kind: "partitioned", partitions: 3 },
    ],
    // Brokers list whatever begins with the name.
    [
      "other topics that begin so",
      ["/default/orders-eu", "/default/orders-part-time", "/default/orders2-part-0"],
      { kind: "none" },
    ],
    [
      "its partitions among others",
      ["/default/orders-eu-part-7", "/default/orders-part-0", "/default/orders-part-1x"],
      { kind: "partitioned", partitions: 1 },
    ],
    [
      "partitions beyond nine",
      [partitionName(topic, 9), partitionName(topic, 13)],
      { kind: "partitioned", partitions: 14 },
    ],
  ])("%s", (_, names, shape) => {
    expect(shapeOf(topic, names)).toEqual(shape);
  });

  test.each([10_000, 4_294_967_295])(
    "a partition numbered %d, which anybody may create, is none of its own",
    (index) => {
      expect(() => shapeOf(topic, [partitionName(topic, 0), partitionName(topic, index)])).toThrow(
        expect.objectContaining({ kind: "garbled" }) as Error,
      );
    },
  );

  test("a million names are no more than a long list", () => {
    const names = Array.from({ length: 1_000_000 }, (_, i) => partitionName(topic, i % 10_000));
    expect(shapeOf(topic, names)).toEqual({ kind: "partitioned", partitions: 10_000 });
  });
});
