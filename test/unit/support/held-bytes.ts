import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What the program holds on to, in bytes: the heap and what belongs to it outside, after the garbage is gone. */
export async function heldBytes(): Promise<number> {
  collect ??= findCollect();
  // Twice, a turn of the event loop apart: weak references are kept until the end of the turn that looked at them,
  // and finalizers run after it.
  for (let i = 0; i < 2; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

let collect: (() => void) | undefined;

/** Collects all garbage. Node can be told so while it runs, and so needs no flags on its command line. */
function findCollect(): () => void {
  const here = globalThis as { gc?: () => void; Bun?: { gc(full: boolean): void } };
  if (here.Bun) {
    return () => here.Bun?.gc(true);
  }
  if (here.gc) {
    return here.gc;
  }
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
