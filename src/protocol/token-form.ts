/**
 * How a token stands in the `authorization` header: behind `Bearer`, as brokers from 0.11 on want it, or alone. Those until
 * 0.10 take the whole header for the token. Which is right is not asked: the other one is tried when one is refused.
 */
export interface TokenForm {
  header(token: string): string;
  /** Goes over to the other form. */
  change(): void;
}

export function createTokenForm({ alone }: { alone: boolean }): TokenForm {
  let isAlone = alone;
  return {
    header: (token) => (isAlone ? token : `Bearer ${token}`),
    change() {
      isAlone = !isAlone;
    },
  };
}
