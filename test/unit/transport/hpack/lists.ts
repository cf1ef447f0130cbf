import type { Random } from "../../support/random.ts";

/** Names that the tests let an encoder index, beside those it knows. */
export const indexedNames: ReadonlySet<string> = new Set([":path", "te", "x-repeats", "x-also", "content-type"]);

const names = [
  ...[":path", "te", "x-repeats", "x-also", "content-type", "authorization", "accept-encoding", "grpc-timeout"],
  ...["x-varies", "a", "x-a-long-name-that-takes-its-time-bin"],
];
const values = ["", "/", "trailers", "application/grpc", "gzip, deflate", "/danube.ProducerService/SendMessage", "1S"];

/** A value of any octets but those that HTTP does not allow in one (RFC 9113 §8.2.1): nghttp2 drops fields with them. */
export function randomValue(random: Random): string {
  if (random.below(3) > 0) {
    return random.pick(values);
  }
  const [from, to] = random.pick([
    [0x21, 0x7e],
    [0x61, 0x7a],
    [0x80, 0xff],
  ] as const);
  const length = random.pick([1, 10, 100, 500]);
  return String.fromCharCode(...Array.from({ length: random.below(length) }, () => from + random.below(to - from + 1)));
}

export function randomList(random: Random, most = 10): string[] {
  return Array.from({ length: random.below(most + 1) }, () => [random.pick(names), randomValue(random)]).flat();
}
