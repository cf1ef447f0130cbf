import { type ConnectOptions, connect, type Danube } from "@danube-messaging/client";
import { openReader, type Reader } from "@danube-messaging/client/testing";

/** The brokers that the suite runs against. */
export interface World {
  /** The seeds. */
  urls: string[];
  /** Whether it is ours or Danube's own. */
  broker: "embedded" | "real";
}

/** What a case gets: the brokers, names of its own, and things that are closed when it ends. */
export interface CaseContext extends World {
  connect(options?: Partial<ConnectOptions>): Danube;
  /** A topic that nobody else uses; names of one case begin alike only where it asks for it. */
  topic(label?: string): string;
  /** Reads `topic` from now on. The topic must exist. */
  read(topic: string): Promise<Reader>;
}

/** One thing that a user relies on. Throws when it does not hold. */
export interface Case {
  name: string;
  run(context: CaseContext): Promise<void>;
}

/** Runs a case, with everything it opened closed afterwards. */
export async function runCase({ run }: Case, world: World): Promise<void> {
  const id = Array.from(crypto.getRandomValues(new Uint8Array(5)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
  const clients: Danube[] = [];
  const readers: Reader[] = [];
  try {
    await run({
      ...world,
      connect(options = {}) {
        const danube = connect({ brokers: world.urls, onEvent: () => {}, ...options });
        clients.push(danube);
        return danube;
      },
      topic: (label = "contract") => `/default/${id}-${label}`,
      async read(topic) {
        const reader = await openReader({ brokers: world.urls, onEvent: () => {} }, topic);
        readers.push(reader);
        return reader;
      },
    });
  } finally {
    for (const reader of readers) {
      reader.close();
    }
    await Promise.all(clients.map((danube) => danube.close({ timeoutMs: 1_000 })));
  }
}
