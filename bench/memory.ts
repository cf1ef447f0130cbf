import { growth, heldByTenths } from "../test/unit/support/memory-use.ts";

/** Prints what is held after each tenth of so many sends. Gives whether it stays the same. */
export async function memory(messages: number, json: boolean): Promise<boolean> {
  const startedAt = performance.now();
  const held = await heldByTenths(messages);
  const seconds = (performance.now() - startedAt) / 1_000;
  const ratio = growth(held);
  if (json) {
    console.log(JSON.stringify({ messages, seconds, held, ratio }));
  } else {
    console.log(
      `${messages.toLocaleString("en-US")} sends of 1 KiB in ${seconds.toFixed(1)} s, MiB held after each tenth:`,
    );
    console.log(held.map((bytes) => (bytes / 2 ** 20).toFixed(2)).join("  "));
    console.log(`the last is ${ratio.toFixed(3)} of the second, and may be ${limit}`);
  }
  return ratio <= limit;
}

const limit = 1.05;
