import { cpuMicros, large, scaledClients, small } from "../test/unit/support/scale-use.ts";
import { setting, settingLine } from "./rounds.ts";
import { median } from "./table.ts";

const limit = 1.2;
const sends = 20_000;

/**
 * Prints what a send costs among many topics, beside what it costs among few. Gives whether it is about the same.
 *
 * A topic that has not been sent to for a while is no longer in the processor's caches, whoever has it: so beside one client of
 * 10,000 topics there are 100 clients of 100, whose topics take turns as well. One of these alone shows what the caches do.
 */
export async function scale(rounds: number, json: boolean): Promise<boolean> {
  const many = await scaledClients(100, small);
  const one = await scaledClients(1, large);
  const alone = many.producers.slice(0, small.topics);
  const measure = async () => ({
    small: await cpuMicros(many.producers, sends),
    large: await cpuMicros(one.producers, sends),
    alone: await cpuMicros(alone, sends),
  });
  // Once for nothing: what is compiled on the way.
  await measure();
  const figures: Awaited<ReturnType<typeof measure>>[] = [];
  for (let round = 0; round < rounds; round++) {
    figures.push(await measure());
  }
  await many.close();
  await one.close();
  const ratio = median(figures.map((round) => round.large / round.small));
  if (json) {
    console.log(JSON.stringify({ ...setting({ rounds, seconds: 0 }), sends, figures, ratio }));
    return ratio <= limit;
  }
  const micros = (of: keyof (typeof figures)[number]) => `${median(figures.map((round) => round[of])).toFixed(1)} µs`;
  const { runtime, cores } = setting({ rounds, seconds: 0 });
  console.log(settingLine({ runtime, cores, rounds, "sends a round": sends }));
  console.log("CPU time of a send to a cluster in memory");
  console.log(`  100 topics on 10 brokers, one client of 100   ${micros("small")}`);
  console.log(`  10,000 topics on 1,000 brokers                ${micros("large")}`);
  console.log(`  100 topics on 10 brokers, and nothing else    ${micros("alone")}`);
  console.log(`the second is ${ratio.toFixed(3)} of the first, and may be ${limit}`);
  return ratio <= limit;
}
