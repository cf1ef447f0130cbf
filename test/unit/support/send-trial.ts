import { type CloseOptions, connect, type Producer } from "../../../src/index.ts";
import type { Resend } from "../../../src/producer/resend.ts";
import type { Order } from "../../../src/producer/window.ts";
import { type ChaosBrokers, chaosBrokers } from "./chaos-brokers.ts";
import { seeded } from "./random.ts";
import { type Sent, trialMessages } from "./trial-messages.ts";
import { virtualTime } from "./virtual-time.ts";

export interface TrialOptions {
  seed: number;
  order: Order;
  partitions: number | undefined;
  resend: Resend;
  operations: number;
  /** Written to as it goes: also there when the trial itself fails. */
  log: string[];
}

export interface Trial {
  readonly sent: readonly Sent[];
  readonly maxInFlight: number;
  readonly peaks: ChaosBrokers["peaks"];
  /** What was seen to be wrong on the way. */
  readonly complaints: readonly string[];
  /** What there still was after the client was closed. */
  readonly left: { calls: number; timers: number; transports: number };
  /** As the client counts. */
  readonly counted: { acknowledged: bigint; failed: bigint };
}

const topic = "/default/trial";
const sendTimeoutMs = 300;
/** Time-outs that are near each other come together. */
const slackMs = 25;

