// What brokers may say one day instead of what they say now.

/** Other spellings of the same: the table must see through these. */
export function spellings(words: string): string[] {
  return [
    words,
    words.toUpperCase(),
    words.toLowerCase(),
    `broker 10.0.0.1: ${words}`,
    `${words} (request 17, see the log)`,
  ];
}

/** Other words for it: what the table makes of these, it must come to an end. */
export function rewordings(words: string): string[] {
  const all = words.split(/\s+/);
  return [
    [...all].reverse().join(" "),
    all.filter((_, i) => i % 2 === 0).join(" "),
    words.replaceAll(/[aeiou]/gi, "e"),
    words.slice(Math.ceil(words.length / 2)),
    "",
  ];
}

/** `…` as a broker would fill it. */
export function filled(words: string): string {
  return words.replaceAll("…", "something");
}

/** The same numbers from 0 to 1 for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
