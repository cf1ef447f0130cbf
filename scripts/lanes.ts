/** Suites that wait more than they work: two at a time do not disturb each other on two cores. */
const lanes = 2;

/** Does `work` with each, so many at a time, the first ones first. Gives the results in the order of `all`. */
export async function inLanes<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = all.map((one, i) => [i, one] as const);
  const lane = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      results[next[0]] = await work(next[1]);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}
