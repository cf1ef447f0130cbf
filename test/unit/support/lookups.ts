import { expect, vi } from "vitest";
import { createLookup, type LookupOptions } from "../../../src/cluster/lookup.ts";
import type { Owner } from "../../../src/cluster/ownership.ts";
import { createSeeds } from "../../../src/cluster/seeds.ts";
import { createEventLog, type DanubeEvent } from "../../../src/events.ts";
import type { CallFailure } from "../../../src/transport/seam.ts";
import { type FakeBroker, type FakeBrokers, type FoundTopic, fakeBrokers } from "./fake-brokers.ts";
import { watch } from "./outcomes.ts";

export const a = "http://a:1";
export const b = "http://b:1";
export const c = "http://c:1";
export const topic = "/default/orders";

/** A broker that answers every lookup alike, and lists `names`, if any are given. */
export function says(answer: FoundTopic | (() => FoundTopic), names?: string[]): FakeBroker {
  return {
    lookup: () => (typeof answer === "function" ? answer() : answer),
    ...(names && { names: listing(names) }),
  };
}

/** What brokers list: a name that exists is answered with itself, another with all that begin so. */
export function listing(names: readonly string[]): (prefix: string) => string[] {
  return (prefix) => (names.includes(prefix) ? [prefix] : names.filter((name) => name.startsWith(prefix)));
}

export function fails(failure: CallFailure): FakeBroker {
  return { lookup: () => Promise.reject(failure) };
}

export interface LookupTrial extends FakeBrokers {
  find(name?: string, signal?: AbortSignal): Promise<Owner>;
  /** What a lookup fails with, under fake timers. */
  failure(): Promise<CallFailure>;
  warnings(): string[];
}

/** A lookup with the seeds a and b, and the brokers that are given. */
export function lookupAmong(
  brokers: Record<string, FakeBroker>,
  { seeds = [a, b], ...options }: Partial<Omit<LookupOptions, "seeds">> & { seeds?: string[] } = {},
): LookupTrial {
  const fake = fakeBrokers(brokers);
  const events: DanubeEvent[] = [];
  const lookup = createLookup({
    seeds: createSeeds(seeds),
    connections: fake.connections,
    events: createEventLog((event) => events.push(event)),
    attemptTimeoutMs: 5_000,
    secure: false,
    allowInsecure: false,
    gateway: false,
    mapBrokerUrl: undefined,
    ...options,
  });
  const find = (name = topic, signal = new AbortController().signal) => lookup(name, signal);
  return {
    ...fake,
    find,
    async failure() {
      const result = watch(find());
      await vi.advanceTimersByTimeAsync(60_000);
      expect(result.state).toBe("rejected");
      return result.value as CallFailure;
    },
    warnings: () => events.map((event) => (event.type === "warning" ? event.code : event.type)),
  };
}
