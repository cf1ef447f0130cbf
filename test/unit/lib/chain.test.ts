import { expect, test } from "vitest";
import { createChain, type Link } from "../../../src/lib/chain.ts";
import { seeded } from "../support/random.ts";

interface Item extends Link<Item> {
  n: number;
}

const item = (n: number): Item => ({ n, older: undefined, newer: undefined });

test("has its items in the order of their coming, whichever are taken out: as a Set, over 10,000 random steps", () => {
  const random = seeded(11);
  const chain = createChain<Item>();
  const right = new Set<Item>();
  const gone: Item[] = [];
  for (let step = 0; step < 10_000; step++) {
    const inIt = [...right];
    if (inIt.length === 0 || random.below(100) < 52) {
      const added = random.below(4) === 0 ? (gone.pop() ?? item(step)) : item(step);
      chain.add(added);
      right.add(added);
    } else {
      const taken = random.pick([inIt[0], inIt.at(-1), random.pick(inIt)]) as Item;
      expect(chain.delete(taken)).toBe(right.delete(taken));
      gone.push(taken);
    }
    if (step % 100 === 0) {
      expect([...chain].map(({ n }) => n)).toEqual([...right].map(({ n }) => n));
    }
    expect(chain.size()).toBe(right.size);
    expect(chain.oldest()).toBe(right.values().next().value);
  }
});

test("tells what was not in it", () => {
  const chain = createChain<Item>();
  const [a, b] = [item(1), item(2)];
  expect(chain.delete(a)).toBe(false);
  chain.add(a);
  expect(chain.delete(b)).toBe(false);
  expect([chain.delete(a), chain.delete(a), chain.size()]).toEqual([true, false, 0]);
});
