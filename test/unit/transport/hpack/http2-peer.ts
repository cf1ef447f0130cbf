import { once } from "node:events";
import type { Socket } from "node:net";

/** As much of HTTP/2 as exchanges header blocks with node:http2 (nghttp2), on a plain socket. No frame of it is long. */
export interface Http2Peer {
  send(type: number, flags: number, streamId: number, payload: Uint8Array | readonly number[]): void;
  /** The next HEADERS. */
  headers(): Promise<{ streamId: number; block: Uint8Array }>;
  /** Called with the value of SETTINGS_HEADER_TABLE_SIZE in a SETTINGS frame, before it is acknowledged. */
  onTableSize: (size: number) => void;
  /** Sends SETTINGS_HEADER_TABLE_SIZE. */
  tableSize(size: number): void;
}

export const frame = { headers: 1, settings: 4, ping: 6 } as const;
/** END_HEADERS and END_STREAM. */
export const whole = 0x5;
export const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

export function createHttp2Peer(socket: Socket, { skip = 0 }: { skip?: number } = {}): Http2Peer {
  socket.setNoDelay();
  const arrived: { streamId: number; block: Uint8Array }[] = [];
  let unread = Buffer.alloc(0);
  let toSkip = skip;
  let failure: Error | undefined;

  const peer: Http2Peer = {
    send(type, flags, streamId, payload) {
      const head = Buffer.alloc(9);
      head.writeUIntBE(payload.length, 0, 3);
      head.writeUInt8(type, 3);
      head.writeUInt8(flags, 4);
      head.writeUInt32BE(streamId, 5);
      socket.write(Buffer.concat([head, Uint8Array.from(payload)]));
    },
    async headers() {
      while (arrived.length === 0) {
        if (failure) {
          throw failure;
        }
        await once(socket, "frames");
      }
      return arrived.shift() as { streamId: number; block: Uint8Array };
    },
    onTableSize: () => {},
    tableSize(size) {
      const setting = Buffer.alloc(6);
      setting.writeUInt16BE(1, 0);
      setting.writeUInt32BE(size, 2);
      peer.send(frame.settings, 0, 0, setting);
    },
  };

  function onFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (type === frame.headers) {
      // PADDED and PRIORITY.
      const padding = flags & 0x8 ? (payload[0] as number) : 0;
      const from = (flags & 0x8 ? 1 : 0) + (flags & 0x20 ? 5 : 0);
      if (!(flags & 0x4)) {
        throw new Error("the block goes on in a CONTINUATION");
      }
      arrived.push({ streamId, block: payload.subarray(from, payload.length - padding) });
    } else if (type === frame.settings && !(flags & 1)) {
      for (let at = 0; at < payload.length; at += 6) {
        if (payload.readUInt16BE(at) === 1) {
          peer.onTableSize(payload.readUInt32BE(at + 2));
        }
      }
      peer.send(frame.settings, 1, 0, []);
    } else if (type === frame.ping && !(flags & 1)) {
      peer.send(frame.ping, 1, 0, payload);
    } else if (type === 3 || type === 7) {
      throw new Error(`${type === 3 ? "RST_STREAM" : "GOAWAY"} with ${payload.toString("hex")}`);
    }
  }

  socket.on("data", (data: Buffer) => {
    unread = Buffer.concat([unread, data]);
    const skipped = Math.min(toSkip, unread.length);
    toSkip -= skipped;
    unread = unread.subarray(skipped);
    try {
      while (toSkip === 0 && unread.length >= 9 && unread.length >= 9 + unread.readUIntBE(0, 3)) {
        const end = 9 + unread.readUIntBE(0, 3);
        onFrame(unread[3] as number, unread[4] as number, unread.readUInt32BE(5), unread.subarray(9, end));
        unread = unread.subarray(end);
      }
    } catch (error) {
      failure = error as Error;
    }
    socket.emit("frames");
  });
  return peer;
}
