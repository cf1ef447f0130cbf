import process from "node:process";
import { type ConnectOptions, connect, type Danube } from "@danube-messaging/client";
import type { Arrivals } from "./arrivals.ts";
import { callMs, judged, type Outcome } from "./judge.ts";
import type { Admin, Attempt, ErrorRow, RowContext, Rpc, Setup } from "./row.ts";
import { tapWire } from "./wire.ts";

/** Brokers to run rows against. */
export interface World {
  urls: readonly string[];
  broker: "embedded" | "real";
  setup: Setup;
  /** What every client is given: certificates, the token of somebody who may do everything. */
  options: Partial<ConnectOptions>;
  tokens: RowContext["tokens"];
  kept: RowContext["kept"];
  admin: Admin;
  read(topic: string, options: ConnectOptions): Promise<Arrivals>;
}

/** As DANUBE_TRANSPORT says, or by the client's own choice. */
const transport = (["node", "socket"] as const).find((name) => name === process.env["DANUBE_TRANSPORT"]);

/** Waits that are short, so that a few tries fit into a test; those of "few" take about half a second. */
const backoff = { initialMs: 10, maxMs: 250 };

/**
 * Runs a row for one RPC and judges it. `provoke` is the row's own, or another way to the same answer; `armed` is told
 * when the brokers should begin to give it.
 */
export async function runRow(
  row: ErrorRow,
  rpc: Rpc,
  world: World,
  provoke: (context: RowContext, rpc: Rpc) => Promise<Attempt>,
  armed: () => void = () => {},
): Promise<Outcome> {
  const clients: Danube[] = [];
  const readers: Arrivals[] = [];
  const wire = tapWire();
  const id = randomId();
  const options: ConnectOptions = { brokers: world.urls, transport, onEvent: () => {}, backoff, ...world.options };
  const keep = (danube: Danube): Danube => {
    clients.push(danube);
    return danube;
  };
  const context: RowContext = {
    ...world,
    wire,
    connect: (tampers = [], more = {}) =>
      keep(
        connect({
          ...options,
          sendTimeoutMs: callMs,
          createTimeoutMs: callMs,
          attemptTimeoutMs: callMs,
          interceptors: [...(options.interceptors ?? []), wire.interceptor(tampers)],
          ...more,
        }),
      ),
    other: () => keep(connect(options)),
    topic: (label = "t") => `/default/${id}-${label}`,
    subject: (label = "s") => `${id}-${label}`,
    async read(topic) {
      const arrivals = await world.read(topic, options);
      readers.push(arrivals);
      return arrivals;
    },
    armed,
  };
  try {
    return await judged(row, rpc, wire, await provoke(context, rpc), (words) => anonymous(words, id));
  } finally {
    for (const reader of readers) {
      reader.close();
    }
    await Promise.all(clients.map((danube) => danube.close({ timeoutMs: 0 })));
  }
}

function randomId(): string {
  return `e${Array.from(crypto.getRandomValues(new Uint8Array(5)), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Names and ids of one run mean nothing later. */
function anonymous(words: string, id: string): string {
  return words
    .replaceAll(new RegExp(`(/default/)?${id}-[\\w-]*`, "g"), "…")
    .replace(/\b\d{10,}\b/g, "…")
    .replace(/\s+/g, " ")
    .trim();
}
