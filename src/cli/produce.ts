import { connect } from "../index.ts";
import type { ProducerOptions } from "../producer/options.ts";
import { bytes } from "../schema/plain.ts";
import type { Schema } from "../schema/schema.ts";
import { connectionHelp, connectionOptions, connectOptions } from "./connection.ts";
import { open } from "./input.ts";
import { keyHelp, keyOf, keyOptions } from "./keys.ts";
import { lineSchema, schemaHelp, schemaOptions } from "./line-schema.ts";
import { publish } from "./publish.ts";
import { checked, oneOf, parse, UsageError, wholeNumber } from "./usage.ts";

export const produceHelp: string = `danube produce TOPIC [FILE|-]

Publishes a file, or standard input, to a topic: a message a line. Ends with 0 when every line was acknowledged.

      --name NAME          the producer's name (default: danube-js)
${keyHelp}
  -a, --attribute K=V      an attribute of every message; may be repeated
${schemaHelp}
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

export async function produce(args: string[]): Promise<number> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      ...connectionOptions,
      ...keyOptions,
      ...schemaOptions,
      name: { type: "string" },
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
  const send = { attributes: attributes(values.attribute ?? []), keyOf: keyOf(values) };
  const options: ProducerOptions<Uint8Array> & { schema: Schema<Uint8Array> } = {
    topic,
    name: values.name,
    schema: (await lineSchema(values)) ?? bytes(),
    partitions: wholeNumber("partitions", values.partitions, 1),
    dispatch: values.reliable ? "reliable" : values["non-reliable"] ? "non-reliable" : undefined,
    order: oneOf("order", values.order, ["partition", "key", "none"]),
    maxInFlight: wholeNumber("max-in-flight", values["max-in-flight"], 1),
    maxQueuedMessages: maxQueued,
  };
  const danube = await checked(() =>
    connect({ ...connectOptions(values), createTimeoutMs: timeoutMs, sendTimeoutMs: timeoutMs }),
  );
  try {
    // Before anything is sent: a file that cannot be read must not leave a topic behind.
    const input = await open(file);
    const producer = await checked(() => danube.createProducer(options));
    return await publish(producer, input, {
      ...send,
      quiet: values.quiet ?? false,
      keepGoing: values["keep-going"] ?? false,
    });
  } finally {
    await danube.close();
  }
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
