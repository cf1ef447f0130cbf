import { expect, test } from "vitest";
import { generations, versionOf } from "../../src/testing/generations.ts";
import { cases } from "./cases.ts";
import { peers } from "./peers.ts";
import { casesFor, runCase, type World } from "./world.ts";

// The shim for vitest: the brokers come from the environment (scripts/contract.ts starts or names them).
const listed = (name: string) => process.env[name]?.split(",").filter((url) => url !== "");
const urls = listed("DANUBE_URL") ?? [];
const world: World = {
  urls,
  brokerUrls: listed("DANUBE_BROKER_URLS") ?? urls,
  broker: process.env["DANUBE_BROKER"] === "embedded" ? "embedded" : "real",
  transport: (["node", "socket", "fetch"] as const).find((name) => name === process.env["DANUBE_TRANSPORT"]) ?? "auto",
};
const generation = generations.find((one) => one === process.env["DANUBE_GENERATION"]);

test("the suite has brokers and cases, each once, each for some brokers, and one for each scenario of the peers", () => {
  expect(urls).not.toEqual([]);
  expect(generation).toBe(process.env["DANUBE_GENERATION"]);
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  const asked = new Set(generations.flatMap((one) => casesFor(cases, versionOf(one))));
  expect(cases.filter((one) => !asked.has(one))).toEqual([]);
  for (const start of Object.values(peers).flatMap((tests) => Object.values(tests))) {
    const found = cases.filter(({ name }) => name.startsWith(start));
    expect(found, `the case of a peer's test: ${start}`).toHaveLength(1);
  }
});

for (const one of casesFor(cases, versionOf(generation))) {
  test(one.name, { timeout: 60_000 }, () => runCase(one, world));
}
