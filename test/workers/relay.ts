import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a server that counts the connections on it. */
export interface Relay {
  url: string;
  /** Connections since it began. */
  opened(): number;
  /** Those that are open now. */
  open(): number;
  close(): void;
}

export async function relay(to: string): Promise<Relay> {
  const { hostname, port } = new URL(to);
  const sockets = new Set<Socket>();
  let opened = 0;
  const server = createServer((socket) => {
    opened++;
    sockets.add(socket);
    const other = connect(Number(port), hostname);
    for (const [one, another] of [
      [socket, other],
      [other, socket],
    ] as const) {
      one.on("error", () => {});
      one.on("close", () => another.destroy());
      one.pipe(another);
    }
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    opened: () => opened,
    open: () => sockets.size,
    close() {
      server.close();
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
}
