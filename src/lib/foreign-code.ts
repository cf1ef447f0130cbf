// What comes of functions that are the user's own.

/**
 * What a function gave that was to answer at once. An async one gives a promise, which is no answer; that it is rejected is
 * then nobody's to hear, and would end the process.
 */
export function atOnce<T>(given: T): T {
  if (given instanceof Promise) {
    given.catch(() => {});
  }
  return given;
}

/** What was thrown, in words. Anything can be, also what has none. */
export function inWords(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "something that has no words";
  }
}
