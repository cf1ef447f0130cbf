/** What a message is routed by. */
export interface RoutedMessage {
  /** The routing key, of messages that have one. */
  key: string | undefined;
  /** The attributes. */
  attributes: Readonly<Record<string, string>>;
}

/** Chooses the partition of a message: an index from 0 to `partitions - 1`. */
export type Route = (message: RoutedMessage, partitions: number) => number;

const encoder = new TextEncoder();

/**
 * As the Rust, Go and Python clients do: with a key by its hash, so that clients of every language agree; without one
 * each partition in turn.
 */
export function defaultRoute(): Route {
  let turn = 0;
  return ({ key }, partitions) => (key === undefined ? turn++ % partitions : hashModulo(key, partitions));
}

/** FNV-1a, 64 bits, of the key's UTF-8 bytes, modulo `n`. */
export function hashModulo(key: string, n: number): number {
  // In two halves, since a product of 64 bits is more than a number holds. The prime is 2^40 + 0x1b3.
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of encoder.encode(key)) {
    low = (low ^ byte) >>> 0;
    const product = low * 0x1b3;
    high = (high * 0x1b3 + Math.floor(product / 2 ** 32) + low * 0x100) % 2 ** 32;
    low = product % 2 ** 32;
  }
  return Number(((BigInt(high) << 32n) | BigInt(low)) % BigInt(n));
}
