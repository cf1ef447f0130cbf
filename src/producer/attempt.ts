import { ProducerService } from "../../gen/danube/danube_api_pb.ts";
import type { LeasedCall, LeasedRequest } from "../cluster/leased-call.ts";
import type { Lease, Target } from "../cluster/transports.ts";
import type { SendOutcome } from "../errors.ts";
import type { BrokerTransport, Cancelable } from "../transport/seam.ts";
import type { Attached } from "./attachment.ts";
import type { Entry } from "./entry.ts";
import { toStreamMessage } from "./message.ts";

const { sendMessage } = ProducerService.method;
const path = `/${ProducerService.typeName}/${sendMessage.name}`;

/** Told once how an attempt ended. */
export interface AttemptListener {
  acknowledged(attempt: Attempt): void;
  failed(attempt: Attempt, reason: unknown): void;
}

/** One try to send one message. A class, because there is one for every message: its methods are made once. */
export class Attempt implements LeasedRequest<unknown> {
  readonly entry: Entry;
  /** The producer that it is sent to. */
  readonly attached: Attached;
  /** The message's own deadline is the entry's: it says nothing about the broker, and this time-out does. */
  readonly timeoutMs: number;
  /** The message's outcome before this try. */
  readonly before: SendOutcome;
  readonly #listener: AttemptListener;

  constructor(entry: Entry, attached: Attached, timeoutMs: number, listener: AttemptListener) {
    this.entry = entry;
    this.attached = attached;
    this.timeoutMs = timeoutMs;
    this.before = entry.outcome;
    this.#listener = listener;
  }

  get target(): Target {
    return this.attached.owner.target;
  }

  send(transport: BrokerTransport, header: Headers, call: LeasedCall<unknown>): Cancelable {
    const { entry, timeoutMs } = this;
    if (transport.unaryBytes) {
      return transport.unaryBytes({ path, request: entry.message.request, header, timeoutMs }, call);
    }
    const ended = new AbortController();
    transport.unary(sendMessage, ended.signal, timeoutMs, header, toStreamMessage(entry.message)).then(
      (answer) => call.onAnswer(answer),
      (reason) => call.onFailure(reason),
    );
    return { cancel: () => ended.abort() };
  }

  onSending(): void {
    this.entry.outcome = "unknown";
  }

  onAnswer(_answer: unknown, lease: Lease): void {
    this.#listener.acknowledged(this);
    // After it: what is let go of now may be a user's own transport.
    lease.done();
  }

  onFailure(reason: unknown): void {
    this.#listener.failed(this, reason);
  }
}
