import type { Random } from "../../support/random.ts";
import {
  block,
  CONTINUATION,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  goaway,
  good,
  HEADERS,
  headers,
  ok,
  ping,
  priority,
  rst,
  settings,
  settingsAck,
  windowUpdate,
} from "./frames.ts";

/** What a good server says to calls on streams 1, 3, …: frames, those of different streams mixed, in any lawful order. */
export function conversation(random: Random, calls: number): Uint8Array[] {
  const streams = Array.from({ length: calls }, (_, i) => answerOf(random, 2 * i + 1));
  const frames = [settings(...randomSettings(random)), settingsAck];
  // §6.8: in two steps.
  let goes = false;
  for (
    let left = streams.filter((one) => one.length > 0);
    left.length > 0;
    left = left.filter((one) => one.length > 0)
  ) {
    frames.push(...(random.pick(left).shift() as Uint8Array[]));
    if (random.below(6) === 0) {
      frames.push(chatter(random, calls));
    }
    if (!goes && random.below(30) === 0) {
      goes = true;
      frames.push(goaway(2 ** 31 - 1));
    }
  }
  if (goes) {
    frames.push(goaway(2 * calls - 1));
  }
  return frames;
}

function randomSettings(random: Random): [number, number][] {
  const all: [number, number][] = [
    [1, random.pick([0, 100, 4_096, 65_536])],
    [3, random.pick([1, 2, 100, 2 ** 32 - 1])],
    [4, random.pick([1, 100, 65_535, 1_000_000, 2 ** 30])],
    [5, random.pick([16_384, 20_000, 2 ** 24 - 1])],
    [6, random.below(2 ** 31)],
    [random.below(65_536) | 0x100, random.below(2 ** 31)],
  ];
  return all.filter(([id]) => (id < 256 ? random.below(3) === 0 : false));
}

/** A message of gRPC, and what may come with a status. */
const message = [0, 0, 0, 0, 2, 8, 7];
const words = [
  [],
  ["grpc-message", "no%20way"],
  ["grpc-message", "100%"],
  ["grpc-status-details-bin", "CAkSA2FiYw=="],
  ["grpc-status-details-bin", "?"],
];

/** The frames of an answer, in groups that belong together. */
function answerOf(random: Random, id: number): Uint8Array[][] {
  const kind = random.below(10);
  if (kind === 0) {
    return [[rst(id, random.below(14))]];
  }
  if (kind === 1) {
    return [fields(random, id, [...ok, "grpc-status", String(random.below(20)), ...random.pick(words)], true)];
  }
  const octets = () => Uint8Array.from({ length: random.pick([0, 1, 5, 30, 1_000]) }, () => random.below(256));
  const bodies = Array.from({ length: random.below(4) }, () => [data(id, random.below(2) === 0 ? octets() : message)]);
  const interim = random.below(8) === 0 ? [fields(random, id, [":status", "103"], false)] : [];
  const end =
    random.below(8) === 0
      ? [data(id, "", true)]
      : fields(random, id, random.below(9) === 0 ? [...good, ...random.pick(words)] : good, true);
  return [...interim, fields(random, id, ok, false), ...bodies, ...(random.below(12) === 0 ? [[rst(id, 0)]] : [end])];
}

function fields(random: Random, id: number, list: string[], end: boolean): Uint8Array[] {
  if (random.below(4) > 0) {
    return [headers(id, list, end)];
  }
  const octets = block(list);
  const cut = random.below(octets.length + 1);
  const first = frame(HEADERS, end ? END_STREAM : 0, id, octets.subarray(0, cut));
  return [first, frame(CONTINUATION, END_HEADERS, id, octets.subarray(cut))];
}

function chatter(random: Random, calls: number): Uint8Array {
  const id = random.below(2) === 0 ? 0 : 2 * random.below(calls) + 1;
  return random.pick([
    () => ping(),
    () => ping(new Uint8Array(8), true),
    () => windowUpdate(id, 1 + random.below(60_000)),
    () => settings([4, random.below(70_000)]),
    () => settings([3, 1 + random.below(20)]),
    () => priority(2 * random.below(calls) + 1),
    () => frame(0x10 + random.below(200), random.below(256), id, new Uint8Array(random.below(20))),
  ])();
}

/** Some of it changed: frames lost, doubled, in another order, made up, and bits and bytes anywhere. */
export function mutated(random: Random, frames: Uint8Array[]): Uint8Array[] {
  const all: Uint8Array[] = frames.map((bytes) => bytes.slice());
  for (let change = 1 + random.below(3); change > 0; change--) {
    const at = random.below(all.length);
    const one = all[at] ?? settings();
    random.pick([
      () => all.splice(at, 1),
      () => all.splice(at, 0, one.slice()),
      () => all.splice(at, 2, all[at + 1] ?? one, one),
      () => all.splice(random.below(all.length + 1), 0, ...all.splice(at, 1)),
      () => all.splice(at, 1, one.subarray(0, random.below(one.length))),
      () =>
        all.splice(
          at,
          0,
          Uint8Array.from({ length: random.below(40) }, () => random.below(256)),
        ),
      () => all.splice(at, 0, madeUp(random)),
      () => set(one, random.below(one.length), (octet) => octet ^ (1 << random.below(8))),
      () => set(one, 2, () => random.below(256)),
      () => set(one, 3, () => random.below(12)),
      () => set(one, 4, () => random.below(256)),
      () => set(one, 8, () => random.pick([0, 1, 2, 3, 5, 7, 9, 200])),
      () => set(one, 5, (octet) => octet ^ 0x80),
      () => set(one, 9 + random.below(one.length), () => random.pick([0, 0xff, 0x7f, 0x80, random.below(256)])),
    ])();
  }
  return all;
}

function set(bytes: Uint8Array, at: number, to: (octet: number) => number): void {
  if (at < bytes.length) {
    bytes[at] = to(bytes[at] as number);
  }
}

function madeUp(random: Random): Uint8Array {
  const payload = Uint8Array.from({ length: random.pick([0, 4, 5, 6, 8, random.below(30)]) }, () => random.below(256));
  return frame(random.below(11), random.below(256), random.pick([0, 1, 2, 3, 5, 7, 101]), payload);
}

/** The same bytes, cut anywhere. */
export function* cut(random: Random, bytes: Uint8Array): Generator<Uint8Array> {
  const most = random.pick([1, 3, 20, 200, 5_000, bytes.length + 1]);
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + random.below(most));
    yield bytes.slice(at, end);
    at = end;
  }
}
