import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** The way to one broker, which can be made a bad one. Whoever is behind it: the embedded broker or a real one. */
export interface Relay {
  /** For clients. */
  readonly url: string;
  /** Nothing passes either way and nothing is closed, as with a process that was stopped (SIGSTOP) or a cable that was pulled. */
  freeze(on: boolean): void;
  /** Connections are refused, and there are none. */
  refuse(on: boolean): Promise<void>;
  /** Ends all connections, now. */
  cut(): void;
  /** Ends the next connection that carries so many more bytes that way, in the middle of them. */
  cutWithin(way: Way, bytes: number): void;
  /** So many bytes a second at most, each way, on each connection; `undefined`: as fast as it goes. */
  slow(bytesPerSecond: number | undefined): void;
  /** Connections that are open. */
  connections(): number;
  close(): Promise<void>;
}

/** `"request"`: from the client to the broker. */
export type Way = "request" | "response";

interface State {
  frozen: boolean;
  bytesPerSecond: number | undefined;
  /** Bytes that still pass that way, until the connection ends. */
  readonly left: Map<Way, number>;
}

export async function startRelay(broker: string): Promise<Relay> {
  const { hostname, port: brokerPort } = new URL(broker);
  const state: State = { frozen: false, bytesPerSecond: undefined, left: new Map() };
  const pipes = new Set<Pipe>();
  let server = await listen(0);
  const { port } = server.address() as AddressInfo;

  function listen(on: number): Promise<Server> {
    const listening = createServer((client) => {
      const upstream = connect(Number(brokerPort), hostname);
      const both = [new Pipe("request", client, upstream, state), new Pipe("response", upstream, client, state)];
      for (const pipe of both) {
        pipes.add(pipe);
        pipe.onEnd = () => {
          for (const one of both) {
            pipes.delete(one);
            one.end();
          }
        };
      }
    });
    return new Promise((resolve, reject) => {
      listening.once("error", reject);
      listening.listen(on, "127.0.0.1", () => resolve(listening));
    });
  }

  function cut(): void {
    for (const pipe of [...pipes]) {
      pipe.onEnd();
    }
  }

  function stop(): Promise<void> {
    const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
    cut();
    return stopped;
  }

  return {
    url: `http://127.0.0.1:${port}`,
    freeze(on) {
      state.frozen = on;
      for (const pipe of pipes) {
        pipe.go();
      }
    },
    async refuse(on) {
      if (on) {
        await stop();
      } else {
        server = await listen(port);
      }
    },
    cut,
    cutWithin: (way, bytes) => void state.left.set(way, bytes),
    slow(bytesPerSecond) {
      state.bytesPerSecond = bytesPerSecond;
    },
    connections: () => pipes.size / 2,
    close: stop,
  };
}

/** What goes one way. Chunks are passed on by hand, because what is piped cannot be held up in the middle. */
class Pipe {
  onEnd = (): void => {};
  readonly #way: Way;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #state: State;
  readonly #waiting: Buffer[] = [];
  #busy: ReturnType<typeof setTimeout> | undefined = undefined;
  /** The side that it comes from is gone, which is told when all has passed that came from it. */
  #over = false;
  #ended = false;

  constructor(way: Way, from: Socket, to: Socket, state: State) {
    this.#way = way;
    this.#from = from;
    this.#to = to;
    this.#state = state;
    from.setNoDelay(true);
    from.on("error", () => {});
    // Half-closed connections are none of HTTP/2's.
    for (const event of ["end", "close"]) {
      from.on(event, () => {
        this.#over = true;
        this.go();
      });
    }
    to.on("drain", () => this.go());
    from.on("data", (chunk: Buffer) => {
      this.#waiting.push(chunk);
      this.go();
    });
  }

  go(): void {
    while (!this.#ended && !this.#state.frozen && !this.#busy && !this.#to.writableNeedDrain) {
      const chunk = this.#waiting.shift();
      if (!chunk) {
        break;
      }
      this.#pass(chunk);
    }
    if (this.#over && !this.#state.frozen && this.#waiting.length === 0) {
      this.onEnd();
    } else if (!this.#ended) {
      // What is not passed on is not read either: the other side feels it.
      const held = this.#waiting.length > 0 || this.#state.frozen;
      held ? this.#from.pause() : this.#from.resume();
    }
  }

  #pass(chunk: Buffer): void {
    const { left, bytesPerSecond } = this.#state;
    const allowed = left.get(this.#way);
    if (allowed !== undefined && chunk.length > allowed) {
      left.delete(this.#way);
      this.#to.write(chunk.subarray(0, allowed), () => this.onEnd());
      this.#waiting.length = 0;
      this.#busy = setTimeout(() => this.onEnd(), 1_000);
      return;
    }
    if (allowed !== undefined) {
      left.set(this.#way, allowed - chunk.length);
    }
    this.#to.write(chunk);
    if (bytesPerSecond !== undefined) {
      this.#busy = setTimeout(
        () => {
          this.#busy = undefined;
          this.go();
        },
        (chunk.length / bytesPerSecond) * 1_000,
      );
    }
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#busy);
    this.#from.destroy();
  }
}
