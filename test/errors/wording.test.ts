import { Code } from "@connectrpc/connect";
import { connect, type Danube, DanubeError, type Producer } from "@danube-messaging/client";
import { type EmbeddedBroker, startBroker } from "@danube-messaging/client/testing";
import { describe, expect, test } from "vitest";
import { calls, type Prepared } from "./calls.ts";
import { allRpcs, type Rpc, registryRpcs } from "./row.ts";
import { errorRows } from "./rows.ts";
import { filled, randomFrom, rewordings, spellings } from "./wordings.ts";

// Whatever a broker says, in whatever words and with whatever code: every call ends in its time, with few calls to the
// broker; no message is lost without its send being rejected; and what was acknowledged is there.

const callMs = 300;
/** A busy machine may be late. */
const lateMs = 3_000;
/** For what is not judged. */
const patientMs = 20_000;
/** What fits into that time: with waits from 50 ms on five tries, each of which looks for the way anew. */
const maxCalls = 24;
/** Messages that wait for each other, and have the same time. */
const messages = ["first", "second", "third"];

const texts = [...new Set(errorRows.map(({ words }) => filled(words)))];
/** What brokers do say with this code, to this call; else anything that they say. */
function textsOf(rpc: Rpc, code: Code): string[] {
  const own = errorRows.filter(({ rpcs, status }) => rpcs.includes(rpc) && status === code);
  return own.length > 0 ? own.map(({ words }) => filled(words)) : texts;
}

const codes = Object.values(Code).filter((code): code is Code => typeof code === "number");
const tested = allRpcs.filter((rpc) => rpc === "SendMessage" || rpc === "CreateProducer" || isRegistry(rpc));

function isRegistry(rpc: Rpc): boolean {
  return (registryRpcs as readonly string[]).includes(rpc);
}

const forGood = 1_000_000;

/** Some texts for each code and call, said for good and once; the same ones in every run. */
function saying(rpc: Rpc, code: Code): { text: string; times: number }[] {
  const random = randomFrom(allRpcs.indexOf(rpc) * 100 + code);
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
  return [
    { text: pick(spellings(pick(textsOf(rpc, code)))), times: forGood },
    { text: pick(rewordings(pick(textsOf(rpc, code)))), times: forGood },
    { text: pick(rewordings(pick(texts))), times: forGood },
    { text: pick([spellings, rewordings].flatMap((say) => say(pick(textsOf(rpc, code))))), times: 1 },
  ];
}

describe.concurrent.each(tested)("%s", (rpc) => {
  test.each(codes.map((code) => ({ code, name: Code[code] })))("$name", async ({ code }) => {
    for (const { text, times } of saying(rpc, code)) {
      await using broker = await startBroker();
      await using danube = connect({
        brokers: broker.urls,
        sendTimeoutMs: callMs,
        createTimeoutMs: callMs,
        onEvent: () => {},
      });
      const told = { rpc, code, text, times };
      const tryIt = rpc === "SendMessage" ? sendAll : callOnce;
      expect({ ...told, complaint: await tryIt(broker, danube, told) }).toEqual({ ...told, complaint: undefined });
    }
  });
});

interface Told {
  rpc: Rpc;
  code: Code;
  text: string;
  times: number;
}

async function sendAll(broker: EmbeddedBroker, danube: Danube, told: Told): Promise<string | undefined> {
  const topic = "/default/words";
  const producer: Producer = await danube.createProducer({ topic, dispatch: "reliable", createTimeoutMs: patientMs });
  const before = callsOf(broker);
  const end = broker.fault({ rpc: told.rpc, code: told.code, message: told.text, times: told.times });
  const startedAt = Date.now();
  const results = await Promise.allSettled(messages.map((text) => producer.send(text)));
  const tookMs = Date.now() - startedAt;
  const made = callsOf(broker) - before;
  end();
  const there = broker.messages(topic).map(({ text }) => text);
  await later(() => producer.send("after", { timeoutMs: patientMs }));
  return (
    complaint(tookMs, made) ?? results.map((result, i) => fate(result, messages[i] as string, there)).find(Boolean)
  );
}

/** What was acknowledged is there, once; what was rejected is not, unless nobody knows. */
function fate(result: PromiseSettledResult<unknown>, text: string, there: string[]): string | undefined {
  const count = there.filter((one) => one === text).length;
  if (result.status === "fulfilled") {
    return count === 1 ? undefined : `${text} was acknowledged, and is there ${count} times`;
  }
  const error: unknown = result.reason;
  if (!(error instanceof DanubeError)) {
    return String(error);
  }
  return count === 0 || error.outcome === "unknown" ? undefined : `${text} was ${error.outcome}, and is there`;
}

async function callOnce(broker: EmbeddedBroker, danube: Danube, told: Told): Promise<string | undefined> {
  const prepared: Prepared = { topic: "/default/words", subject: "words", schemaId: 0n };
  const { topic, subject } = prepared;
  await using other = connect({ brokers: broker.urls });
  await other.createProducer({ topic, name: "other" });
  prepared.schemaId = (await other.schemas.register(subject, { type: "string" })).schemaId;
  await other.schemas.configureTopic(topic, { subject, policy: "warn" });
  const before = callsOf(broker);
  const end = broker.fault({ rpc: told.rpc, code: told.code, message: told.text, times: told.times });
  const startedAt = Date.now();
  const error = await calls[told.rpc](danube, prepared).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const tookMs = Date.now() - startedAt;
  const made = callsOf(broker) - before;
  end();
  await later(() => calls[told.rpc](danube, prepared));
  return complaint(tookMs, made) ?? (error === undefined || error instanceof DanubeError ? undefined : String(error));
}

/** The client is none the worse for it. A busy machine may need more than one try. */
async function later(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await work();
      return;
    } catch (error) {
      if (tries === 10) {
        throw error;
      }
    }
  }
}

function callsOf(broker: EmbeddedBroker): number {
  return allRpcs.reduce((sum, rpc) => sum + broker.calls(rpc), 0);
}

function complaint(tookMs: number, made: number): string | undefined {
  if (tookMs > callMs + lateMs) {
    return `it took ${tookMs} ms`;
  }
  return made > maxCalls ? `${made} calls were made` : undefined;
}
