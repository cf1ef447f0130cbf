// Publishes numbered messages while everything goes wrong, and accounts for each of them. On any runtime:
//
//   node test/soak/main.ts --seconds 1800
//   bun test/soak/main.ts --seed 7 --transport socket
//   deno run -A test/soak/main.ts
//
//   --seconds N        how long (30); the round that is under way is finished
//   --seed N           the first round's; the others count on. Default: any. A round that fails tells its own
//   --transport NAME   node or socket (the client's own choice)
//
// Without more, against three embedded brokers in this process. Against a real cluster on this machine:
//
//   DANUBE_URL=http://127.0.0.1:7761,…  every broker
//   --admin PATH       danube-admin, which takes DANUBE_ADMIN_ENDPOINT: topics are unloaded with it
//   --pids N,N,N       the brokers' processes, in the order of DANUBE_URL: each is stopped for a time now and then
//   --may-lose         counts messages that were acknowledged and not received, and finds nothing wrong with them: for
//                      runs in which somebody kills a broker, which takes with it up to five seconds of its log
import process from "node:process";
import { parseArgs } from "node:util";
import { connect, type DanubeEvent } from "@danube-messaging/client";
import { sleep } from "../../src/lib/sleep.ts";
import { seeded } from "../unit/support/random.ts";
import { manners } from "./publisher.ts";
import { realWorld } from "./real.ts";
import { runRound } from "./round.ts";
import { randomTroubles } from "./troubles.ts";
import { embeddedWorld } from "./world.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "30" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
    transport: { type: "string" },
    admin: { type: "string", default: "danube-admin" },
    pids: { type: "string" },
    "may-lose": { type: "boolean", default: false },
  },
});

const findings: string[] = [];
for (const event of ["unhandledRejection", "uncaughtException"] as const) {
  process.on(event, (reason: unknown) => {
    findings.push(`${event}: ${reason instanceof Error ? reason.stack : String(reason)}`);
  });
}
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => process.exit(1));
}

const real = process.env["DANUBE_URL"]?.split(",");
const pids = values.pids?.split(",").map(Number);
const world = await (real ? realWorld({ urls: real, admin: values.admin, pids }) : embeddedWorld());
let listener = (_: DanubeEvent) => {};
const danube = connect({
  brokers: world.urls,
  mapBrokerUrl: world.mapBrokerUrl,
  attemptTimeoutMs: real ? 5_000 : 1_000,
  backoff: { maxMs: 500 },
  onEvent: (event) => listener(event),
  ...(values.transport && { transport: values.transport as "node" | "socket" }),
});
const end = Date.now() + Number(values.seconds) * 1_000;
const sums = {
  rounds: 0,
  sent: 0,
  acknowledged: 0,
  unknown: 0,
  notSent: 0,
  rejected: 0,
  duplicates: 0,
  resent: 0,
  lost: 0,
  undelivered: 0,
};
for (let seed = Number(values.seed); Date.now() < end && findings.length === 0; seed++) {
  const random = seeded(seed);
  const name = `soak-${real ? Date.now().toString(36) : seed}`;
  const listen = (to: typeof listener) => {
    listener = to;
  };
  const { accounts, log } = await runRound(
    { danube, world, random, name, manners, settleMs: real ? 30_000 : 100_000, listen },
    randomTroubles(world, random, real ? 20_000 : 6_000),
  );
  sums.rounds++;
  for (const [manner, account] of Object.entries(accounts)) {
    const { sent, acknowledged, failed, duplicates, resent, lost, undelivered, wrong } = account;
    sums.sent += sent;
    sums.acknowledged += acknowledged;
    sums.unknown += failed.unknown;
    sums.notSent += failed["not-sent"];
    sums.rejected += failed.rejected;
    sums.duplicates += duplicates;
    sums.resent += resent;
    sums.lost += lost.length - undelivered;
    sums.undelivered += undelivered;
    const missing = values["may-lose"] || undelivered === lost.length ? [] : lost;
    for (const what of [...missing.map((n) => `#${n} was acknowledged, and not received`), ...wrong]) {
      findings.push(`seed ${seed}, ${manner}: ${what}`);
    }
  }
  if (findings.length > 0) {
    console.log(log.join("\n"));
  }
  console.log(JSON.stringify({ seed, ...sums }));
}
const { counters, producers } = danube.status();
await danube.close();
if (producers.length > 0 || counters.messagesAcknowledged !== BigInt(sums.acknowledged)) {
  findings.push(
    `the client counts ${counters.messagesAcknowledged} acknowledged, and has ${producers.length} producers`,
  );
}
// What a slow way still holds is passed on before its end is told.
for (const { url, connections } of world.relays) {
  for (let waits = 0; connections() > 0 && waits < 100; waits++) {
    await sleep(100);
  }
  if (connections() > 0) {
    findings.push(`closed, and ${connections()} connections to ${url} are open`);
  }
}
await world.close();
for (const finding of findings.slice(0, 50)) {
  console.log(`WRONG: ${finding}`);
}
console.log(`${findings.length} findings`);
process.exitCode = findings.length > 0 ? 1 : 0;
