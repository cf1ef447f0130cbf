/** What `promise` rejects with; throws when it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (reason) {
    return reason;
  }
  throw new Error(`expected a rejection, and it resolved with ${String(value)}`);
}

/** What `work` throws; throws when it does not. */
export function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (reason) {
    return reason;
  }
  throw new Error("expected an exception, and there was none");
}

/** Lets everything run that waits for nothing but promises; no timer is among it, faked or not. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) {
    await Promise.resolve();
  }
}

/** Whether `promise` has settled, and how. */
export function watch<T>(promise: Promise<T>): { state: "pending" | "resolved" | "rejected"; value: unknown } {
  const watched: { state: "pending" | "resolved" | "rejected"; value: unknown } = {
    state: "pending",
    value: undefined,
  };
  promise.then(
    (value) => Object.assign(watched, { state: "resolved", value }),
    (reason: unknown) => Object.assign(watched, { state: "rejected", value: reason }),
  );
  return watched;
}
