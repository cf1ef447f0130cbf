// A Worker that dials what a request names, does as it says, and answers with what it was told.
import type { ByteStream } from "../../src/transport/byte-stream.ts";
import { dialWorkerd } from "../../src/transport/dial-workerd.ts";
import { CallFailure } from "../../src/transport/seam.ts";

/** What to do when a word is told: bytes to write by their number, `end` or `destroy`. */
export type Deed = number | "end" | "destroy";

export interface Dialling {
  url: string;
  /** Done at once. */
  first?: Deed[];
  /** Done when the first word of that kind is told. */
  on?: Partial<Record<"open" | "drain" | "bytes" | "close", Deed[]>>;
  /** When it is looked at, if it has not ended before. Default 2,000. */
  withinMs?: number;
  /** How long the request goes on after the end: whatever is told then is told too late. Default 50. */
  lingerMs?: number;
}

export interface Told {
  /** What the dialler told. */
  words: string[];
  /** What `write` gave. */
  writes: boolean[];
  /** The failure's text. */
  failure?: string | undefined;
}

const problems: string[] = [];
addEventListener("unhandledrejection", (event) => problems.push(String(event.reason?.stack ?? event.reason)));
addEventListener("error", (event) => problems.push(event.message));

function dial({ url, first = [], on = {}, withinMs = 2_000, lingerMs = 50 }: Dialling): Promise<Told> {
  return new Promise((resolve) => {
    const told: Told = { words: [], writes: [] };
    const done = new Set<string>();
    const act = (deeds: Deed[]) => {
      const words = told.words.length;
      for (const deed of deeds) {
        if (deed === "end" || deed === "destroy") {
          stream[deed]();
        } else {
          told.writes.push(stream.write(new Uint8Array(deed)));
        }
      }
      if (told.words.length > words) {
        told.words.push("told while it was spoken to");
      }
    };
    const tell = (word: string, kind: keyof NonNullable<Dialling["on"]>) => {
      told.words.push(word);
      if (!done.has(kind)) {
        done.add(kind);
        act(on[kind] ?? []);
      }
    };
    const stream: ByteStream = dialWorkerd(url, undefined, {
      onOpen: () => tell("open", "open"),
      onBytes: (bytes) => tell(`bytes ${new TextDecoder().decode(bytes)}`, "bytes"),
      onDrain: () => tell("drain", "drain"),
      onClose(failure) {
        told.failure = failure?.message;
        tell(`close ${failure instanceof CallFailure ? failure.kind : failure}`, "close");
        setTimeout(() => resolve(told), lingerMs);
      },
    });
    if (told.words.length > 0) {
      told.words.push("told before the dialler returned");
    }
    act(first);
    setTimeout(() => resolve(told), withinMs);
  });
}

// Outside of a request, Workers have no sockets.
let atStart: Told | undefined;
const stream = dialWorkerd("http://127.0.0.1:1", undefined, {
  onOpen() {},
  onBytes() {},
  onDrain() {},
  onClose(failure) {
    atStart = { words: [`close ${failure?.kind}`], writes: [], failure: failure?.message };
  },
});
stream.write(new Uint8Array(1));
stream.end();
stream.destroy();

export default {
  async fetch(request: Request): Promise<Response> {
    if (request.method === "GET") {
      return Response.json(problems);
    }
    const dialling = (await request.json()) as Dialling;
    return Response.json(dialling.url === "at start" ? atStart : await dial(dialling));
  },
};
