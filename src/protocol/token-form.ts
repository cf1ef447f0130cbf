/**
 * How a token stands in the `authorization` header: behind `Bearer`, as brokers from 0.11 on want it, or alone. Those until
 * 0.10 take the whole header for the token. Which is right is not asked: the other one is tried when one is refused.
 */
export interface TokenForm {
  header(token: string): string;
  /** A broker let a call in by it: refusals are about the token from now on. */
  accepted(): void;
  /** Goes over to the other form, unless one was right before. Whether it did. */
  change(): boolean;
}

export function createTokenForm({ alone }: { alone: boolean }): TokenForm {
  let proven = false;
  let isAlone = alone;
  return {
    header: (token) => (isAlone ? token : `Bearer ${token}`),
    accepted() {
      proven = true;
    },
    change() {
      if (!proven) {
        isAlone = !isAlone;
      }
      return !proven;
    },
  };
}
