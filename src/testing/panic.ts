/** Marks what is thrown where the real broker's code panics, which ends the call without a status. */
export const panicked: unique symbol = Symbol("panicked");

export function panic(why: string): never {
  throw Object.assign(new Error(why), { [panicked]: true });
}

export function isPanic(reason: unknown): boolean {
  return typeof reason === "object" && reason !== null && panicked in reason;
}
