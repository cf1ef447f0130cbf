// The programs of examples/producer-page, by each runtime itself, on embedded brokers of the page's time and of today:
// what they say, and what truly arrived. `node scripts/examples.ts` runs this alone.
import { deepStrictEqual } from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { connect } from "../src/index.ts";
import { type AcceptedMessage, type EmbeddedBroker, startBroker, type TopicRetention } from "../src/testing/index.ts";
import { conclude, type Result, suite } from "./report.ts";
import type { Finished } from "./run.ts";
import { build } from "./suites.ts";
import { type Runtime, runNatively, runtimes } from "./vitest.ts";

const folder = "examples/producer-page";
/** The page has one name for all its topics. */
const topic = "/default/topic_test";

/** The page's time, and today. */
const brokersOf = { "0.4": { generation: "0.4" }, today: {} } as const;
type Time = keyof typeof brokersOf;

type Warning = "ACCESS_NOT_ENFORCED" | "RETENTION_IGNORED";

interface Message {
  text: string;
  attributes: Record<string, string>;
  producer: string;
}

/** What should come of an example, whatever the runtime. */
interface Example {
  prints: string[];
  warnings?: Partial<Record<Time, Warning[]>>;
  /** The subject; on 0.4 the name of the topic's schema. */
  schema: string;
  /** Those of a reliable topic, on 0.4. */
  retention?: TopicRetention;
  /** The messages of the topic, or of each partition. */
  messages: Record<string, Message[]>;
  /** Each with its access. */
  producers: Record<string, string[]>;
}

const hello = (text = "Hello Danube", producer = "producer_test", attributes = {}) => ({ text, attributes, producer });
const numbers = Array.from({ length: 10 }, (_, i) => i);
const partitions = [0, 1, 2];

const plain = (messages: Message[]) => ({
  messages: { [topic]: messages },
  producers: { [topic]: ["producer_test shared"] },
});
const partitioned = (of: (partition: number, producer: string) => Message[]) => {
  const each = <V>(value: (partition: number, producer: string) => V) =>
    Object.fromEntries(partitions.map((i) => [`${topic}-part-${i}`, value(i, `producer_test-${i}`)]));
  return { messages: each(of), producers: each((_, producer) => [`${producer} shared`]) };
};
const keptFor = (segmentSizeMb: number) => ({
  retention: { segmentSizeMb, retention: "until-expired", retentionSeconds: 3_600 } as const,
  warnings: { today: ["RETENTION_IGNORED"] } satisfies Example["warnings"],
});

const examples: Record<string, Example> = {
  simple: {
    prints: ["sent message 1 of producer_test to /default/topic_test"],
    schema: "my_schema",
    ...plain([hello()]),
  },
  "simple-numbered": {
    prints: numbers.map((i) => `sent "Hello Danube ${i}" as message ${i + 1}`),
    schema: "test_schema",
    ...plain(numbers.map((i) => hello(`Hello Danube ${i}`))),
  },
  partitioned: {
    prints: ["sent to partition 0 of 3"],
    schema: "my_schema",
    ...partitioned((partition, producer) => (partition === 0 ? [hello("Hello Danube", producer)] : [])),
  },
  "partitioned-numbered": {
    prints: numbers.map((i) => `sent "Hello Danube ${i}" to partition ${i % 3}`),
    schema: "test_schema",
    ...partitioned((partition, producer) =>
      numbers.filter((i) => i % 3 === partition).map((i) => hello(`Hello Danube ${i}`, producer)),
    ),
  },
  reliable: {
    prints: ["sent message 1, reliable"],
    schema: "my_schema",
    ...keptFor(5),
    ...plain([hello()]),
  },
  "reliable-numbered": {
    prints: numbers.map((i) => `sent "Hello Danube ${i}" as message ${i + 1}, reliable`),
    schema: "test_schema",
    ...keptFor(10),
    ...plain(numbers.map((i) => hello(`Hello Danube ${i}`))),
  },
  attributes: {
    prints: ["sent message 1 with source and language"],
    schema: "my_schema",
    ...plain([hello("Hello Danube", "producer_test", { source: "producer-page", language: "TypeScript" })]),
  },
  access: {
    prints: ["shared: both have sent", "exclusive: another producer is refused, EXCLUSIVE_PRODUCER"],
    warnings: { "0.4": ["ACCESS_NOT_ENFORCED"], today: ["ACCESS_NOT_ENFORCED"] },
    schema: "my_schema",
    messages: {
      [topic]: [hello("Hello from the first", "producer_1"), hello("Hello from the second", "producer_2"), hello()],
    },
    producers: { [topic]: ["producer_1 shared", "producer_2 shared", "producer_test exclusive"] },
  },
};

