/**
 * The generations of brokers that cannot read each other's CreateProducer, by their first version. What else differs
 * between versions has ranges of its own: features.ts.
 */
export const generations = ["0.4", "0.5", "0.6"] as const;

/** The generation of brokers, by its first version: see `ConnectOptions.protocol`. */
export type Generation = (typeof generations)[number];
