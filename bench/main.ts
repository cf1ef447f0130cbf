// npm run bench: how fast the client is, and what it holds on to. Not part of npm test, where
// test/unit/memory.test.ts measures memory too, for a shorter time.
//
//   npm run bench                    rates: messages a second, and the client's CPU time for one
//   npm run bench -- memory          whether memory stays flat over 1,000,000 sends (--messages); ends with 1 if not
//   npm run bench -- idle            what 10,000 idle producers hold, and the calls they make; such as have sent let
//                                    go of what sending took within two minutes (--seconds 130 shows it)
//
//   --transport NAME (both, in turn: node and socket)
//   --rounds N (5)  --seconds N (2)  --json     DANUBE_URL=http://host:6650,… for brokers other than an embedded one
//
// It also runs as `bun bench/main.ts` and `deno run -A bench/main.ts`.
//
// The rates are those of one producer, one connection, payloads of 1 KiB and reliable dispatch, with the broker in a
// process of its own:
//
//   default order, kept going   nothing is awaited but ready(); order "partition" has one message in flight
//   3 partitions, kept going    the same with one in flight in each of three partitions
//   each awaited                send after send: how long one takes
//   order none, N in flight     nothing is awaited but ready(), and the order does not matter
//   h2load, N in flight         the yardstick, where it is installed (Debian: nghttp2-client): the same request
//                               by a load generator in C. What the broker and this machine can do
//
// All rows take turns, in rounds, after one that is not counted, and each number is the median of its rounds. Machines
// are shared and busy, so numbers of different runs say little about each other: ratios between the rows of one run do.

import process from "node:process";
import { parseArgs } from "node:util";
import type { TransportName } from "../src/index.ts";
import { idle } from "./idle.ts";
import { memory } from "./memory.ts";
import { rates } from "./rates.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    messages: { type: "string", default: "1000000" },
    json: { type: "boolean", default: false },
    transport: { type: "string", multiple: true, default: ["node", "socket"] },
  },
});
const [what = "rates", ...more] = positionals;
const [rounds, seconds, messages] = [Number(values.rounds), Number(values.seconds), Number(values.messages)];

if (more.length > 0 || ![rounds, seconds, messages].every((value) => value > 0)) {
  usage();
} else if (what === "rates") {
  await rates({ rounds, seconds, json: values.json, transports: values.transport as TransportName[] });
} else if (what === "memory") {
  process.exitCode = (await memory(messages, values.json)) ? 0 : 1;
} else if (what === "idle") {
  await idle(seconds, values.json);
} else {
  usage();
}

function usage(): void {
  console.error("npm run bench -- [rates | memory | idle] [--rounds N] [--seconds N] [--messages N] [--json]");
  process.exitCode = 2;
}