/** Does random things to a producer while its brokers do random things to it, and lets it settle everything. */
export async function sendTrial({ seed, order, partitions, resend, operations, log }: TrialOptions): Promise<Trial> {
  const random = seeded(seed);
  const time = virtualTime();
  const begin = Date.now();
  const complaints: string[] = [];
  const note = (line: string) => log.push(`${String(Date.now() - begin).padStart(5)} ms  ${line}`);
  const complain = (what: string) => {
    note(`WRONG: ${what}`);
    complaints.push(what);
  };

  const limits = {
    maxQueuedMessages: 1 + random.below(30),
    maxQueuedBytes: 500 + random.below(8_000),
    maxInFlight: 1 + random.below(5),
  };
  note(`order ${order}, partitions ${partitions}, resend ${resend}, ${JSON.stringify(limits)}`);
  const accept: typeof messages.accepted = (message) => messages.accepted(message);
  const brokers = chaosBrokers({ random, later: time.later, accept, log: note });
  const danube = connect({
    brokers: brokers.urls,
    transport: brokers.transport,
    attemptTimeoutMs: 25,
    createTimeoutMs: 1_000,
    sendTimeoutMs,
    maxMessageBytes: 900,
    backoff: () => random.below(4),
    onEvent: () => {},
  });
  const messages = trialMessages({ random, time, limits, sendTimeoutMs, slackMs, queued, note, complain });
  const { sent, send, pending } = messages;

  function queued(): { messages: number; bytes: number } {
    const all = danube.status().producers;
    const count = all.reduce((sum, producer) => sum + producer.queuedMessages, 0);
    const bytes = all.reduce((sum, producer) => sum + producer.queuedBytes, 0);
    // One message is always let in.
    const tooMany = count > limits.maxQueuedMessages || (bytes > limits.maxQueuedBytes && count > 1);
    if (tooMany || count < 0 || bytes < 0 || (count === 0) !== (bytes === 0)) {
      complain(`the queue holds ${count} messages, ${bytes} bytes`);
    }
    return { messages: count, bytes };
  }

  /** What is asked of the producer and always comes. */
  const awaited: { what: string; done: boolean }[] = [];
  function expectEnd(what: string, promise: Promise<void>, then: () => void): void {
    const wait = { what, done: false };
    awaited.push(wait);
    const done = () => {
      wait.done = true;
      then();
    };
    promise.then(done, (error) => complain(`${what} failed: ${String(error)}`));
  }

  function flush(): void {
    const before = pending();
    note(`flush of ${before.length}`);
    expectEnd("flush", producer.flush(), () => {
      const late = before.find(({ state }) => state === "pending");
      if (late) {
        complain(`flushed while #${late.n} was not settled`);
      }
    });
  }

  /** A producer, by brokers that behave for so long. */
  async function open(): Promise<Producer> {
    const { faults } = brokers.weather;
    brokers.weather.faults = 0;
    const created = await time.until(danube.createProducer({ topic, partitions, order, resend, ...limits }), 2_000);
    brokers.weather.faults = faults;
    return created;
  }

  async function close(what: string, it: { close(options: CloseOptions): Promise<void> }): Promise<void> {
    const options = random.pick<CloseOptions>([{}, { timeoutMs: 0 }, { timeoutMs: random.below(40) }]);
    note(`close ${what} ${JSON.stringify(options)}`);
    const closed = it.close(options);
    send(producer);
    const limitMs = (options.timeoutMs ?? sendTimeoutMs) + slackMs;
    await time.until(closed, limitMs).catch((error) => complain(`close of ${what}: ${String(error)}`));
    send(producer);
    if (pending().length > 1 || brokers.inFlight("SendMessage") > 0) {
      complain(`${what} is closed, and messages are on their way`);
    }
  }

  async function reopen(): Promise<void> {
    await close("the producer", producer);
    producer = await open();
  }

  function burst(): void {
    for (let i = 0; i < 5; i++) {
      send(producer);
    }
  }

  /** Trouble leaves nothing behind: once the brokers behave, whatever is sent is acknowledged. */
  async function calm(): Promise<void> {
    note("calm");
    brokers.weather.faults = 0;
    await time.advance(100);
    await time.until(producer.flush(), sendTimeoutMs + slackMs);
    if (queued().messages !== 0) {
      complain("everything is settled, and the queue is not empty");
    }
    const first = sent.length;
    for (let i = 0; i < 30; i++) {
      await time.until(producer.ready(), 100);
      send(producer, false);
    }
    await time.until(producer.flush(), sendTimeoutMs);
    for (const { n, state, error } of sent.slice(first)) {
      if (state !== "resolved" && error?.code !== "MESSAGE_TOO_LARGE") {
        complain(`in the calm #${n} failed`);
      }
    }
    if (brokers.open() > brokers.urls.length) {
      complain(`${brokers.open()} transports are open`);
    }
  }

  const names = Array.from({ length: partitions ?? 0 }, (_, i) => `${topic}-part-${i}`);
  const shares: [share: number, operate: () => void | Promise<void>][] = [
    [50, () => send(producer)],
    [6, burst],
    [10, () => expectEnd("ready", producer.ready(), () => send(producer))],
    [4, flush],
    [8, () => brokers.move(partitions === undefined ? topic : random.pick(names))],
    [2, () => brokers.kill(random.pick(brokers.urls))],
    [6, () => brokers.change({ faults: random.pick([0, 0.1, 0.5]), final: random.below(2) === 0 })],
    [8, () => time.advance(random.below(30))],
    [1, reopen],
  ];
  const choices = shares.flatMap(([share, operate]) => Array<typeof operate>(share).fill(operate));
  let producer = await open();
  for (let i = 0; i < operations; i++) {
    await random.pick(choices)();
    await time.advance(random.below(4));
    queued();
  }
  if (random.below(2) === 0) {
    await calm();
  }
  await close("the client", danube);
  const calls = brokers.inFlight();
  await time.advance(1);
  const left = { calls, timers: time.timers(), transports: brokers.open() };

  // What is still on its way to a broker arrives.
  await time.advance(200);
  if (brokers.wasted() > 0) {
    complain(`${brokers.wasted()} calls were made for messages that had been given up`);
  }
  for (const { what } of awaited.filter(({ done }) => !done)) {
    complain(`${what} never came`);
  }
  const { messagesAcknowledged: acknowledged, messagesFailed: failed } = danube.status().counters;
  const { maxInFlight } = limits;
  return { sent, maxInFlight, peaks: brokers.peaks, complaints, left, counted: { acknowledged, failed } };
}
