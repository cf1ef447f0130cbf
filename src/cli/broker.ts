import process from "node:process";
import { generations } from "../testing/generations.ts";
import { startBroker } from "../testing/start.ts";
import type { BrokerOptions } from "../testing/types.ts";
import { checked, oneOf, parse, UsageError, wholeNumber } from "./usage.ts";

export const brokerHelp = `danube broker

Runs the embedded broker: Danube's protocol, in memory, for trying things out and for tests. Until Ctrl-C.

      --port PORT              of the first broker, the others take the following ones (default 6650; 0: any)
      --host ADDRESS           to listen on (default 127.0.0.1)
      --advertised-host NAME   what clients are told (default: the same)
      --brokers N              how many (default 1)
      --mode MODE              standalone or cluster (default: by the number of brokers)
      --generation VERSION     speak the protocol of older brokers: 0.4, 0.5, 0.6, 0.7 (default 0.15)
      --proxy                  with a proxy in front, as Danube's Envoy
      --connect-url URL        the proxy that clients are to go through, of your own
      --enforce-exclusive      refuse a second producer beside an exclusive one, as no broker up to 0.15.1 does
      --failover-ms MS         until the topics of a dead broker go to others (default 1000)
      --json                   print one line of JSON when it runs`;

export async function broker(args: string[]): Promise<number> {
  const { values, positionals } = parse({
    args,
    allowPositionals: true,
    options: {
      port: { type: "string" },
      host: { type: "string" },
      "advertised-host": { type: "string" },
      brokers: { type: "string" },
      mode: { type: "string" },
      generation: { type: "string" },
      proxy: { type: "boolean" },
      "connect-url": { type: "string" },
      "enforce-exclusive": { type: "boolean" },
      "failover-ms": { type: "string" },
      json: { type: "boolean" },
    },
  });
  if (positionals.length > 0) {
    throw new UsageError(`there is nothing to do with ${JSON.stringify(positionals[0])}`);
  }
  const options: BrokerOptions = {
    port: wholeNumber("port", values.port, 0, 65_535) ?? 6650,
    host: values.host,
    advertisedHost: values["advertised-host"],
    brokers: wholeNumber("brokers", values.brokers, 1, 100),
    mode: oneOf("mode", values.mode, ["standalone", "cluster"]),
    generation: oneOf("generation", values.generation, generations),
    proxy: values.proxy,
    connectUrl: values["connect-url"],
    enforceExclusive: values["enforce-exclusive"],
    failoverMs: wholeNumber("failover-ms", values["failover-ms"], 0),
  };
  const embedded = await checked(() => startBroker(options));
  console.log(
    values.json
      ? JSON.stringify({ urls: embedded.urls })
      : `embedded broker at ${embedded.urls.join(", ")}; Ctrl-C ends it`,
  );
  await new Promise<void>((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
  await embedded.close();
  return 0;
}
