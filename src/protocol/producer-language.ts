import { Code } from "@connectrpc/connect";
import type { Target } from "../cluster/transports.ts";
import type { Schema } from "../schema/schema.ts";
import type { Codec, Dialect, Limits, SchemaMark, SpokenSchema, WantedProducer } from "./dialect.ts";
import { isAnswer } from "./foreign.ts";
import type { Protocol } from "./protocol.ts";

/** A producer as a broker has it, and how its messages are to be. */
export interface CreatedProducer {
  readonly producerId: bigint;
  readonly mark: SchemaMark | undefined;
  readonly codec: Codec;
  /** Whether the topic has the dispatch that was asked for; brokers of 0.4 do not tell. */
  readonly dispatchIsSure: boolean;
}

/** CreateProducer for one producer (of each of its partitions), in whatever dialect the broker understands. */
export interface ProducerLanguage {
  createProducer(target: Target, wanted: WantedProducer, limits: Limits): Promise<CreatedProducer>;
}

/** What the producer's schema is, is found out once, and again when its brokers turn out to speak another dialect. */
export function createProducerLanguage(protocol: Protocol, schema: Schema<never, unknown>): ProducerLanguage {
  let known: SpokenSchema | undefined;
  let knownTo: Dialect | undefined;

  async function spoken(dialect: Dialect, signal: AbortSignal): Promise<SpokenSchema> {
    if (known && knownTo === dialect) {
      return known;
    }
    // Asked for by several partitions at once, it is one question to the registry all the same.
    known = await dialect.schema(schema, signal);
    knownTo = dialect;
    return known;
  }

  return {
    createProducer: (target, wanted, limits) =>
      protocol.speak(
        target,
        async (dialect) => {
          const { codec, mark, comparesDispatch, createProducer } = await spoken(dialect, limits.signal);
          const producerId = await createProducer(target, wanted, limits).catch((reason) => {
            if (isAnswer(reason) && reason.status === Code.FailedPrecondition) {
              // The schema may be what it fails for: a registry that was emptied has to be told again.
              known = undefined;
            }
            throw reason;
          });
          return { codec, mark, producerId, dispatchIsSure: comparesDispatch || wanted.isNew };
        },
        limits.signal,
      ),
  };
}

/**
 * A language for each producer. Those without a schema, of which there may be many, have one in common: there is nothing to be
 * found out for them.
 */
export function createProducerLanguages(protocol: Protocol): (schema: Schema<never, unknown>) => ProducerLanguage {
  const shared = new WeakMap<Schema<never, unknown>, ProducerLanguage>();
  return (schema) => {
    const language = shared.get(schema) ?? createProducerLanguage(protocol, schema);
    if (schema.subject === undefined) {
      shared.set(schema, language);
    }
    return language;
  };
}
