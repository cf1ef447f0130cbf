// npm run bench: how fast the client is, and what it holds on to. Not part of npm test, where
// test/unit/memory.test.ts measures memory too, for a shorter time.
//
//   npm run bench                    rates: messages a second, and the client's CPU time for one
//   npm run bench -- rust            the same of the Rust client, beside ours, round by round
//   npm run bench -- cold            a fresh process of each runtime, until its first message is acknowledged
//   npm run bench -- memory          whether memory stays flat over 1,000,000 sends (--messages); ends with 1 if not
//   npm run bench -- idle            what 10,000 idle producers hold, and the calls they make; such as have sent let
//                                    go of what sending took within two minutes (--seconds 130 shows it)
//   npm run bench -- scale           what a send costs among 10,000 topics on 1,000 brokers, in memory, beside one among
//                                    100 on 10; ends with 1 if more than 1.2 as much
//
//   --rounds N (5; rust, cold and scale: 10)  --seconds N (2; of each row in each round)  --json
//   --transport NAME (both, in turn: node and socket)
//   --server NAME (rates; both, in turn: plain and broker)  --server-threads N (of the plain one; as many as cores)
//   --rows REGEX    only such rows: rates look at "SERVER: ROW", as in "plain: socket: each awaited" and
//                   "broker: h2load, 64 in flight", rust at the names of our rows, cold at "RUNTIME, TRANSPORT"
//   DANUBE_URL=http://host:6650,…    brokers other than an embedded one, which is no faster than JavaScript is
//
// It also runs as `bun bench/main.ts` and `deno run -A bench/main.ts`; cold starts all runtimes anyway.
//
// The rates are those of one producer, one connection, payloads of 1 KiB and reliable dispatch, with the server in a
// process of its own: the broker, and a plain gRPC server that answers at once (bench/rust, where cargo is). Against the
// plain one the client is the limit, or the cores that it shares with the server:
//
//   default order, kept going   nothing is awaited but ready(); order "partition" has one message in flight
//   3 partitions, kept going    the same with one in flight in each of three partitions
//   each awaited                send after send: how long one takes
//   order none, N in flight     nothing is awaited but ready(), and the order does not matter
//   h2load, N in flight         the yardstick, where it is installed (Debian: nghttp2-client): the same request
//                               by a load generator in C. What the server and this machine can do
//
// Beside them are ratios to h2load with as many in flight, or to sends that are awaited, and to the same row over `node`.
// Above 1 is good for messages a second, and below 1 for the CPU time in brackets.
//
// The Rust client (the danube-client crate; building it needs cargo and protoc) has one message in flight per producer: its 64
// producers share a client and a topic, and are beside our one with order "none" and 64 in flight. With an embedded broker
// that one is the limit of both.
//
// A cold start is told as whoever starts the process sees it, and by the process's own clock, which begins later. Node loads
// dist/, Deno and Bun src/. One that is not counted comes first, so files and caches are warm.
//
// All rows take turns, in rounds, after one that is not counted, and each number is the median of its rounds. Machines
// are shared and busy, so numbers of different runs say little about each other: ratios between the rows of one run do.

import process from "node:process";
import { parseArgs } from "node:util";
import { cold } from "./cold.ts";
import { idle } from "./idle.ts";
import { memory } from "./memory.ts";
import { rates } from "./rates.ts";
import { besideRust } from "./rust-client.ts";
import { scale } from "./scale.ts";

const transportNames = ["node", "socket"] as const;
const serverNames = ["plain", "broker"] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string" },
    seconds: { type: "string", default: "2" },
    messages: { type: "string", default: "1000000" },
    json: { type: "boolean", default: false },
    transport: { type: "string", multiple: true, default: [...transportNames] },
    server: { type: "string", multiple: true, default: [...serverNames] },
    "server-threads": { type: "string" },
    rows: { type: "string", default: "" },
  },
});
const [what = "rates", ...more] = positionals;
const { json } = values;
const [seconds, messages] = [Number(values.seconds), Number(values.messages)];
const rounds = Number(values.rounds ?? (what === "rates" ? 5 : 10));
const serverThreads = values["server-threads"] === undefined ? undefined : Number(values["server-threads"]);
const transports = transportNames.filter((name) => values.transport.includes(name));
const servers = serverNames.filter((name) => values.server.includes(name));
const positive = [rounds, seconds, messages, serverThreads ?? 1].every((value) => value > 0);
const known = transports.length === values.transport.length && servers.length === values.server.length;
const rows = pattern(values.rows);

if (more.length > 0 || !positive || !known || !rows) {
  usage();
} else if (what === "rates") {
  await rates({ rounds, seconds, json, transports, servers, serverThreads, rows });
} else if (what === "rust") {
  process.exitCode = (await besideRust({ rounds, seconds, json, transports, rows })) ? 0 : 1;
} else if (what === "cold") {
  await cold({ rounds, json, transports, rows });
} else if (what === "memory") {
  process.exitCode = (await memory(messages, json)) ? 0 : 1;
} else if (what === "idle") {
  await idle(seconds, json);
} else if (what === "scale") {
  process.exitCode = (await scale(rounds, json)) ? 0 : 1;
} else {
  usage();
}

function pattern(text: string): RegExp | undefined {
  try {
    return new RegExp(text);
  } catch {
    return undefined;
  }
}

function usage(): void {
  const options = [
    "rounds N",
    "seconds N",
    "messages N",
    "transport NAME",
    "server NAME",
    "server-threads N",
    "rows REGEX",
  ];
  const list = options.map((option) => `[--${option}]`).join(" ");
  console.error(`npm run bench -- [rates | rust | cold | memory | idle | scale] ${list} [--json]`);
  process.exitCode = 2;
}
