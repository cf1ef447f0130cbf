import { atOnce } from "../lib/foreign-code.ts";
import type { MessageId } from "./message.ts";
import type { SendOptions } from "./options.ts";

/** What goes with each value that is written; functions are given the value. */
export interface WritableOptions<T> {
  /** The routing key. */
  key?: string | ((value: T) => string | undefined) | undefined;
  /** The attributes. */
  attributes?: Readonly<Record<string, string>> | ((value: T) => Readonly<Record<string, string>>) | undefined;
}

/** The parts of a producer that a stream needs. */
interface Sink<T> {
  send(payload: T, options: SendOptions): Promise<MessageId>;
  ready(): Promise<void>;
  flush(): Promise<void>;
}

/**
 * A stream into a producer. Takes values while the queue has room, so that what is piped into it goes as fast as the
 * broker does. The first send that fails errors it; its end waits for all that was written.
 */
export function createWritable<T>(sink: Sink<T>, options: WritableOptions<T>): WritableStream<T> {
  const { key, attributes } = options;
  let failure: { reason: unknown } | undefined;
  return new WritableStream<T>({
    async write(value, controller) {
      await sink.ready();
      const sent = sink.send(value, {
        key: typeof key === "function" ? atOnce(key(value)) : key,
        attributes: typeof attributes === "function" ? atOnce(attributes(value)) : attributes,
      });
      // Not awaited, or one message would be under way at a time; a failure ends the stream all the same.
      sent.catch((reason: unknown) => {
        failure ??= { reason };
        controller.error(reason);
      });
      // What is refused at once is this write's own failure.
      await Promise.race([sent, Promise.resolve()]);
    },
    async close() {
      await sink.flush();
      // A failure of the last messages comes when the stream is closing, and can no longer be errored.
      if (failure) {
        throw failure.reason;
      }
    },
  });
}
