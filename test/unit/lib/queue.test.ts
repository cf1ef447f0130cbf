import { describe, expect, test } from "vitest";
import { createQueue } from "../../../src/lib/queue.ts";
import { seeded } from "../support/random.ts";

describe("createQueue", () => {
  test("first in, first out, and nothing when it is empty", () => {
    const queue = createQueue<{ name: string }>();
    expect([queue.size(), queue.shift()]).toEqual([0, undefined]);
    queue.push({ name: "a" });
    queue.push({ name: "b" });
    expect([queue.size(), queue.shift()?.name, queue.shift()?.name, queue.shift(), queue.size()]).toEqual([
      2,
      "a",
      "b",
      undefined,
      0,
    ]);
  });

  test("does as a plain array does, for any order of operations", () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = seeded(seed);
      const queue = createQueue<{ number: number }>();
      const model: { number: number }[] = [];
      // Some runs grow long, some stay short, some lose most of what they have.
      const [growth, removal] = [0.3 + 0.5 * random.next(), 0.5 * random.next()];
      for (let number = 0; number < 1_000; number++) {
        if (random.next() < growth) {
          const item = { number };
          queue.push(item);
          model.push(item);
        } else if (model.length > 0 && random.next() < removal) {
          const [item] = model.splice(random.below(model.length), 1);
          queue.remove(item as { number: number });
        } else {
          expect(queue.shift()).toBe(model.shift());
        }
        expect(queue.size()).toBe(model.length);
      }
      while (model.length > 0) {
        expect(queue.shift()).toBe(model.shift());
      }
      expect(queue.shift()).toBeUndefined();
    }
  });

  test("a hundred thousand are taken out from the end in no time", () => {
    const queue = createQueue<{ number: number }>();
    const items = Array.from({ length: 100_000 }, (_, number) => ({ number }));
    items.forEach(queue.push);
    const started = performance.now();
    for (const item of items.toReversed()) {
      queue.remove(item);
    }
    expect(queue.size()).toBe(0);
    // Each at the cost of the whole queue would take minutes.
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
