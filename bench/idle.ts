import { setTimeout as sleep } from "node:timers/promises";
import { idleProducers } from "../test/unit/support/memory-use.ts";

const producers = 10_000;
const topics = 1_000;

/**
 * Prints what producers hold after so many seconds without a message, and the calls they make meanwhile: such as have not
 * sent yet, and such as have.
 */
export async function idle(seconds: number, json: boolean): Promise<void> {
  const results: Record<string, { bytesEach: number; calls: number }> = {};
  for (const [what, messages] of [
    ["nothing sent", 0],
    ["one message sent", 1],
  ] as const) {
    const { danube, broker, bytesEach } = await idleProducers(producers, topics, messages);
    const before = broker.calls();
    await sleep(seconds * 1_000);
    results[what] = { bytesEach: await bytesEach(), calls: broker.calls() - before };
    await danube.close();
  }
  if (json) {
    console.log(JSON.stringify({ producers, topics, seconds, results }));
    return;
  }
  console.log(`${producers.toLocaleString("en-US")} idle producers on ${topics.toLocaleString("en-US")} topics`);
  for (const [what, { bytesEach, calls }] of Object.entries(results)) {
    console.log(`${what}: ${Math.round(bytesEach).toLocaleString("en-US")} bytes each, ${calls} calls in ${seconds} s`);
  }
}