/** Every example on each runtime, on brokers of both times. */
export async function exampleSuites(runtimes: readonly Runtime[]): Promise<Result[]> {
  const results: Result[] = [await suite("the producer page's examples are those that are looked at", complete)];
  for (const runtime of runtimes) {
    for (const time of Object.keys(brokersOf) as Time[]) {
      results.push(await suite(`the producer page on ${runtime}, brokers of ${time}`, () => runAll(runtime, time)));
    }
  }
  return results;
}

/** Nothing is in the folder that is not run, and the table of its README has all of it. */
async function complete() {
  const files = globSync(`${folder}/*.ts`).map((file) => basename(file));
  deepStrictEqual(
    files.sort(),
    Object.keys(examples)
      .map((name) => `${name}.ts`)
      .sort(),
  );
  const readme = readFileSync(`${folder}/README.md`, "utf8");
  deepStrictEqual(
    files.filter((file) => !readme.includes(`(${file})`)),
    [],
  );
  return { passed: 1, failed: 0, output: "" };
}

async function runAll(runtime: Runtime, time: Time) {
  const failures: string[] = [];
  for (const [name, example] of Object.entries(examples)) {
    try {
      await check(runtime, time, name, example);
    } catch (error) {
      failures.push(`${name}: ${(error as Error).message}`);
    }
  }
  const passed = Object.keys(examples).length - failures.length;
  return { passed, failed: failures.length, output: failures.join("\n") };
}

async function check(runtime: Runtime, time: Time, name: string, example: Example): Promise<void> {
  await using broker = await startBroker(brokersOf[time]);
  const url = broker.urls[0] as string;
  const finished = await runNatively(runtime, `${folder}/${name}.ts`, { DANUBE_URL: url }, 20_000);
  deepStrictEqual({ ...said(finished), ...(await arrived(broker, time)) }, expected(example, time));
}

function said({ code, output }: Finished) {
  const lines = output.split("\n").filter((line) => line !== "");
  const isWarning = (line: string) => line.startsWith("danube: ");
  return {
    code,
    prints: lines.filter((line) => !isWarning(line)),
    warnings: lines.filter(isWarning).map(warningOf),
  };
}

/** By its text, since that is what people see. */
function warningOf(line: string): string {
  if (/options of reliable\(\) have no effect .* retention is set in their configuration/.test(line)) {
    return "RETENTION_IGNORED";
  }
  return /access "exclusive" is asked for, .* do not enforce it/.test(line) ? "ACCESS_NOT_ENFORCED" : line;
}

/** What the broker has, and what it tells others of the topic's schema. */
async function arrived(broker: EmbeddedBroker, time: Time) {
  const danube = connect({ brokers: broker.urls, onEvent: () => {}, createTimeoutMs: 5_000 });
  try {
    // Partitions come into being in any order.
    const topics = broker.topics().sort((a, b) => (a.topic < b.topic ? -1 : 1));
    const registry = time === "0.4" ? [] : await danube.schemas.subjects();
    const mark = ({ schemaId, schemaVersion }: AcceptedMessage) =>
      schemaId === undefined
        ? undefined
        : `version ${schemaVersion} of ${registry.find((subject) => subject.schemaId === schemaId)?.subject}`;
    return {
      registry: registry.map(({ subject, type, latestVersion }) => ({ subject, type, latestVersion })),
      schema: await danube.schemas.ofTopic(topic).catch(String),
      topics: topics.map(({ topic, dispatch, schema, retention, producers }) => ({
        topic,
        ...{ dispatch, schema, retention },
        producers: producers.map(({ name, access }) => `${name} ${access}`),
        messages: broker.messages(topic).map((message) => {
          const { text, attributes, producer } = message;
          return { text, attributes: { ...attributes }, producer, mark: mark(message) };
        }),
      })),
    };
  } finally {
    await danube.close();
  }
}

function expected({ prints, warnings, schema, retention, messages, producers }: Example, time: Time) {
  const isOld = time === "0.4";
  return {
    code: 0,
    prints,
    warnings: warnings?.[time] ?? [],
    registry: isOld ? [] : [{ subject: schema, type: "string", latestVersion: 1 }],
    schema: { subject: schema, type: "string", definition: "" },
    topics: Object.keys(messages).map((topic) => ({
      topic,
      dispatch: retention ? "reliable" : "non-reliable",
      schema: isOld ? { name: schema, type: "string", definition: "" } : undefined,
      retention: isOld ? retention : undefined,
      producers: producers[topic],
      messages: messages[topic]?.map((message) => ({ ...message, mark: isOld ? undefined : `version 1 of ${schema}` })),
    })),
  };
}

if (import.meta.main) {
  const { failed } = await build();
  process.exit(failed > 0 ? 1 : conclude(await exampleSuites(runtimes)));
}
