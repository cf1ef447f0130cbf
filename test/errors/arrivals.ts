import { type ConnectOptions, DanubeError } from "@danube-messaging/client";
import { type EmbeddedBroker, openReader } from "@danube-messaging/client/testing";

/** What came to a topic since somebody began to look. */
export interface Arrivals {
  /** How often `text` arrived. Waits for the first where it must come. */
  count(text: string, must: boolean): Promise<number>;
  close(): void;
}

export function embeddedArrivals(broker: EmbeddedBroker, topic: string): Arrivals {
  return {
    count: async (text) => broker.messages(topic).filter((message) => message.text === text).length,
    close() {},
  };
}

const firstMs = 3_000;
const laterMs = 300;

/** By reading. A topic that moved ends the reader; the next one of the same subscription goes on. */
export async function readArrivals(options: ConnectOptions, topic: string): Promise<Arrivals> {
  let reader = await openReader(options, topic);
  const texts: string[] = [];

  async function take(timeoutMs: number): Promise<boolean> {
    try {
      texts.push(...(await reader.take(1, timeoutMs)).map(({ text }) => text));
      return true;
    } catch (error) {
      if (!(error instanceof DanubeError)) {
        throw error;
      }
      return false;
    }
  }

  async function drain(text: string, must: boolean): Promise<void> {
    while (await take(must && !texts.includes(text) ? firstMs : laterMs)) {}
  }

  return {
    async count(text, must) {
      await drain(text, must);
      if (must && !texts.includes(text)) {
        reader.close();
        reader = await openReader(options, topic);
        await drain(text, must);
      }
      return texts.filter((one) => one === text).length;
    },
    close: () => reader.close(),
  };
}
