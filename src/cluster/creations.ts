import { unlessAborted } from "../lib/single-flight.ts";
import { CallFailure } from "../transport/seam.ts";

/**
 * Lets one of a client's producers at a time create a topic. Brokers up to 0.15.1 that are asked twice before they have
 * seen their own record of it give the topic to two brokers, and each then serves it.
 */
export interface Creations {
  /**
   * Does `work`, unless a creation of the topic is under way: then waits for its end and rejects with a `CallFailure`
   * that says that nothing was done; a lookup will know more by then.
   */
  attempt<T>(topic: string, work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export function createCreations(): Creations {
  const underWay = new Map<string, Promise<unknown>>();
  return {
    async attempt(topic, work, signal) {
      const other = underWay.get(topic);
      if (other) {
        await unlessAborted(
          other.catch(() => {}),
          signal,
        );
        throw new CallFailure("refused", `${topic} was being created by another producer of this client`);
      }
      const creation = work();
      underWay.set(topic, creation);
      try {
        return await creation;
      } finally {
        underWay.delete(topic);
      }
    },
  };
}
