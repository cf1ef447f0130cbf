import type { Http2ServerRequest } from "node:http2";
import { createContextValues } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createAround, requestKey } from "./around.ts";
import { type Broker, createBroker } from "./broker.ts";
import { registerConsumerService } from "./consumer-service.ts";
import { createCredentials } from "./credentials.ts";
import { createFailures } from "./failures.ts";
import { createFaults } from "./faults.ts";
import { registerLegacyServices } from "./legacy-services.ts";
import { createMetadata, type TopicRecord } from "./metadata.ts";
import { answerMissing, removeMissing } from "./missing-calls.ts";
import { resolveBrokerOptions } from "./options.ts";
import { createProxy } from "./proxy.ts";
import { registerSchemaService } from "./schema/service.ts";
import { createHttp2Server, type RequestHandler, type Server } from "./server.ts";
import { type Advertised, registerServices } from "./services.ts";
import type { Shared } from "./shared.ts";
import { maxAccepted } from "./topic.ts";
import { topicState } from "./topic-state.ts";
import type { BrokerOptions, EmbeddedBroker } from "./types.ts";

/** How long a topic refuses messages before it is gone. */
const drainMs = 20;

/** One broker and the server in front of it. */
interface Node {
  readonly broker: Broker;
  readonly server: Server;
  readonly handler: RequestHandler;
  reassign: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Starts the embedded broker: a real gRPC server over HTTP/2 that speaks Danube's protocol and keeps everything in
 * memory. It behaves as Danube 0.15.1 does, faults included, unless told otherwise; only what takes time is shorter.
 * With `generation` it speaks the protocol of older brokers.
 *
 * @example
 * ```ts
 * await using broker = await startBroker({ brokers: 3 });
 * const danube = connect({ brokers: broker.urls });
 * const { send } = await danube.createProducer({ topic: "/default/orders" });
 * await send("hello");
 * console.log(broker.messages("/default/orders")[0]?.text);
 * ```
 */
export async function startBroker(options: BrokerOptions = {}): Promise<EmbeddedBroker> {
  const { version, count, standalone, port, host, advertisedHost, failoverMs, loadMs } = resolveBrokerOptions(options);
  const scheme = options.tls ? "https" : "http";
  const metadata = createMetadata(options.namespaces ?? []);
  const faults = createFaults();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const nodes: Node[] = [];
  const failures = createFailures(version);
  const credentials = createCredentials(options, version, failures);
  const toLeastLoaded = (record: TopicRecord) => assign(record, leastLoaded());
  const shared: Shared = { metadata, options, standalone, version, failures, credentials, assign: toLeastLoaded };

  const at = (i: number): Node => {
    const node = nodes[i];
    if (!node) {
      throw new RangeError(`there is no broker ${i}: the first of ${nodes.length} is 0`);
    }
    return node;
  };
  const urlOf = (i: number) => `${scheme}://${advertisedHost}:${at(i).server.port()}`;
  const proxy = options.proxy ? createProxy({ host, tls: options.tls, route: (name) => routeTo(name) }) : undefined;
  const behindProxy = options.proxy === true || options.connectUrl !== undefined;
  const advertised = (i: number): Advertised => {
    const brokerUrl = proxy ? `http://broker-${i}.danube:6650` : urlOf(i);
    const connectUrl = proxy
      ? `${scheme}://${advertisedHost}:${proxy.server.port()}`
      : (options.connectUrl ?? brokerUrl);
    return { brokerUrl, connectUrl, listening: `${host}:${at(i).server.port()}` };
  };

  function routeTo(name: string | undefined): RequestHandler | undefined {
    const alive = nodes.filter((node) => node.server.listening());
    const node =
      name === undefined
        ? alive[Math.floor(Math.random() * alive.length)]
        : alive.find(({ broker }) => advertised(broker.index).brokerUrl === name);
    return node?.handler;
  }

  function later(ms: number, work: () => void): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, ms);
    timers.add(timer);
    return timer;
  }

  /** The broker that runs and has the fewest topics. */
  function leastLoaded(except?: number): number | undefined {
    const loads = nodes.map(({ broker, server }) => ({
      index: broker.index,
      up: server.listening() && broker.index !== except,
      topics: [...metadata.topics.values()].filter((record) => record.owner === broker.index).length,
    }));
    return loads.filter(({ up }) => up).sort((a, b) => a.topics - b.topics)[0]?.index;
  }

  function assign(record: TopicRecord, index: number | undefined): void {
    record.owner = index;
    later(loadMs, () => {
      const node = record.owner === undefined ? undefined : nodes[record.owner];
      if (node?.server.listening()) {
        node.broker.load(record);
      }
    });
  }

  function recordOf(topic: string): TopicRecord {
    const record = metadata.topics.get(topic);
    if (!record) {
      throw new RangeError(`there is no topic ${topic}`);
    }
    return record;
  }

  async function unload(record: TopicRecord, next: number | undefined): Promise<void> {
    const holders = nodes.filter(({ broker }) => broker.loaded.has(record.name));
    for (const { broker } of holders) {
      (broker.loaded.get(record.name) as { draining: boolean }).draining = true;
    }
    await new Promise<void>((resolve) => setTimeout(resolve, drainMs));
    for (const { broker } of holders) {
      broker.unload(record.name);
    }
    assign(record, next);
  }

  /** Cuts the client's connection: to the broker, or to the proxy in front of it. */
  function cut(request: Http2ServerRequest): void {
    for (const server of [...nodes.map((node) => node.server), proxy?.server]) {
      server?.cut(request);
    }
  }

  for (let index = 0; index < count; index++) {
    const broker = createBroker(index, shared);
    const around = createAround({ index, faults, credentials, cut });
    const handler = connectNodeAdapter({
      routes: (router) => {
        registerServices(router, { broker, shared, advertised, proxy: behindProxy, around });
        registerConsumerService(router, { broker, around });
        registerSchemaService(router, { broker, shared, around });
        registerLegacyServices(router, { shared, around });
        removeMissing(router, version);
      },
      fallback: answerMissing((call) => faults.count(call, index)),
      contextValues: (request) => createContextValues().set(requestKey, request as Http2ServerRequest),
      // Above the brokers' limit, so that a message beyond it gets their answer and not the library's.
      readMaxBytes: 64 * 1024 * 1024,
      requestPathPrefix: "",
      connect: false,
      grpcWeb: false,
    }) as RequestHandler;
    const server = createHttp2Server({ host, port: port === 0 ? 0 : port + index, tls: options.tls, handler });
    nodes.push({ broker, server, handler, reassign: undefined });
  }
  try {
    for (const { server } of nodes) {
      await server.start();
    }
    await proxy?.server.start();
  } catch (error) {
    // A port that is taken must not leave the others open.
    await close();
    throw error;
  }

  async function kill(i: number): Promise<void> {
    const node = at(i);
    await node.server.stop();
    for (const name of [...node.broker.loaded.keys()]) {
      node.broker.unload(name);
    }
    if (!standalone) {
      clearTimeout(node.reassign);
      node.reassign = later(failoverMs, () => {
        for (const record of metadata.topics.values()) {
          if (record.owner === i) {
            assign(record, leastLoaded(i) ?? i);
          }
        }
      });
    }
  }

  async function restart(i: number): Promise<void> {
    const node = at(i);
    if (node.server.listening()) {
      await kill(i);
    }
    clearTimeout(node.reassign);
    await node.server.start();
    for (const record of metadata.topics.values()) {
      if (record.owner === i) {
        node.broker.load(record);
      }
    }
  }

  async function close(): Promise<void> {
    for (const timer of timers) {
      clearTimeout(timer);
    }
    faults.end();
    await Promise.all([...nodes.map(({ server }) => server.stop()), proxy?.server.stop()]);
  }

  return {
    urls: proxy ? [advertised(0).connectUrl] : nodes.map(({ server }) => `${scheme}://${host}:${server.port()}`),
    messages: (topic) => metadata.topics.get(topic)?.accepted.slice(-maxAccepted) ?? [],
    topics: () => {
      const brokers = nodes.map(({ broker }) => broker);
      return [...metadata.topics.values()].map((record) => topicState(record, brokers));
    },
    calls: (rpc, broker) => faults.calls(rpc, broker),
    kill,
    restart,
    moveTopic: async (topic, i) => unload(recordOf(topic), at(i).broker.index),
    unloadTopic: async (topic) => {
      const record = recordOf(topic);
      await unload(record, record.reliable ? (leastLoaded(record.owner) ?? record.owner) : undefined);
    },
    fault: (fault) => faults.add(fault),
    close,
    [Symbol.asyncDispose]: close,
  };
}
