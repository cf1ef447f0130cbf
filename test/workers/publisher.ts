// A Worker that publishes what a request asks for, as a user would write it, and answers with the ids.
import { type ConnectOptions, connect, isDanubeError, json, type ProducerOptions } from "@danube-messaging/client";

/** What a request asks for. All of it can be said in JSON. */
export interface Order {
  options: ConnectOptions;
  producer: ProducerOptions;
  /** Strings, or values of the schema. */
  messages: unknown[];
  /** The subject and the JSON Schema. */
  schema?: { subject: string; schema: object };
  /** Without waiting for each. */
  atOnce?: boolean;
  /** Waits between messages. */
  pauseMs?: number;
  /** Only whether a broker answers. */
  onlyReady?: boolean;
  /** Leaves the client open. */
  leavesOpen?: boolean;
  /** How long the request goes on after that. */
  lingerMs?: number;
}

export interface Answer {
  ids: { topic: string; partition: number | undefined; sequence: string }[];
  error?: { name: string; code: string | undefined; message: string; causes: string };
}

// What nobody caught.
const problems: string[] = [];
addEventListener("unhandledrejection", (event) => problems.push(String(event.reason?.stack ?? event.reason)));
addEventListener("error", (event) => problems.push(event.message));

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function publish(order: Order): Promise<Answer> {
  const { producer, schema, messages, atOnce = false, pauseMs = 0 } = order;
  const ids: Answer["ids"] = [];
  try {
    await using clients = new AsyncDisposableStack();
    const danube = connect(order.options);
    if (!order.leavesOpen) {
      clients.use(danube);
    }
    if (order.onlyReady) {
      await danube.ready();
      return { ids };
    }
    const { send } = schema
      ? await danube.createProducer({ ...producer, schema: json(schema.subject, { schema: schema.schema }) })
      : await danube.createProducer(producer);
    const sendOne = async (message: unknown) => {
      const { topic, partition, sequence } = await send(message as string);
      ids.push({ topic, partition, sequence: String(sequence) });
    };
    if (atOnce) {
      await Promise.all(messages.map(sendOne));
    } else {
      for (const message of messages) {
        await sendOne(message);
        await pause(pauseMs);
      }
    }
  } catch (error) {
    return { ids, error: described(error) };
  }
  await pause(order.lingerMs ?? 0);
  return { ids };
}

function described(error: unknown): NonNullable<Answer["error"]> {
  const { name, message, cause } = error as Error;
  return { name, code: isDanubeError(error) ? error.code : undefined, message, causes: causesOf(cause) };
}

function causesOf(error: unknown): string {
  return error instanceof Error ? `${error.message}; ${causesOf(error.cause)}` : "";
}

export default {
  async fetch(request: Request): Promise<Response> {
    return request.method === "POST"
      ? Response.json(await publish((await request.json()) as Order))
      : Response.json(problems);
  },
};
