import { createServer, connect as dial, type Server, type Socket } from "node:net";
import { startBroker } from "../../src/testing/start.ts";

/** Where to find brokers that a program in another process may ill-treat. */
export interface ControlledBrokers {
  /** What DANUBE_URL, DANUBE_SILENT_URL and DANUBE_CONTROL are to be. */
  readonly env: Record<string, string>;
  close(): Promise<void>;
}

/**
 * A cluster behind relays that see what there is of connections, and a seed that accepts and says nothing. One line to the
 * control port is a command: `connections` gives how many there are at all of these, `kill` and `restart` end the brokers and
 * start them again, `silence` lets nothing through any more, `speak` does again.
 */
export async function controlledBrokers(): Promise<ControlledBrokers> {
  const cluster = await startBroker({ brokers: 2, failoverMs: 100, loadMs: 10 });
  const open = new Set<Socket>();
  let silent = false;

  async function listen(onSocket: (socket: Socket) => void): Promise<{ server: Server; url: string }> {
    const server = createServer(onSocket);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { server, url: `http://127.0.0.1:${(server.address() as { port: number }).port}` };
  }

  function count(socket: Socket): void {
    open.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => open.delete(socket));
  }

  const relays = cluster.urls.map((url) =>
    listen((socket) => {
      count(socket);
      const broker = dial({ host: "127.0.0.1", port: Number(new URL(url).port) });
      const pass = (to: Socket) => (chunk: Buffer) => void (silent || to.write(chunk));
      broker.on("data", pass(socket));
      socket.on("data", pass(broker));
      broker.on("error", () => {});
      broker.once("close", () => socket.destroy());
      socket.once("close", () => broker.destroy());
    }),
  );
  const silentSeed = listen((socket) => {
    count(socket);
    // Read, or its end would not be seen.
    socket.resume();
  });

  const all = [0, 1];
  const commands: Record<string, () => unknown> = {
    connections: () => open.size,
    kill: () => Promise.all(all.map((i) => cluster.kill(i))),
    restart: () => Promise.all(all.map((i) => cluster.restart(i))),
    silence: () => (silent = true),
    speak: () => (silent = false),
  };
  const control = listen((socket) => {
    socket.on("error", () => {});
    socket.on("data", async (line) => {
      const answer = await commands[line.toString().trim()]?.();
      socket.end(`${String(answer)}\n`);
    });
  });

  const servers = await Promise.all([...relays, silentSeed, control]);
  const urls = servers.map(({ url }) => url);
  return {
    env: {
      DANUBE_URL: urls.slice(0, 2).join(","),
      DANUBE_SILENT_URL: urls[2] as string,
      DANUBE_CONTROL: urls[3] as string,
      // What brokers call themselves, as it is told them by others.
      DANUBE_ADVERTISED: cluster.urls.join(","),
    },
    async close() {
      for (const { server } of servers) {
        server.close();
      }
      for (const socket of open) {
        socket.destroy();
      }
      await cluster.close();
    },
  };
}
