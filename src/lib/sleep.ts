/** The longest time that a timer can be set to, in milliseconds (25 days); a longer one would be over at once. */
export const maxTimerMs: number = 2 ** 31 - 1;

/** Resolves after `ms` milliseconds, or as soon as `signal` is aborted; never rejects. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(maxTimerMs, ms));
    signal?.addEventListener("abort", done, { once: true });
  });
}
