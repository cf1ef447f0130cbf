// Assertions that need no runner and no runtime: the contract suite also runs where there is no node:assert.

export class AssertionError extends Error {
  override readonly name: string = "AssertionError";
}

export function ok(value: unknown, what: string): asserts value {
  if (!value) {
    throw new AssertionError(`expected ${what}`);
  }
}

export function equal<T>(actual: T, expected: T, what = "value"): void {
  if (show(actual) !== show(expected)) {
    throw new AssertionError(`${what}: expected ${show(expected)}, got ${show(actual)}`);
  }
}

/** The error that `promise` rejects with; fails when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    ok(error instanceof Error, `an Error, got ${String(error)}`);
    return error;
  }
  throw new AssertionError("expected a rejection, and it resolved");
}

/** The `code` of the DanubeError that `promise` rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await rejection(promise);
  return (error as { code?: string }).code ?? `${error.name}: ${error.message}`;
}

function show(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner) =>
      typeof inner === "bigint" ? `${inner}n` : inner instanceof Uint8Array ? [...inner] : inner,
    ) ?? String(value)
  );
}
