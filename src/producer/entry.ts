import { DanubeError, type SendOutcome } from "../errors.ts";
import type { Due } from "../lib/deadlines.ts";
import type { Cancelable } from "../transport/seam.ts";
import { type Message, sizeOf } from "./message.ts";
import type { Waiting } from "./window.ts";

/** What an entry needs of the lane that it goes by. */
export interface EntryLane {
  /** Settles a message that is still under way with an error. */
  drop(entry: Entry, error: DanubeError): void;
  /** The latest failure on the way to the owner, while there is none. */
  trouble(): DanubeError | undefined;
}

/** Told what becomes of the entries that it keeps. */
export interface Keeper {
  /** Called once for each entry. */
  settled(entry: Entry, error: DanubeError | undefined): void;
  /** Its time is over. */
  expired(entry: Entry): void;
}

/** A message between `send` and its settlement. A class, because there is one for every message: its methods are made once. */
export class Entry implements Waiting, Due<Entry> {
  readonly lane: EntryLane;
  readonly keeper: Keeper;
  readonly timeoutMs: number;
  /** Milliseconds since 1970. */
  readonly deadline: number;
  /** Bytes of the encoded message, as counted against the queue. */
  readonly size: number;
  /** As it was encoded last. */
  message: Message;
  /** Until it is settled. */
  open = true;
  /** What would be known about the message if it were given up now. */
  outcome: SendOutcome = "not-sent";
  /** The latest failure. */
  failure: DanubeError | undefined = undefined;
  /** The call under way, where nothing else is done for the message. */
  call: Cancelable | undefined = undefined;
  waitsIn: Waiting["waitsIn"] = undefined;
  older: Entry | undefined = undefined;
  newer: Entry | undefined = undefined;
  /** The user's. */
  readonly #signal: AbortSignal | undefined;
  #ended: AbortController | undefined = undefined;

  constructor(message: Message, timeoutMs: number, signal: AbortSignal | undefined, lane: EntryLane, keeper: Keeper) {
    this.message = message;
    this.size = sizeOf(message);
    this.timeoutMs = timeoutMs;
    this.deadline = message.fields.publishTime + timeoutMs;
    this.lane = lane;
    this.keeper = keeper;
    this.#signal = signal;
    signal?.addEventListener("abort", this, { once: true });
  }

  get key(): string | undefined {
    return this.message.fields.key;
  }

  /** Ends what is being done for the message when it is given up. Few ever need it. */
  get signal(): AbortSignal {
    if (!this.#ended) {
      this.#ended = new AbortController();
      if (!this.open) {
        this.#ended.abort();
      }
    }
    return this.#ended.signal;
  }

  /** The user's signal was aborted. */
  handleEvent(): void {
    const cause = this.#signal?.reason;
    this.drop(new DanubeError("CANCELED", "the message was given up", { cause, outcome: this.outcome }));
  }

  drop(error: DanubeError): void {
    this.lane.drop(this, error);
  }

  /** The lane's last word. */
  settle(error: DanubeError | undefined): void {
    this.open = false;
    this.#signal?.removeEventListener("abort", this);
    this.keeper.settled(this, error);
    if (error) {
      this.#ended?.abort();
    }
  }
}
