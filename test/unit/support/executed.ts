import { Session } from "node:inspector/promises";
import { setFlagsFromString } from "node:v8";

export interface Executed {
  /** How much of src/ is executed by `work`. */
  during(work: () => Promise<void>): Promise<number>;
  end(): void;
}

/**
 * Counts what of src/ is executed: calls of functions, and rounds of loops. The same in every run and however busy the machine is, as no
 * time is. What is native, such as Array.indexOf, is not counted, but the functions that it is given are.
 *
 * Only code that is loaded after this is counted.
 */
export async function countExecuted(): Promise<Executed> {
  // Optimised code does not count the calls that were inlined.
  setFlagsFromString("--no-opt");
  setFlagsFromString("--no-maglev");
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });

  /** Since it was asked last. */
  async function executed(): Promise<number> {
    const { result } = await session.post("Profiler.takePreciseCoverage");
    const own = result.filter(({ url }) => url.includes("/src/") && !url.includes("/node_modules/"));
    const functions = own.flatMap((script) => script.functions);
    return functions.reduce((sum, { ranges: [whole, ...blocks] }) => {
      const calls = whole?.count ?? 0;
      // A branch is part of its function; a loop's body can be more often than that.
      return blocks.reduce((more, { count }) => more + Math.max(0, count - calls), sum + calls);
    }, 0);
  }

  return {
    async during(work) {
      await executed();
      await work();
      return executed();
    },
    end: () => session.disconnect(),
  };
}
