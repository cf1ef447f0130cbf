/**
 * The generation of brokers, by its first version: see `ConnectOptions.protocol`. They cannot read each other's
 * CreateProducer; what else differs between versions has ranges of its own: features.ts.
 */
export type Generation = "0.4" | "0.5" | "0.6";

/** All of them, the oldest first. */
export const generations: readonly Generation[] = ["0.4", "0.5", "0.6"];
