import { open as openFile } from "node:fs/promises";
import process from "node:process";
import { connect } from "../client.ts";
import { isDanubeError } from "../errors.ts";
import { unlessAborted } from "../lib/single-flight.ts";
import type { Producer } from "../producer/create-producer.ts";
import type { ProducerOptions } from "../producer/options.ts";
import { connectionHelp, connectionOptions, connectOptions } from "./connection.ts";
import { lines } from "./lines.ts";
import { count, createProgress, summary } from "./progress.ts";
import { checked, oneOf, parse, UsageError, wholeNumber } from "./usage.ts";

export const produceHelp: string = `danube produce TOPIC [FILE|-]

Publishes a file, or standard input, to a topic: a message a line. Ends with 0 when every line was acknowledged.

      --name NAME          the producer's name (default: danube-js)
      --key KEY            the routing key of every message
  -a, --attribute K=V      an attribute of every message; may be repeated
      --partitions N       of a partitioned topic (default: as the topic is)
      --reliable           the broker keeps messages until they are acknowledged (default: as the topic is)
      --non-reliable
      --order ORDER        partition (default), key or none: what must arrive in order
      --max-in-flight N    how many messages are under way at once, where the order allows it (default 256)
      --timeout-ms MS      for each message, waiting and recovery included (default 60000)
      --keep-going         go on after a line that failed
  -q, --quiet              no progress, no summary
${connectionHelp}`;

/** What is read ahead; after Ctrl-C it is still sent, so it must not take long. */
const maxQueued = 500;

interface Input {
  name: string;
  chunks: AsyncIterable<Uint8Array>;
  /** In bytes, where that is known. */
  size: number | undefined;
}

interface Tally {
  read: number;
  acknowledged: number;
  bytes: number;
  failed: number;
}

export async function produce(args: string[]): Promise<number> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      ...connectionOptions,
      name: { type: "string" },
      key: { type: "string" },
      attribute: { type: "string", short: "a", multiple: true },
      partitions: { type: "string" },
      reliable: { type: "boolean" },
      "non-reliable": { type: "boolean" },
      order: { type: "string" },
      "max-in-flight": { type: "string" },
      "timeout-ms": { type: "string" },
      "keep-going": { type: "boolean" },
      quiet: { type: "boolean", short: "q" },
    },
  });
  const [topic, file = "-", ...rest] = positionals;
  if (topic === undefined || rest.length > 0) {
    throw new UsageError("one topic and at most one file are wanted");
  }
  if (values.reliable && values["non-reliable"]) {
    throw new UsageError("--reliable and --non-reliable exclude each other");
  }
  const timeoutMs = wholeNumber("timeout-ms", values["timeout-ms"], 1);
  const send = { attributes: attributes(values.attribute ?? []), key: values.key };
  const danube = await checked(() =>
    connect({ ...connectOptions(values), createTimeoutMs: timeoutMs, sendTimeoutMs: timeoutMs }),
  );
  try {
    const input = await open(file);
    const options: ProducerOptions = {
      topic,
      name: values.name,
      partitions: wholeNumber("partitions", values.partitions, 1),
      dispatch: values.reliable ? "reliable" : values["non-reliable"] ? "non-reliable" : undefined,
      order: oneOf("order", values.order, ["partition", "key", "none"]),
      maxInFlight: wholeNumber("max-in-flight", values["max-in-flight"], 1),
      maxQueuedMessages: maxQueued,
    };
    const producer = await checked(() => danube.createProducer(options));
    return await publish(producer, input, send, {
      quiet: values.quiet ?? false,
      keepGoing: values["keep-going"] ?? false,
    });
  } finally {
    await danube.close();
  }
}

async function publish(
  producer: Producer,
  input: Input,
  send: { attributes: Record<string, string>; key: string | undefined },
  { quiet, keepGoing }: { quiet: boolean; keepGoing: boolean },
): Promise<number> {
  const startedAt = Date.now();
  const tally: Tally = { read: 0, acknowledged: 0, bytes: 0, failed: 0 };
  const progress = createProgress(quiet ? { write() {} } : process.stderr);
  const underWay = new Set<Promise<void>>();
  let interrupted = false;
  const stop = new AbortController();
  const interrupt = () => {
    if (interrupted) {
      process.exit(130);
    }
    interrupted = true;
    stop.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);

  const fail = (error: unknown, line: number) => {
    progress.clear();
    // After the first failure the rest is given up; that is one thing to tell, not one for each line.
    if (keepGoing || tally.failed === 0) {
      console.error(`danube: line ${line}: ${describe(error)}`);
    }
    tally.failed++;
    if (!keepGoing) {
      stop.abort();
      void producer.close({ timeoutMs: 0 });
    }
  };
  const publishLine = async (line: Uint8Array, number: number) => {
    try {
      await producer.send(line, send);
      tally.acknowledged++;
      tally.bytes += line.length;
      progress.update(
        tally.acknowledged,
        tally.bytes,
        input.size && Math.min(1, (tally.bytes + tally.acknowledged) / input.size),
      );
    } catch (error) {
      fail(error, number);
    }
  };

  try {
    for await (const line of until(lines(input.chunks), stop.signal)) {
      await producer.ready();
      if (stop.signal.aborted) {
        break;
      }
      const published = publishLine(line, ++tally.read).finally(() => underWay.delete(published));
      underWay.add(published);
    }
  } finally {
    await Promise.all(underWay);
    progress.clear();
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
  if (!quiet) {
    const failed = tally.failed > 0 ? `; ${count(tally.failed, "line")} failed or given up` : "";
    const cut = interrupted ? `; interrupted after ${count(tally.read, "line")}` : "";
    console.error(
      `${input.name} to ${producer.topic}: ${summary(tally.acknowledged, tally.bytes, Date.now() - startedAt)}${failed}${cut}`,
    );
  }
  return interrupted ? 130 : tally.failed > 0 ? 1 : 0;
}

/** Ends with `signal`, also while the source gives nothing: a terminal may never. Nothing outlives its turn. */
async function* until<T>(source: AsyncGenerator<T>, signal: AbortSignal): AsyncGenerator<T> {
  while (!signal.aborted) {
    const next = await unlessAborted(source.next(), signal).catch((reason) => {
      if (signal.aborted) {
        return undefined;
      }
      throw reason;
    });
    if (!next || next.done) {
      return;
    }
    yield next.value;
  }
}

/** Before anything is sent: a file that cannot be read must not leave a topic behind. */
async function open(file: string): Promise<Input> {
  if (file === "-") {
    return { name: "standard input", chunks: process.stdin, size: undefined };
  }
  const handle = await openFile(file);
  const stats = await handle.stat();
  if (stats.isDirectory()) {
    await handle.close();
    throw new Error(`${file} is a directory`);
  }
  return { name: file, chunks: handle.createReadStream(), size: stats.size > 0 ? stats.size : undefined };
}

function attributes(given: string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((pair) => {
      const at = pair.indexOf("=");
      if (at <= 0) {
        throw new UsageError(`--attribute must be NAME=VALUE, not ${JSON.stringify(pair)}`);
      }
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** An error for people: its code first. */
export function describe(error: unknown): string {
  if (isDanubeError(error)) {
    return `${error.code}: ${error.message}${error.outcome ? ` (${error.outcome})` : ""}`;
  }
  return error instanceof Error ? error.message : String(error);
}
