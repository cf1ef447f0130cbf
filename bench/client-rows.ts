import { type ConnectOptions, connect, type Producer, type ProducerOptions, type TransportName } from "../src/index.ts";
import { freshTopic, type Load, measure, payload, type Row } from "./row.ts";
import type { ServerName } from "./servers.ts";

/** The client's own rows. Each run has a client, a connection and a topic of its own. */
export function clientRows(server: ServerName, options: ConnectOptions & { transport: TransportName }): Row[] {
  const row = (
    name: string,
    inFlight: number,
    start: (producer: Producer) => Load,
    producerOptions: Partial<ProducerOptions> = {},
  ): Row => ({
    server,
    name: `${options.transport}: ${name}`,
    inFlight,
    async run(seconds) {
      const danube = connect(options);
      try {
        // Reliable: a broker drops what nobody reads from a non-reliable topic, and that would be another measurement.
        const topic = { topic: freshTopic(), dispatch: "reliable" } as const;
        // A short queue, for it is full from the beginning to the end, and sent to its end before the next row begins.
        const producer = await danube.createProducer({ ...topic, maxQueuedMessages: 500, ...producerOptions });
        return await measure(start(producer), seconds);
      } finally {
        await danube.close({ timeoutMs: 0 });
      }
    },
  });
  return [
    row("default order, kept going", 1, keptGoing),
    row("3 partitions, kept going", 3, keptGoing, { partitions: 3 }),
    row("each awaited", 1, oneByOne),
    row("order none, 64 in flight", 64, keptGoing, { order: "none", maxInFlight: 64 }),
    row("order none, 256 in flight", 256, keptGoing, { order: "none", maxInFlight: 256 }),
  ];
}

/** As the README does it: no send is awaited, and ready() slows the loop. */
function keptGoing({ ready, send, flush }: Producer): Load {
  let acknowledged = 0;
  let stopped = false;
  let failure: { reason: unknown } | undefined;
  const count = () => {
    acknowledged++;
  };
  const fail = (reason: unknown) => {
    failure ??= { reason };
  };
  const loop = async () => {
    while (!stopped && !failure) {
      await ready();
      send(payload).then(count, fail);
    }
    await flush();
  };
  const ended = loop();
  return {
    acknowledged: () => acknowledged,
    async stop() {
      stopped = true;
      await ended;
      if (failure) {
        throw failure.reason;
      }
    },
  };
}

function oneByOne({ send }: Producer): Load {
  let acknowledged = 0;
  let stopped = false;
  const loop = async () => {
    while (!stopped) {
      await send(payload);
      acknowledged++;
    }
  };
  const ended = loop();
  // Whoever stops it is told; until then nobody is.
  ended.catch(() => {});
  return {
    acknowledged: () => acknowledged,
    stop() {
      stopped = true;
      return ended;
    },
  };
}
