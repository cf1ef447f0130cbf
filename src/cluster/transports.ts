import { DanubeError } from "../errors.ts";
import type { EventLog } from "../events.ts";
import type { Sweeper } from "../lib/sweeper.ts";
import type { BrokerTransport, CallFailure, CreateTransport, TransportOptions } from "../transport/seam.ts";

/** Where calls go. */
export interface Target {
  /** The URL that is dialled: a broker, or the proxy in front of it. */
  url: string;
  /** Behind a proxy: the broker that is meant, named in a header of every call. */
  behindProxy: string | undefined;
}

/** The URL itself, and no broker behind it. */
export function directly(url: string): Target {
  return { url, behindProxy: undefined };
}

/** The same for equal targets. */
export function keyOf({ url, behindProxy }: Target): string {
  return `${url} ${behindProxy ?? ""}`;
}

/** What `status()` tells about a connection. */
export interface ConnectionStatus {
  /** The URL that is dialled. */
  url: string;
  /** Behind a proxy: the broker that is meant. */
  brokerUrl?: string | undefined;
  /** Whether the broker answered on it. */
  answered: boolean;
  /** Calls and open streams. */
  callsInFlight: number;
}

/** A transport while a call is made on it. {@link Transports.done} must follow. */
export interface Lease {
  readonly transport: BrokerTransport;
  /** The broker answered, be it with an error. */
  answered(): void;
  /** The call failed without an answer. */
  failed(failure: CallFailure): void;
  done(): void;
}

/**
 * The transports of a client: one per broker URL (and per broker behind a proxy), made when first needed, replaced when
 * they fail, let go when unused.
 */
export interface Transports {
  lease(target: Target): Lease;
  status(): ConnectionStatus[];
  /** Transports made so far. */
  opened(): number;
  close(): void;
}

export interface TransportsOptions {
  createTransport: CreateTransport;
  transportOptions: TransportOptions;
  events: EventLog;
  sweeper: Sweeper;
  /** Transports without a call for this many milliseconds are let go. Default 300,000. */
  idleMs?: number;
  /** A connection on which no call is answered, and some are given up, is thrown away after so many milliseconds. Default 10,000. */
  silentMs?: number;
}

interface Entry {
  readonly key: string;
  readonly target: Target;
  readonly transport: BrokerTransport;
  callsInFlight: number;
  answered: boolean;
  /** Counted, for there is no cheaper clock. */
  answers: number;
  /** As many answers were there when a call was given up after which none came, and since when there were such calls. */
  answersBefore: number;
  givenUpSince: number;
  /** When there was a call last. */
  lastUsedAt: number;
}

/** What becomes of the calls on an entry. */
interface Ended {
  answered(entry: Entry): void;
  failed(entry: Entry, failure: CallFailure, answersBefore: number): void;
  done(entry: Entry): void;
}

