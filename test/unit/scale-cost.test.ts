import { afterAll, beforeAll, expect, test } from "vitest";
import { countExecuted, type Executed } from "./support/executed.ts";
import type * as ScaleUse from "./support/scale-use.ts";

// What the client does for a send, among 10,000 topics on 1,000 brokers and among 100 on 10. Counted, since times of two
// runs differ by more than what is looked for here; `npm run bench -- scale` measures the CPU time.

let counted: Executed;
let use: typeof ScaleUse;

beforeAll(async () => {
  counted = await countExecuted();
  use = await import("./support/scale-use.ts");
});
afterAll(() => counted.end());

test("a producer, and a send, take as many steps on a large cluster as on a small one", async () => {
  const one = await stepsEach(use.small);
  const other = await stepsEach(use.large);
  expect(one.send).toBeGreaterThan(20);
  expect(other.send / one.send, `${other.send} and ${one.send} steps`).toBeLessThanOrEqual(1.05);
  expect(other.create / one.create, `${other.create} and ${one.create} steps`).toBeLessThanOrEqual(1.05);
}, 60_000);

async function stepsEach(scale: ScaleUse.Scale): Promise<{ create: number; send: number }> {
  let client: ScaleUse.ScaledClient | undefined;
  const create = await counted.during(async () => {
    client = await use.scaledClient(scale);
  });
  const { danube, producers } = client as ScaleUse.ScaledClient;
  const sends = 10_000;
  const send = await counted.during(() => use.sendInTurn(producers, sends));
  await danube.close();
  return { create: create / scale.topics, send: send / sends };
}
