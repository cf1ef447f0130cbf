import process from "node:process";
import { unlessAborted } from "../lib/single-flight.ts";
import type { Producer } from "../producer/producer.ts";
import { describe } from "./describe.ts";
import type { Input } from "./input.ts";
import { lines } from "./lines.ts";
import { count, createProgress, summary } from "./progress.ts";

export interface PublishOptions {
  attributes: Record<string, string>;
  /** The key of a line, if it has one; throws where it should have one. */
  keyOf(line: Uint8Array): string | undefined;
  quiet: boolean;
  keepGoing: boolean;
}

interface Tally {
  read: number;
  acknowledged: number;
  bytes: number;
  failed: number;
}

/** Publishes a message a line, tells how that goes, and gives the exit code. */
export async function publish(
  producer: Producer<Uint8Array>,
  input: Input,
  { attributes, keyOf, quiet, keepGoing }: PublishOptions,
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
    if (keepGoing) {
      return;
    }
    stop.abort();
    // Lines after this one are given up. Those before it are not to blame, and are still sent where that is possible.
    if (line < tally.read) {
      void producer.close({ timeoutMs: 0 });
    }
  };
  const publishLine = async (line: Uint8Array, number: number) => {
    try {
      await producer.send(line, { attributes, key: keyOf(line) });
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