export function createTransports(options: TransportsOptions): Transports {
  const { createTransport, transportOptions, events, sweeper, idleMs = 5 * 60_000, silentMs = 10_000 } = options;
  const entries = new Map<string, Entry>();
  // Replaced, and still carrying calls.
  const retired = new Set<Entry>();
  // Survives the transports: an address that has answered once is a broker, whatever it says later.
  const proven = new Set<string>();
  let opened = 0;

  // What calls in a row go to is the same object.
  const byTarget = new WeakMap<Target, Entry>();

  function entryFor(target: Target): Entry {
    const known = byTarget.get(target);
    if (known && entries.get(known.key) === known) {
      return known;
    }
    const key = keyOf(target);
    const entry = entries.get(key) ?? open(key, target);
    byTarget.set(target, entry);
    return entry;
  }

  function open(key: string, target: Target): Entry {
    const transport = createTransport(target.url, transportOptions);
    opened++;
    const now = Date.now();
    const entry = {
      key,
      target,
      transport,
      callsInFlight: 0,
      answered: false,
      answers: 0,
      answersBefore: 0,
      givenUpSince: now,
      lastUsedAt: now,
    };
    entries.set(key, entry);
    sweeper.add(sweep);
    return entry;
  }

  function noteAnswer(entry: Entry): void {
    entry.answers++;
    if (!entry.answered) {
      entry.answered = true;
      proven.add(entry.target.url);
      events.emit({ type: "connected", url: entry.target.url });
    }
  }

  /** A broker that restarts behind a forwarded port is silent too; an address that never was a broker may be wrong. */
  function warnOfSilence(entry: Entry, failure: CallFailure): void {
    if (failure.kind === "silent" && !proven.has(entry.target.url)) {
      events.emit({ type: "warning", code: "BROKER_SILENT", message: failure.message });
    }
  }

  /**
   * Whether calls have been given up for long, and none answered. One that was given up says nothing: it may have been asked of a
   * second seed, and answered by the first, or had little time. But where all have little time, none ever tells that it was late.
   */
  function isSilent(entry: Entry): boolean {
    const now = Date.now();
    if (entry.answers !== entry.answersBefore) {
      entry.answersBefore = entry.answers;
      entry.givenUpSince = now;
    }
    return now - entry.givenUpSince >= silentMs;
  }

  /**
   * Runtimes differ in whether a transport finds its way back after a failure, so a failed one is replaced. Calls
   * that are still on it end by themselves: they may have been luckier.
   */
  function replaceIfDead(entry: Entry, failure: CallFailure, answersBefore: number): void {
    const { kind } = failure;
    const alive = kind === "refused" || kind === "reset" || (kind === "aborted" && !isSilent(entry));
    // A time-out on a connection that answered others meanwhile says nothing about the connection.
    const onlySlow = failure.kind === "deadline" && entry.answers > answersBefore;
    if (alive || onlySlow || entries.get(entry.key) !== entry) {
      return;
    }
    entries.delete(entry.key);
    retired.add(entry);
    if (entry.answered) {
      const error = new DanubeError("UNAVAILABLE", failure.message, { cause: failure });
      events.emit({ type: "disconnected", url: entry.target.url, error });
    }
  }

  function done(entry: Entry): void {
    if (--entry.callsInFlight > 0) {
      return;
    }
    entry.lastUsedAt = Date.now();
    if (retired.delete(entry)) {
      end(entry.transport);
    }
  }

  const ended: Ended = {
    answered: noteAnswer,
    failed(entry, failure, answersBefore) {
      replaceIfDead(entry, failure, answersBefore);
      warnOfSilence(entry, failure);
    },
    done,
  };

  function sweep(): boolean {
    for (const [key, entry] of entries) {
      if (entry.callsInFlight === 0 && Date.now() - entry.lastUsedAt >= idleMs) {
        entries.delete(key);
        end(entry.transport);
      }
    }
    return entries.size === 0;
  }

  return {
    lease: (target) => new EntryLease(entryFor(target), ended),
    status: () =>
      [...entries.values()].map(({ target, answered, callsInFlight }) => ({
        url: target.url,
        brokerUrl: target.behindProxy,
        answered,
        callsInFlight,
      })),
    opened: () => opened,
    close() {
      for (const { transport } of [...entries.values(), ...retired]) {
        end(transport);
      }
      entries.clear();
      retired.clear();
    },
  };
}

/** A class, because there is one for every message: its methods are made once. */
class EntryLease implements Lease {
  readonly transport: BrokerTransport;
  readonly #entry: Entry;
  readonly #ended: Ended;
  readonly #answersBefore: number;

  constructor(entry: Entry, ended: Ended) {
    this.#entry = entry;
    this.#ended = ended;
    this.transport = entry.transport;
    this.#answersBefore = entry.answers;
    entry.callsInFlight++;
  }

  answered(): void {
    this.#ended.answered(this.#entry);
  }

  failed(failure: CallFailure): void {
    this.#ended.failed(this.#entry, failure, this.#answersBefore);
  }

  done(): void {
    this.#ended.done(this.#entry);
  }
}

/** A user's own transport may be in a state of its own when it is let go: that is nobody's failure. */
function end(transport: BrokerTransport): void {
  const complain = (error: unknown) => console.error("danube: a transport failed to close", error);
  try {
    // One that is async rejects instead of throwing.
    Promise.resolve(transport.close() as unknown).catch(complain);
  } catch (error) {
    complain(error);
  }
}
