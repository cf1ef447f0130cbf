/** More of a stranger's words than anybody reads. */
const mostShown = 4_096;

/**
 * What somebody else said, as it may stand in an error, an event or a log: in one line, which cannot move a terminal's cursor, turn
 * the direction of writing, or look like a line of its own; and not for ever.
 */
export function shown(text: string, most: number = mostShown): string {
  const rest = text.length - most;
  const kept = rest > 0 ? `${text.slice(0, most)}… (${rest} characters more)` : text;
  return kept.replace(/[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, " ");
}
