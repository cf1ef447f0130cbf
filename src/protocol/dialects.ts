import type { Dialect } from "./dialect.ts";
import type { Generation } from "./generation.ts";
import { reliableOptionsDialect } from "./v0-4.ts";
import { plainDispatchDialect } from "./v0-5.ts";
import { type RegistryDialectOptions, registryDialect } from "./v0-6.ts";

/** A dialect for each generation. */
export function createDialects(options: RegistryDialectOptions): Readonly<Record<Generation, Dialect>> {
  return {
    "0.4": reliableOptionsDialect(options),
    "0.5": plainDispatchDialect(options),
    "0.6": registryDialect(options),
  };
}
